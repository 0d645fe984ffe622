//! The ways to write that group commit is compared with, by `bin/bench ablation`.
//!
//! They are only in builds with the feature `ablation`: the program that serves the site has one way
//! to write (`docs/decisions/0017-ablation-is-a-feature.md`).

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, TransactionBehavior};

use crate::connection::{self, open_read_write};
use crate::error::{Error, OpenError};
use crate::pragmas;

/// Connections that write side by side: as many as the comparison has clients.
const CONNECTIONS: u32 = 20;

/// How callers come to their transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStrategy {
    /// Each takes a connection from a pool and begins as SQLite does when nothing else is said: the
    /// write lock is taken when something is written, which fails at once if somebody else has
    /// written since this transaction first looked.
    Deferred,
    /// The same, but the write lock is taken at the beginning. Who does not get it sleeps and asks
    /// again, for [`pragmas::BUSY_TIMEOUT`] at most.
    Immediate,
    /// Callers wait for each other before the only connection.
    Mutex,
    /// As the program does it: many callers' work in one transaction.
    Group,
}

/// When a commit returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// When the operating system has the data: a power cut can undo it.
    Normal,
    /// When the disk has it.
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

/// What stands in for the writer. SQLite checkpoints by itself in it, inside a commit, as it does
/// wherever nobody has thought of it.
pub(crate) enum AlternativeWriter {
    Pool(r2d2::Pool<SqliteConnectionManager>, TransactionBehavior),
    Mutex(Mutex<Connection>),
}

/// A connection for group commit that flushes so.
pub(crate) fn group_writer(path: &Path, synchronous: Synchronous) -> Result<Connection, OpenError> {
    let connection = open_read_write(path, pragmas::configure_writer)?;
    connection.pragma_update(None, "synchronous", synchronous.name())?;
    Ok(connection)
}

/// SQLite's own way to checkpoint, and to wait for the lock.
fn set_up(connection: &mut Connection, synchronous: Synchronous) -> rusqlite::Result<()> {
    connection.busy_timeout(pragmas::BUSY_TIMEOUT)?;
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    connection.pragma_update(None, "synchronous", synchronous.name())
}

impl AlternativeWriter {
    /// `None` for group commit, which has a writer already.
    pub(crate) fn open(
        path: &Path,
        way: WriteStrategy,
        synchronous: Synchronous,
    ) -> Result<Option<AlternativeWriter>, OpenError> {
        Ok(match way {
            WriteStrategy::Deferred => {
                Some(AlternativeWriter::pool(path, TransactionBehavior::Deferred, synchronous)?)
            }
            WriteStrategy::Immediate => {
                Some(AlternativeWriter::pool(path, TransactionBehavior::Immediate, synchronous)?)
            }
            WriteStrategy::Mutex => {
                let mut connection = open_read_write(path, pragmas::configure_writer)?;
                set_up(&mut connection, synchronous)?;
                Some(AlternativeWriter::Mutex(Mutex::new(connection)))
            }
            WriteStrategy::Group => None,
        })
    }

    fn pool(
        path: &Path,
        begin: TransactionBehavior,
        synchronous: Synchronous,
    ) -> Result<AlternativeWriter, OpenError> {
        let manager = SqliteConnectionManager::file(path).with_init(move |connection| {
            pragmas::configure_writer(connection)?;
            set_up(connection, synchronous)
        });
        Ok(AlternativeWriter::Pool(connection::pool(manager, CONNECTIONS)?, begin))
    }

    /// Runs `work` in a transaction; here a panic goes on to the caller.
    pub(crate) fn write<T>(&self, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        match self {
            AlternativeWriter::Pool(pool, begin) => {
                let mut connection = pool.get().map_err(|_| Error::Overloaded)?;
                write_alone(&mut connection, *begin, work)
            }
            AlternativeWriter::Mutex(connection) => {
                // After a panic the transaction is rolled back, and the connection as good as before.
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                write_alone(&mut connection, TransactionBehavior::Immediate, work)
            }
        }
    }

    /// Runs `work` at once.
    pub(crate) fn write_later(&self, work: impl Fn(&Connection) -> rusqlite::Result<()>) {
        if let Err(error) = self.write(work) {
            log::warn!("a write that nobody waits for was not done: {error}");
        }
    }
}

fn write_alone<T>(
    connection: &mut Connection,
    begin: TransactionBehavior,
    work: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> Result<T, Error> {
    let transaction = connection.transaction_with_behavior(begin)?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// `work` in a transaction that reads before it writes, as those of most applications do: they look
/// whether a name is taken, or who somebody is. Ours begin with an UPDATE, and a deferred transaction
/// that does so takes the lock in time. So that all ways run the same statements, all look first.
pub(crate) fn looking_first<T>(
    work: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> impl Fn(&Connection) -> rusqlite::Result<T> {
    move |connection| {
        connection.prepare_cached("SELECT count(*) FROM sqlite_schema")?.query_row([], |_| Ok(()))?;
        work(connection)
    }
}
