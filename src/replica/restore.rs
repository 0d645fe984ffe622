//! From the replica to a database, and from a database to a file.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::copy::{self, Target};
use super::folder::Folder;
use super::lock::Lock;
use super::settings::Settings;
use super::verify::newest_write;
use crate::types::time::Micros;
use lorem_store::pragmas::BUSY_TIMEOUT;

/// Pages that a backup copies before it lets go of the database, and of the writers who wait for it.
const PAGES: i32 = 1000;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where to.
    pub path: PathBuf,
    /// When something was last written to it.
    pub newest: Option<Micros>,
}

/// What a restore is to do.
#[derive(Debug, Clone)]
pub struct Wish<'w> {
    /// The database whose replica it is.
    pub database: &'w Path,
    /// Where to; `None`: to the database itself.
    pub to: Option<&'w Path>,
    /// As it was then; `None`: as it is.
    pub at: Option<Timestamp>,
    /// Over a file that is there.
    pub force: bool,
}

/// Restores a replica; `None`: there is nothing in it. What is there meanwhile is the old file or none.
///
/// # Errors
/// A sentence: something is in the way, the replica cannot be reached, or what came from it is damaged.
pub fn restore(settings: &Settings, wish: &Wish) -> Result<Option<Restored>, String> {
    let to = wish.to.unwrap_or(wish.database);
    make_folder_for(to)?;
    let target = Target::at(to, wish.force)?;
    let folder = Folder::beside(to).map_err(|error| format!("{}: {error}", to.display()))?;
    // Litestream may wait for a database that is not there yet. Elsewhere it was never started.
    let is_known = wish.to.is_none() || folder.path().exists();
    let _lock = is_known.then(|| Lock::take(&folder)).transpose()?;
    into(settings, wish.database, &target, to, wish.at)
}

/// The same without looking who else replicates: the caller holds the lock.
pub(super) fn into(
    settings: &Settings,
    database: &Path,
    target: &Target,
    to: &Path,
    at: Option<Timestamp>,
) -> Result<Option<Restored>, String> {
    let work = target.workshop()?;
    let restored = settings.litestream.restore(settings, &absolute(database)?, work.path(), at, &|| false);
    let restored = restored.map_err(|error| match at {
        Some(at) => format!("there is no backup as of {at}: {error}"),
        None => error,
    })?;
    let Some(restored) = restored else { return Ok(None) };
    let connection = copy::check(&restored)?;
    let newest = newest_write(&connection)?;
    // Closed before it is moved: what SQLite keeps beside it does not move with it.
    connection.close().map_err(|(_, error)| error.to_string())?;
    target.take(&restored)?;
    Ok(Some(Restored { path: to.to_owned(), newest }))
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A database that is missing may lack its folder, too.
pub(super) fn make_folder_for(file: &Path) -> Result<(), String> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display())),
        _ => Ok(()),
    }
}

/// Copies a database, which may be running, to a new file, checked and on disk when this returns. It is as of
/// one moment: while others write, SQLite copies what they changed anew.
///
/// # Errors
/// A sentence: the file exists, there is no database, or the copy is damaged.
pub fn backup(database: &Path, to: &Path) -> Result<Restored, String> {
    let target = Target::at(to, false)?;
    let work = target.workshop()?;
    let copied = work.path().join("copy.sqlite3");
    let cannot = |error: rusqlite::Error| format!("cannot copy {}: {error}", database.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(database, flags).map_err(cannot)?;
    source.busy_timeout(BUSY_TIMEOUT).map_err(cannot)?;
    // Inside a transaction it sees one moment however long it takes, and never has to begin anew.
    source.execute_batch("BEGIN; PRAGMA schema_version").map_err(cannot)?;
    let mut destination = Connection::open(&copied).map_err(cannot)?;
    let backup = Backup::new(&source, &mut destination).map_err(cannot)?;
    loop {
        match backup.step(PAGES).map_err(cannot)? {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(format!("cannot copy {}: it is locked", database.display())),
        }
    }
    drop(backup);
    destination.close().map_err(|(_, error)| cannot(error))?;
    let connection = copy::check(&copied)?;
    let newest = newest_write(&connection)?;
    connection.close().map_err(|(_, error)| cannot(error))?;
    target.take(&copied)?;
    Ok(Restored { path: to.to_owned(), newest })
}
