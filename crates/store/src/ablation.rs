//! The write strategies with which group commit is compared in benchmarks.
//!
//! Only builds with the feature `ablation` contain them. A program that depends on durable writes has one way
//! to write, and no code that could break it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, TransactionBehavior};

use crate::connection::{self, open_read_write};
use crate::error::{Error, OpenError};
use crate::pragmas;

/// Connections of the two strategies with a pool: as many as the comparison has clients.
const CONNECTIONS: u32 = 20;

/// How callers get their transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStrategy {
    /// Each caller takes a connection from a pool and begins a deferred transaction, SQLite's default. The
    /// first statement that writes takes the lock; it fails at once if another transaction has committed a
    /// write since this one began to read.
    Deferred,
    /// Each caller takes a connection from a pool, and the beginning of the transaction takes the lock. A
    /// caller that does not get it sleeps and retries, for [`pragmas::BUSY_TIMEOUT`] at most.
    Immediate,
    /// Callers wait for each other before the only connection.
    Mutex,
    /// Group commit: many callers' writes in one transaction, as in builds without the feature.
    Group,
}

/// When a commit returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// When the operating system has the data: a power cut can undo the commit.
    Normal,
    /// When the data is on the disk.
    Full,
}

impl Synchronous {
    fn name(self) -> &'static str {
        match self {
            Synchronous::Normal => "NORMAL",
            Synchronous::Full => "FULL",
        }
    }
}

/// A replacement for the group-commit writer. SQLite checkpoints it by its default: inside a commit.
pub(crate) enum AlternativeWriter {
    Pool(r2d2::Pool<SqliteConnectionManager>, TransactionBehavior),
    Mutex(Mutex<Connection>),
}

impl AlternativeWriter {
    /// `None` for group commit, which needs no replacement.
    pub(crate) fn open(
        path: &Path,
        strategy: WriteStrategy,
        synchronous: Synchronous,
    ) -> Result<Option<AlternativeWriter>, OpenError> {
        let pool = |behavior| AlternativeWriter::pool(path, behavior, synchronous).map(Some);
        match strategy {
            WriteStrategy::Deferred => pool(TransactionBehavior::Deferred),
            WriteStrategy::Immediate => pool(TransactionBehavior::Immediate),
            WriteStrategy::Mutex => {
                let mut connection = open_read_write(path, pragmas::configure_writer)?;
                use_sqlite_defaults(&mut connection, synchronous)?;
                Ok(Some(AlternativeWriter::Mutex(Mutex::new(connection))))
            }
            WriteStrategy::Group => Ok(None),
        }
    }

    fn pool(
        path: &Path,
        behavior: TransactionBehavior,
        synchronous: Synchronous,
    ) -> Result<AlternativeWriter, OpenError> {
        let manager = SqliteConnectionManager::file(path).with_init(move |connection| {
            pragmas::configure_writer(connection)?;
            use_sqlite_defaults(connection, synchronous)
        });
        Ok(AlternativeWriter::Pool(connection::pool(manager, CONNECTIONS)?, behavior))
    }

    /// Runs `work` in a transaction of its own. A panic in it reaches the caller.
    pub(crate) fn write<T>(&self, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        match self {
            AlternativeWriter::Pool(pool, behavior) => {
                let mut connection = pool.get().map_err(|_| Error::Overloaded)?;
                write_alone(&mut connection, *behavior, work)
            }
            AlternativeWriter::Mutex(connection) => {
                // A panic rolls the transaction back and leaves the connection usable.
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                write_alone(&mut connection, TransactionBehavior::Immediate, work)
            }
        }
    }

    /// Runs `work` at once, and logs its failure.
    pub(crate) fn write_later(&self, work: impl Fn(&Connection) -> rusqlite::Result<()>) {
        if let Err(error) = self.write(work) {
            log::warn!("a background write failed: {error}");
        }
    }
}

/// A connection for group commit at this `synchronous`.
pub(crate) fn open_group_writer(path: &Path, synchronous: Synchronous) -> Result<Connection, OpenError> {
    let connection = open_read_write(path, pragmas::configure_writer)?;
    connection.pragma_update(None, "synchronous", synchronous.name())?;
    Ok(connection)
}

/// Gives a connection SQLite's default checkpoints and its default way to wait for the lock.
fn use_sqlite_defaults(connection: &mut Connection, synchronous: Synchronous) -> rusqlite::Result<()> {
    connection.busy_timeout(pragmas::BUSY_TIMEOUT)?;
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    connection.pragma_update(None, "synchronous", synchronous.name())
}

fn write_alone<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    work: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> Result<T, Error> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// Makes a transaction read before it writes, as transactions of most applications do, for example to look up
/// a user. A deferred transaction whose first statement is an UPDATE takes the lock in time and never fails.
/// All strategies run the same statements.
pub(crate) fn reading_first<T>(
    work: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> impl Fn(&Connection) -> rusqlite::Result<T> {
    move |connection| {
        connection.prepare_cached("SELECT count(*) FROM sqlite_schema")?.query_row([], |_| Ok(()))?;
        work(connection)
    }
}
