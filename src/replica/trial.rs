//! A copy of the replica for a person to try: restored beside the running database, checked, and described.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};
use rustix::fs::{FlockOperation, fcntl_lock};

use super::copy::{self, Target};
use super::settings::Settings;
use super::{RowCounts, litestream, sql};
use crate::types::time::Timestamp;

/// A copy that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Its file.
    pub path: PathBuf,
    /// The time of the newest write to it; `None`: nothing was ever written.
    pub newest: Option<Timestamp>,
    /// Its size in bytes.
    pub bytes: u64,
    /// The rows in it.
    pub rows: RowCounts,
}

/// Restores the replica of `database` to `to`, and checks every page and every reference of the copy.
///
/// # Errors
/// The replica is empty or cannot be reached, the copy is damaged or cannot be installed, or `is_stopped`.
pub fn make(settings: &Settings, database: &Path, to: &Path, is_stopped: &dyn Fn() -> bool) -> Result<Trial> {
    let target = Target::new(to, false)?;
    let work = target.work_folder()?;
    let restored = litestream::restore(settings, database, work.path(), None, is_stopped)?;
    let restored = restored.with_context(|| format!("{} is empty", settings.location))?;
    // SQLite's files beside it do not move with it, so it is closed first.
    copy::check(&restored)?.close().map_err(|(_, error)| error)?;
    target.install(&restored)?;
    describe(to)
}

/// Describes a copy that was made before.
///
/// # Errors
/// It cannot be read.
pub fn describe(path: &Path) -> Result<Trial> {
    let unreadable = || format!("{} cannot be read", path.display());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).with_context(unreadable)?;
    let newest = sql::newest_ids(&connection).with_context(unreadable)?;
    Ok(Trial {
        path: path.to_owned(),
        newest: copy::newest_write(&connection)?,
        bytes: fs::metadata(path).with_context(unreadable)?.len(),
        rows: sql::count_rows(&connection, newest).with_context(unreadable)?,
    })
}

/// Whether a process has the copy open: SQLite holds a lock on every database that it has open in WAL mode.
///
/// # Errors
/// The operating system's.
pub fn is_in_use(path: &Path) -> io::Result<bool> {
    let file = File::options().read(true).write(true).open(path)?;
    Ok(fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_err())
}
