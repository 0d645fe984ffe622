//! The ways to write that group commit is compared with, by `bin/bench ablation`.
//!
//! They are only in builds with the feature `ablation`: the program that serves the site has one way
//! to write (`docs/decisions/0017-ablation-is-a-feature.md`).

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, TransactionBehavior};

use super::checkpoint::{self, Checkpoints};
use super::place::Place;
use super::writer::Writer;
use super::{Db, Error, OpenError, open_as, pool, pragmas};

/// Connections that write side by side: as many as the comparison has clients.
const CONNECTIONS: u32 = 20;

/// How callers come to their transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
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
pub(super) enum Other {
    Pool(r2d2::Pool<SqliteConnectionManager>, TransactionBehavior),
    Mutex(Mutex<Connection>),
}

impl Db {
    /// The same database, written in another way.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub fn written_by(mut self, way: Way, synchronous: Synchronous) -> Result<Db, OpenError> {
        match way {
            Way::Deferred => self.other = Some(self.pool(TransactionBehavior::Deferred, synchronous)?),
            Way::Immediate => self.other = Some(self.pool(TransactionBehavior::Immediate, synchronous)?),
            Way::Mutex => {
                let mut connection = open_as(&self.path, pragmas::writer)?;
                set_up(&mut connection, synchronous)?;
                self.other = Some(Other::Mutex(Mutex::new(connection)));
            }
            Way::Group => {
                let connection = open_as(&self.path, pragmas::writer)?;
                connection.pragma_update(None, "synchronous", synchronous.name())?;
                let reading = Arc::clone(&self.reading);
                let checkpoints = Checkpoints::start(&self.path, &connection, reading, checkpoint::always)?;
                let written = Arc::clone(&self.written);
                let place = Place::of(&self.path);
                let writer =
                    Writer::start(connection, checkpoints, written, place).map_err(OpenError::Thread)?;
                let first = mem::replace(&mut self.writer, writer);
                drop(first.stop());
            }
        }
        Ok(self)
    }

    fn pool(&self, begin: TransactionBehavior, synchronous: Synchronous) -> Result<Other, OpenError> {
        let manager = SqliteConnectionManager::file(&self.path).with_init(move |connection| {
            pragmas::writer(connection)?;
            set_up(connection, synchronous)
        });
        Ok(Other::Pool(pool(manager, CONNECTIONS)?, begin))
    }
}

/// SQLite's own way to checkpoint, and to wait for the lock.
fn set_up(connection: &mut Connection, synchronous: Synchronous) -> rusqlite::Result<()> {
    connection.busy_timeout(pragmas::BUSY_TIMEOUT)?;
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    connection.pragma_update(None, "synchronous", synchronous.name())
}

impl Other {
    /// See [`Db::write`]; here a panic goes on to the caller.
    pub(super) fn write<T>(&self, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        match self {
            Other::Pool(pool, begin) => {
                let mut connection = pool.get().map_err(|_| Error::Overloaded)?;
                write_alone(&mut connection, *begin, work)
            }
            Other::Mutex(connection) => {
                // After a panic the transaction is rolled back, and the connection as good as before.
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                write_alone(&mut connection, TransactionBehavior::Immediate, work)
            }
        }
    }

    /// See [`Db::write_later`]; here it is done at once.
    pub(super) fn write_later(&self, work: impl Fn(&Connection) -> rusqlite::Result<()>) {
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
pub(super) fn looking_first<T>(
    work: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> impl Fn(&Connection) -> rusqlite::Result<T> {
    move |connection| {
        connection.prepare_cached("SELECT count(*) FROM sqlite_schema")?.query_row([], |_| Ok(()))?;
        work(connection)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    const WAYS: [Way; 4] = [Way::Deferred, Way::Immediate, Way::Mutex, Way::Group];

    fn open(folder: &tempfile::TempDir, way: Way, synchronous: Synchronous) -> Db {
        let db = Db::open(&folder.path().join("test.sqlite3")).expect("it opens");
        db.write(|connection| connection.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY)"))
            .expect("it is new");
        db.written_by(way, synchronous).expect("it opens again")
    }

    fn note(connection: &Connection, id: i64) -> rusqlite::Result<()> {
        connection.execute("INSERT INTO notes VALUES (?1)", [id]).map(drop)
    }

    fn count(connection: &Connection) -> rusqlite::Result<i64> {
        connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
    }

    #[test]
    fn every_way_flushes_as_it_was_asked_to() {
        for way in WAYS {
            for (synchronous, number) in [(Synchronous::Normal, 1), (Synchronous::Full, 2)] {
                let folder = tempfile::tempdir().expect("a folder");
                let db = open(&folder, way, synchronous);
                let found = db.write(|connection| {
                    connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
                });
                assert_eq!(found.expect("it is told"), number, "{way:?}");
            }
        }
    }

    #[test]
    fn every_way_but_the_first_lets_everybody_write() {
        for way in [Way::Immediate, Way::Mutex, Way::Group] {
            let folder = tempfile::tempdir().expect("a folder");
            let db = open(&folder, way, Synchronous::Normal);
            thread::scope(|scope| {
                for writer in 0..4 {
                    let db = &db;
                    scope.spawn(move || {
                        for number in 0..25 {
                            db.write(move |connection| note(connection, writer * 25 + number))
                                .expect("nobody else has this number");
                        }
                    });
                }
            });
            assert_eq!(db.read(count).expect("it reads"), 100, "{way:?}");
            db.close().expect("it closes");
        }
    }

    #[test]
    fn whoever_looked_before_somebody_wrote_cannot_write_in_a_deferred_transaction() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = open(&folder, Way::Deferred, Synchronous::Normal);
        let (looked, has_looked) = channel();
        let (wrote, has_written) = channel();
        let has_written = Mutex::new(has_written);
        thread::scope(|scope| {
            // Gone when this fails, so that nobody waits for it for ever.
            let wrote = wrote;
            let db = &db;
            let late = scope.spawn(move || {
                db.write(move |connection| {
                    looked.send(()).expect("somebody waits for it");
                    has_written.lock().expect("nobody panicked").recv().expect("it comes");
                    note(connection, 1)
                })
            });
            has_looked.recv().expect("it comes");
            db.write(|connection| note(connection, 2)).expect("nobody has the lock");
            wrote.send(()).expect("somebody waits for it");
            assert!(matches!(late.join().expect("it did not panic"), Err(Error::Busy)));
        });
        assert_eq!(db.read(count).expect("it reads"), 1);
    }

    #[test]
    fn a_write_that_fails_leaves_nothing_behind() {
        for way in WAYS {
            let folder = tempfile::tempdir().expect("a folder");
            let db = open(&folder, way, Synchronous::Normal);
            let failed = db.write(|connection| {
                note(connection, 1)?;
                note(connection, 1)
            });
            assert!(failed.is_err(), "{way:?}");
            assert_eq!(db.read(count).expect("it reads"), 0, "{way:?}");
        }
    }
}
