//! The read-only connections, and the gate that keeps them out while the WAL is copied.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, TransactionState};

use crate::connection::pool;
use crate::error::{Error, OpenError};
use crate::{pragmas, slow_statements};

/// The number of read-only connections: two a core, at least 4 and at most 32. A read takes some tens of
/// microseconds of processor time, so more of them would only wait for a core; and a connection that was just
/// used has pages in its cache that an idle one must read anew after each write.
fn reader_count() -> u32 {
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores * 2).unwrap_or(u32::MAX).clamp(4, 32)
}

/// The pool of read-only connections.
pub(crate) struct Readers {
    pool: r2d2::Pool<SqliteConnectionManager>,
    gate: Arc<ReaderGate>,
    /// Statements that take at least this long are logged.
    slow: Option<Duration>,
}

impl Readers {
    /// Opens every connection of the pool.
    pub(crate) fn open(path: &Path) -> Result<Readers, OpenError> {
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(pragmas::configure_reader);
        Ok(Readers { pool: pool(manager, reader_count())?, gate: Arc::default(), slow: None })
    }

    /// Runs `work` on one of the connections, in a transaction.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let connection = self.pool.get().map_err(|_| Error::Overloaded)?;
        if let Some(threshold) = self.slow {
            slow_statements::watch(&connection, threshold);
        }
        self.gate.shared(|| {
            let _snapshot = Snapshot::begin(&connection)?;
            Ok(work(&connection)?)
        })
    }

    /// The gate that every read of this pool passes.
    pub(crate) fn gate(&self) -> Arc<ReaderGate> {
        Arc::clone(&self.gate)
    }

    /// Logs statements that take at least `threshold` from now on.
    pub(crate) fn log_slow_statements(&mut self, threshold: Duration) {
        self.slow = Some(threshold);
    }

    /// The number of connections, and of those that are idle.
    pub(crate) fn counts(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }
}

/// Reads of this process pass it together, or the writer passes it alone. A reader waits here for a copy of
/// the WAL, some milliseconds; the writer waits here for the longest read.
#[derive(Default)]
pub(crate) struct ReaderGate(RwLock<()>);

impl ReaderGate {
    /// Runs `work` beside other readers.
    fn shared<T>(&self, work: impl FnOnce() -> T) -> T {
        // The lock guards no data that a panic could leave half changed.
        let _shared = self.0.read().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// Runs `work` while no read is under way.
    pub(crate) fn exclusive(&self, work: impl FnOnce()) {
        let _exclusive = self.0.write().unwrap_or_else(PoisonError::into_inner);
        work();
    }
}

/// Begins the snapshot of a connection in a transaction, if no statement has begun it: until the transaction ends, the
/// connection sees nothing that is committed from now on.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn begin_snapshot(connection: &Connection) -> rusqlite::Result<()> {
    if connection.transaction_state(None::<&str>)? == TransactionState::None {
        connection.prepare_cached("SELECT 1 FROM sqlite_schema")?.exists([])?;
    }
    Ok(())
}

/// A read transaction that ends with this value, also when the closure panics: a connection that went back to
/// the pool inside a transaction would show an old snapshot for ever.
struct Snapshot<'c>(&'c Connection);

impl Snapshot<'_> {
    fn begin(connection: &Connection) -> rusqlite::Result<Snapshot<'_>> {
        connection.prepare_cached("BEGIN DEFERRED")?.execute([])?;
        Ok(Snapshot(connection))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if let Err(error) = ended {
            lorem_counted_log::error!("ending a read: {error}");
        }
    }
}
