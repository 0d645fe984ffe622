//! Makes a database from its replica, and a file from a running database.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use lorem_store::pragmas::BUSY_TIMEOUT;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::copy::{self, Target};
use super::folder::Folder;
use super::litestream;
use super::lock::Lock;
use super::settings::Settings;
use crate::types::time::Timestamp;

/// The pages that a backup copies before it releases its lock, for which writers wait.
const BACKUP_STEP_PAGES: i32 = 1000;

/// A restored or copied database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The path of the file.
    pub path: PathBuf,
    /// The time of the newest write to it.
    pub newest: Option<Timestamp>,
}

/// The options of a restore.
#[derive(Debug, Clone)]
pub struct RestoreRequest<'r> {
    /// The database that was replicated.
    pub database: &'r Path,
    /// The file to create; `None`: the database itself.
    pub to: Option<&'r Path>,
    /// The moment to go back to; `None`: the newest.
    pub at: Option<jiff::Timestamp>,
    /// Replace an existing file.
    pub force: bool,
}

/// Restores a replica; `None`: it is empty. The file is replaced in one step.
///
/// # Errors
/// The file may not be replaced or is in use, the database is being replicated, the replica cannot be
/// reached, or the restored copy is damaged.
pub fn restore(settings: &Settings, request: &RestoreRequest) -> Result<Option<Restored>> {
    let to = request.to.unwrap_or(request.database);
    create_parent(to)?;
    let target = Target::new(to, request.force)?;
    let folder = Folder::beside(to).with_context(|| to.display().to_string())?;
    // Litestream may be waiting for a database that is still missing. Beside another file it was never
    // started.
    let is_replicated = request.to.is_none() || folder.path().exists();
    let _lock = is_replicated.then(|| Lock::acquire(&folder)).transpose()?;
    restore_locked(settings, request.database, &target, to, request.at)
}

/// Restores the replica of `database` to `target`. The caller holds the lock. `to`: the target's path as the
/// operator wrote it.
///
/// # Errors
/// The replica cannot be reached, or the restored copy is damaged or cannot be installed.
pub(crate) fn restore_locked(
    settings: &Settings,
    database: &Path,
    target: &Target,
    to: &Path,
    at: Option<jiff::Timestamp>,
) -> Result<Option<Restored>> {
    let work = target.work_folder()?;
    let database = std::path::absolute(database).with_context(|| database.display().to_string())?;
    let restored = litestream::restore(settings, &database, work.path(), at, &|| false);
    let restored = match at {
        Some(at) => restored.with_context(|| format!("there is no backup as of {at}"))?,
        None => restored?,
    };
    let Some(restored) = restored else { return Ok(None) };
    let connection = copy::check(&restored)?;
    let newest = copy::newest_write(&connection)?;
    // SQLite's files beside it do not move with it, so it is closed first.
    connection.close().map_err(|(_, error)| error)?;
    target.install(&restored)?;
    Ok(Some(Restored { path: to.to_owned(), newest }))
}

/// Creates the folder of a file that is still missing.
///
/// # Errors
/// The operating system's error.
pub(crate) fn create_parent(file: &Path) -> Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display())),
        _ => Ok(()),
    }
}

/// Copies a database, which may be in use, to a new file, and returns once the file is checked and on disk.
/// The copy is of one moment.
///
/// # Errors
/// The file exists, there is no database, or the copy is damaged.
pub fn backup(database: &Path, to: &Path) -> Result<Restored> {
    let target = Target::new(to, false)?;
    let work = target.work_folder()?;
    let copied = work.path().join("copy.sqlite3");
    let cannot = || format!("cannot copy {}", database.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(database, flags).with_context(cannot)?;
    source.busy_timeout(BUSY_TIMEOUT).with_context(cannot)?;
    // In a transaction the copy sees one moment, however long it takes, and never has to start over.
    source.execute_batch("BEGIN; PRAGMA schema_version").with_context(cannot)?;
    // SQLite would not give the group the right to write.
    File::create_new(&copied).with_context(cannot)?;
    let mut destination = Connection::open(&copied).with_context(cannot)?;
    let backup = Backup::new(&source, &mut destination).with_context(cannot)?;
    loop {
        match backup.step(BACKUP_STEP_PAGES).with_context(cannot)? {
            StepResult::Done => break,
            StepResult::More => {}
            _ => bail!("cannot copy {}: it is locked", database.display()),
        }
    }
    drop(backup);
    destination.close().map_err(|(_, error)| error).with_context(cannot)?;
    let connection = copy::check(&copied)?;
    let newest = copy::newest_write(&connection)?;
    connection.close().map_err(|(_, error)| error).with_context(cannot)?;
    target.install(&copied)?;
    Ok(Restored { path: to.to_owned(), newest })
}
