//! Errors, sorted by what the caller can do about them.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error as ThisError;

/// The failure of a read or a write.
///
/// The text of each error contains the text of its source.
#[derive(Debug, ThisError)]
pub enum Error {
    /// Too many callers wait already. A later attempt may succeed.
    #[error("too many requests wait for the database")]
    Overloaded,
    /// Another process held the write lock for too long. A later attempt may succeed.
    #[error("another process is writing to the database")]
    Busy,
    /// The disk is full or fails, or the file has become read-only. Reads go on.
    #[error("the database cannot be written: {0}")]
    Unwritable(#[source] rusqlite::Error),
    /// The database's file is no longer where it was opened. Reads go on, from the file that is open.
    #[error("the database's file was moved, deleted or replaced")]
    FileReplaced,
    /// The closure panicked; its changes were rolled back.
    #[error("a write panicked")]
    Panicked,
    /// The closure ended the transaction that it ran in; its changes were rolled back.
    #[error("the transaction was rolled back")]
    TransactionLost,
    /// The database is being closed.
    #[error("the database is closed")]
    Closed,
    /// Any other error of SQLite or of the closure, such as a violated constraint.
    #[error(transparent)]
    Sqlite(rusqlite::Error),
}

impl Error {
    /// Whether the unchanged request may succeed later.
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

    /// Whether every write fails until the storage is repaired. Reads go on.
    #[must_use]
    pub fn is_storage_failure(&self) -> bool {
        matches!(self, Error::Unwritable(_) | Error::FileReplaced)
    }

    /// Whether the disk failed to flush.
    pub(crate) fn is_flush_failure(&self) -> bool {
        matches!(self, Error::Unwritable(error) if is_flush_failure(error))
    }

    /// A copy, for each of the callers whose writes shared a failed commit.
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

/// SQLite's code and message. A commit cannot fail with rusqlite's other errors; of them only the text is
/// kept.
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

/// Whether the disk failed to flush.
pub(crate) fn is_flush_failure(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_FSYNC)
}

/// Whether an I/O error arose while writing: the data on the disk can still be read.
/// The codes: <https://sqlite.org/rescode.html#ioerr>.
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

/// The failure to open a database. The text is one sentence for the person who started the program, and
/// contains the text of its source.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// The linked SQLite, of this version, is too old to be safe.
    #[error("SQLite {0} can corrupt a database in WAL mode; 3.51.3 or later is needed")]
    UnsafeSqlite(&'static str),
    /// The folder of the database does not exist and cannot be created.
    #[error("the folder {} cannot be made: {error}", .0.display(), error = .1)]
    Folder(PathBuf, #[source] io::Error),
    /// The file cannot be read.
    #[error("{} cannot be opened: {error}", .0.display(), error = .1)]
    File(PathBuf, #[source] io::Error),
    /// The file can be read and not written.
    #[error("{} cannot be written: the file, its folder or its disk is read-only", .0.display())]
    ReadOnly(PathBuf),
    /// The file has no header of SQLite.
    #[error("{} is not an SQLite database; it was left as it is", .0.display())]
    NotADatabase(PathBuf),
    /// The file has another application id, or none and tables that the schema does not know.
    #[error("{} is another program's database; it was left as it is", .0.display())]
    OtherProgram(PathBuf),
    /// The database has had more migrations than the schema lists.
    #[error(
        "the database is from a newer version of this program (schema {found}, this one knows {known}); it was left as it is"
    )]
    NewerSchema {
        /// The `user_version` of the file; of a negative one, its absolute value.
        found: usize,
        /// The number of migrations in the schema.
        known: usize,
    },
    /// A migration failed and was rolled back; those before it stay.
    #[error("migration {number} failed and was undone: {source}")]
    Migration {
        /// The migration's place in the schema, from 1.
        number: usize,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// SQLite cannot open the file or set up a connection to it.
    #[error("the database cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The read-only connections cannot be opened.
    #[error("the database cannot be read: {0}")]
    ReaderPool(#[source] r2d2::Error),
    /// The operating system refused a thread.
    #[error("the writer's thread cannot be started: {0}")]
    Thread(#[source] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk_full() -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
            Some("database or disk is full".to_owned()),
        )
    }

    #[test]
    fn the_text_of_an_error_contains_the_text_of_its_source() {
        let errors: [Box<dyn std::error::Error>; 4] = [
            Box::new(Error::from(disk_full())),
            Box::new(OpenError::from(disk_full())),
            Box::new(OpenError::Migration { number: 3, source: disk_full() }),
            Box::new(OpenError::Folder("a/b".into(), io::Error::other("no space"))),
        ];
        for error in errors {
            let source = error.source().expect("it has a source").to_string();
            assert!(error.to_string().ends_with(&source), "{error}");
        }
        assert_eq!(
            Error::from(disk_full()).to_string(),
            "the database cannot be written: database or disk is full"
        );
    }

    #[test]
    fn a_duplicate_has_the_text_and_the_kind_of_its_original() {
        let error = Error::from(disk_full());
        let duplicate = error.duplicate();
        assert!(matches!(duplicate, Error::Unwritable(_)));
        assert_eq!(duplicate.to_string(), error.to_string());
    }
}
