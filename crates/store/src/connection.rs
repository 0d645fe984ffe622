//! Connections to the database's file, and pools of them.

use std::path::Path;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;

/// How long a caller waits for a pooled connection.
pub(crate) const POOL_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that may write, with its pragmas.
pub(crate) fn open_read_write(
    path: &Path,
    pragmas: fn(&mut Connection) -> rusqlite::Result<()>,
) -> Result<Connection, OpenError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // SQLite opens what it may not write without a word, to be read.
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(OpenError::ReadOnly(path.to_owned()));
    }
    pragmas(&mut connection)?;
    Ok(connection)
}

/// So many connections, which are kept open: nothing about a file on this machine goes stale.
pub(crate) fn pool(
    manager: SqliteConnectionManager,
    size: u32,
) -> Result<r2d2::Pool<SqliteConnectionManager>, OpenError> {
    r2d2::Pool::builder()
        .max_size(size)
        .test_on_check_out(false)
        .max_lifetime(None)
        .idle_timeout(None)
        .connection_timeout(POOL_TIMEOUT)
        .build(manager)
        .map_err(|error| OpenError::ReaderPool(error.to_string()))
}
