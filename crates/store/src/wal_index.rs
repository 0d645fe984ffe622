//! The header of the WAL-index, which changes with each commit, also with those of other processes.
//!
//! SQLite keeps the WAL-index in the file `DATABASE-shm`, which the connections of all processes share
//! (<https://sqlite.org/walformat.html#the_wal_index_header>). Reading the header takes one system call, and a sixth of
//! the time of `PRAGMA data_version`, which locks and unlocks the database.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The path of a file that SQLite keeps for a database: beside the file to which a symbolic link at the database's path
/// leads.
pub(crate) fn companion(database: &Path, ending: &str) -> PathBuf {
    let mut path = OsString::from(fs::canonicalize(database).unwrap_or_else(|_| database.to_owned()));
    path.push(ending);
    path.into()
}

/// The first copy of the header. Its numbers are in the machine's byte order.
pub(crate) type Header = [u8; 48];

/// The number of commits.
const NUMBER: std::ops::Range<usize> = 8..12;
/// The size of the database in pages, and the checksum of the last frame of the WAL.
const CONTENT: std::ops::Range<usize> = 20..32;

/// The WAL-index of an open database.
///
/// It must not be dropped while a connection of this process is open: to close the file would give up SQLite's locks on
/// it (fcntl(2) on locks that a process loses).
pub(crate) struct WalIndex {
    /// `None` where it cannot be read.
    file: Option<File>,
    /// The header at the last [`WalIndex::know`].
    known: Mutex<Header>,
}

/// What has been committed between two looks at the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    Nothing,
    One,
    /// More than one transaction, or an unknown number.
    More,
}

impl WalIndex {
    /// Opens the WAL-index of a database that has an open connection.
    pub(crate) fn open(database: &Path) -> WalIndex {
        let path = companion(database, "-shm");
        let file = File::open(&path)
            .inspect_err(|error| log::warn!("{} cannot be read: {error}", path.display()))
            .ok();
        let index = WalIndex { file, known: Mutex::new([0; 48]) };
        if let Ok(header) = index.read() {
            index.know(header);
        }
        index
    }

    /// Whether no process has committed anything since [`WalIndex::know`]. False where that is not known.
    pub(crate) fn is_as_known(&self) -> bool {
        self.read().is_ok_and(|header| header == *self.known())
    }

    /// The present header, and what has been committed since [`WalIndex::know`]. `None`: it cannot be read.
    pub(crate) fn look(&self) -> Option<(Header, Committed)> {
        let header = self.read().ok()?;
        let before = *self.known();
        let number = |header: &Header| header[NUMBER].try_into().map_or(0, u32::from_ne_bytes);
        // Where the WAL begins at its start again, neither the number nor the content changes.
        let committed =
            if header == before || number(&header) == number(&before) && header[CONTENT] == before[CONTENT] {
                Committed::Nothing
            } else if number(&header) == number(&before).wrapping_add(1) {
                Committed::One
            } else {
                Committed::More
            };
        Some((header, committed))
    }

    /// From now on this header is the one that is known. Only the writer's thread calls it, after it has told of the
    /// commits up to it.
    pub(crate) fn know(&self, header: Header) {
        *self.known() = header;
    }

    fn read(&self) -> io::Result<Header> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut header = [0; 48];
        file.read_exact_at(&mut header, 0)?;
        Ok(header)
    }

    fn known(&self) -> MutexGuard<'_, Header> {
        // No code panics while it holds the lock.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
