//! Connections to the database file, and pools of them.

use std::path::Path;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;

/// How long a caller waits for a free connection of a pool.
pub const POOL_TIMEOUT: Duration = Duration::from_secs(2);

/// Opens a connection that may write, and sets it up with `configure`.
///
/// # Errors
/// [`OpenError::ReadOnly`], [`OpenError::Sqlite`].
pub(crate) fn open_read_write(
    path: &Path,
    configure: fn(&mut Connection) -> rusqlite::Result<()>,
) -> Result<Connection, OpenError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // Where SQLite may not write, it silently opens the file read-only.
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(OpenError::ReadOnly(path.to_owned()));
    }
    configure(&mut connection)?;
    Ok(connection)
}

/// A pool of `size` connections that are opened at once and stay open: a connection to a local file does not
/// become stale.
///
/// # Errors
/// [`OpenError::ReaderPool`] when one of them cannot be opened.
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
        .map_err(OpenError::ReaderPool)
}
