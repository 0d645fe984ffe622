//! What can go wrong, sorted by what the caller can do about it.

use std::path::PathBuf;
use std::{fmt, io};

use rusqlite::ErrorCode;

/// Why a read or a write did not happen.
#[derive(Debug)]
pub enum Error {
    /// Too much is waiting already: try again in a moment.
    Overloaded,
    /// Another process holds the write lock: try again in a moment.
    Busy,
    /// The disk is full, or the database has become read-only or unwritable. Reads go on.
    Unwritable(rusqlite::Error),
    /// The database's file is not where it was opened any more. Reads go on.
    FileReplaced,
    /// The work panicked.
    Panicked,
    /// The transaction that the work was part of is gone, and the work with it.
    TransactionLost,
    /// The database is being closed.
    Closed,
    /// Anything else that SQLite says.
    Sqlite(rusqlite::Error),
}

impl Error {
    /// The same request may succeed later, without anything being changed in it.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Error::Overloaded
                | Error::Busy
                | Error::Unwritable(_)
                | Error::FileReplaced
                | Error::TransactionLost
                | Error::Closed
        )
    }

    /// Nothing can be written until somebody, or something, has come to help. Reads go on.
    #[must_use]
    pub fn is_storage_failure(&self) -> bool {
        matches!(self, Error::Unwritable(_) | Error::FileReplaced)
    }

    /// The disk has not taken what it was to flush.
    pub(crate) fn is_flush_failure(&self) -> bool {
        matches!(self, Error::Unwritable(error) if is_flush_failure(error))
    }

    /// The same error for someone else: one failed commit is told to many callers.
    pub(crate) fn duplicate(&self) -> Error {
        match self {
            Error::Overloaded => Error::Overloaded,
            Error::Busy => Error::Busy,
            Error::FileReplaced => Error::FileReplaced,
            Error::Panicked => Error::Panicked,
            Error::TransactionLost => Error::TransactionLost,
            Error::Closed => Error::Closed,
            Error::Unwritable(error) => Error::Unwritable(duplicate_sqlite_error(error)),
            Error::Sqlite(error) => Error::Sqlite(duplicate_sqlite_error(error)),
        }
    }
}

/// SQLite's code and message; the rest of rusqlite's errors are no failure of a commit.
fn duplicate_sqlite_error(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => {
            rusqlite::Error::SqliteFailure(*code, message.clone())
        }
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
            Some(ErrorCode::DiskFull | ErrorCode::ReadOnly) => Error::Unwritable(error),
            Some(ErrorCode::SystemIoFailure) if is_write_failure(&error) => Error::Unwritable(error),
            _ => Error::Sqlite(error),
        }
    }
}

/// The disk has not taken what it was to flush.
pub(crate) fn is_flush_failure(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_FSYNC)
}

/// An I/O error while writing, not while reading: what is on the disk can still be served.
fn is_write_failure(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    let code = error.sqlite_error().map(|error| error.extended_code);
    [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_DIR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
        ffi::SQLITE_IOERR_SHMSIZE,
    ]
    .iter()
    .any(|known| code == Some(*known))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Overloaded => f.write_str("too many requests wait for the database"),
            Error::Busy => f.write_str("another process is writing to the database"),
            Error::Unwritable(error) => write!(f, "the database cannot be written: {error}"),
            Error::FileReplaced => f.write_str("the database's file was moved, deleted or replaced"),
            Error::Panicked => f.write_str("a write panicked"),
            Error::TransactionLost => f.write_str("the transaction was rolled back"),
            Error::Closed => f.write_str("the database is closed"),
            Error::Sqlite(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// Why a database was not opened. Each is one sentence for the person who started the program.
#[derive(Debug)]
#[allow(missing_docs)] // The sentences below say it.
pub enum OpenError {
    UnsafeSqlite(&'static str),
    Folder(PathBuf, io::Error),
    File(PathBuf, io::Error),
    ReadOnly(PathBuf),
    NotADatabase(PathBuf),
    OtherProgram(PathBuf),
    NewerSchema { found: usize, known: usize },
    Migration { number: usize, error: rusqlite::Error },
    Sqlite(rusqlite::Error),
    ReaderPool(String),
    Thread(io::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        OpenError::Sqlite(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            OpenError::UnsafeSqlite(version) => {
                write!(f, "SQLite {version} can corrupt a database in WAL mode; 3.51.3 or later is needed")
            }
            OpenError::Folder(path, error) => {
                write!(f, "the folder {} cannot be made: {error}", path.display())
            }
            OpenError::File(path, error) => write!(f, "{} cannot be opened: {error}", path.display()),
            OpenError::ReadOnly(path) => {
                write!(
                    f,
                    "{} cannot be written: the file, its folder or its disk is read-only",
                    path.display()
                )
            }
            OpenError::NotADatabase(path) => {
                write!(f, "{} is not an SQLite database; it was left as it is", path.display())
            }
            OpenError::OtherProgram(path) => {
                write!(f, "{} is another program's database; it was left as it is", path.display())
            }
            OpenError::NewerSchema { found, known } => write!(
                f,
                "the database is from a newer version of this program (schema {found}, this one knows {known}); it was left as it is"
            ),
            OpenError::Migration { number, error } => {
                write!(f, "migration {number} failed and was undone: {error}")
            }
            OpenError::Sqlite(error) => write!(f, "the database cannot be opened: {error}"),
            OpenError::ReaderPool(error) => write!(f, "the database cannot be read: {error}"),
            OpenError::Thread(error) => write!(f, "the writer's thread cannot be started: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}
