//! The pool of read-only connections.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

use crate::connection::pool;
use crate::error::{Error, OpenError};
use crate::{pragmas, slow_statements};

/// How many read-only connections are kept open: two a core, from 4 to 32. A read is all processor, some tens of
/// microseconds of it, so more would wait inside instead of outside; and a reader that was just used
/// has pages in its cache which an idle one must read anew after each write.
fn readers() -> u32 {
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores * 2).unwrap_or(u32::MAX).clamp(4, 32)
}

/// The readers of an open database.
pub(crate) struct Readers {
    pool: r2d2::Pool<SqliteConnectionManager>,
    gate: Arc<ReaderGate>,
    /// Statements that take so long are logged.
    slow: Option<Duration>,
}

impl Readers {
    /// Opens all of them.
    pub(crate) fn open(path: &Path) -> Result<Readers, OpenError> {
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(pragmas::configure_reader);
        Ok(Readers { pool: pool(manager, readers())?, gate: Arc::default(), slow: None })
    }

    /// Runs `work` as one of the readers, in one transaction.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let connection = self.pool.get().map_err(|_| Error::Overloaded)?;
        if let Some(slow) = self.slow {
            slow_statements::watch(&connection, slow);
        }
        self.gate.shared(|| {
            let _snapshot = Snapshot::begin(&connection)?;
            Ok(work(&connection)?)
        })
    }

    /// What keeps them out.
    pub(crate) fn gate(&self) -> Arc<ReaderGate> {
        Arc::clone(&self.gate)
    }

    /// From now on statements that take so long are logged.
    pub(crate) fn log_slow_statements(&mut self, slow: Duration) {
        self.slow = Some(slow);
    }

    /// How many are open, and how many of them are idle.
    pub(crate) fn counts(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections, state.idle_connections)
    }
}

/// Who reads now, in this process. A reader that waits here waits for a copy, some milliseconds; the
/// writer waits here for the longest read.
#[derive(Default)]
pub(crate) struct ReaderGate(RwLock<()>);

impl ReaderGate {
    /// Runs `work` as one of the readers.
    fn shared<T>(&self, work: impl FnOnce() -> T) -> T {
        // A lock around nothing cannot be left half changed.
        let _inside = self.0.read().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// Runs `work` while nobody reads.
    pub(crate) fn exclusive(&self, work: impl FnOnce()) {
        let _alone = self.0.write().unwrap_or_else(PoisonError::into_inner);
        work();
    }
}

/// A read transaction that ends with this value, also when the work panics: a pooled connection
/// must not go back inside a transaction, for it would show an old snapshot for ever.
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
            log::error!("ending a read: {error}");
        }
    }
}
