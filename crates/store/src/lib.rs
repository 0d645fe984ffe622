//! The database: many readers, one writer, and nothing in between.
//!
//! [`Db::read`] and [`Db::write`] are the whole interface. A read sees one snapshot. A write has
//! returned only when it is on disk. Neither holds a connection longer than its closure runs, so
//! pages are rendered without one.

#[cfg(feature = "ablation")]
pub mod ablation;
mod checkpoint;
mod error;
mod figures;
pub mod header;
pub mod histogram;
pub mod migrate;
mod place;
pub mod pragmas;
mod slow;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

pub use checkpoint::Checkpointing;
use checkpoint::{Checkpoints, Readers};
pub use error::{Error, OpenError};
pub use figures::{Figures, Spent, Written};
pub use migrate::Schema;
use place::Place;
use writer::Writer;

/// How many read-only connections are kept open: two a core, from 4 to 32. A read is all processor, some tens of
/// microseconds of it, so more would wait inside instead of outside; and a reader that was just used
/// has pages in its cache which an idle one must read anew after each write.
fn readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores * 2).unwrap_or(u32::MAX).clamp(4, 32)
}
/// How long a read waits for one of them before it fails with [`Error::Overloaded`].
const READER_PATIENCE: Duration = Duration::from_secs(2);
/// The least SQLite that is safe: before it, a WAL that is reset while another connection reads
/// could corrupt the database (<https://sqlite.org/wal.html#walresetbug>), in exactly our shape.
const SAFE_SQLITE: i32 = 3_051_003;

/// An open database: a pool of readers and the one writer.
pub struct Db {
    readers: r2d2::Pool<SqliteConnectionManager>,
    reading: Arc<Readers>,
    writer: Writer,
    #[cfg(feature = "ablation")]
    other: Option<ablation::Other>,
    written: Arc<Written>,
    /// Statements that take so long are logged.
    slow: Option<Duration>,
    path: PathBuf,
}

impl Db {
    /// Opens the database at `path`, makes it (and its folder) if it is missing, and migrates it to
    /// this program's schema.
    ///
    /// # Errors
    /// When the file is no database, belongs to another program or to a newer version of this one,
    /// or cannot be opened or written. The file is then as it was.
    pub fn open(path: &Path, schema: &Schema) -> Result<Db, OpenError> {
        Db::open_beside(path, schema, checkpoint::always)
    }

    /// The same where others may have the database open, too, and copy its WAL.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub fn open_beside(path: &Path, schema: &Schema, checkpointing: Checkpointing) -> Result<Db, OpenError> {
        if rusqlite::version_number() < SAFE_SQLITE {
            return Err(OpenError::UnsafeSqlite(rusqlite::version()));
        }
        header::check(path, schema)?;
        make_folder(path)?;
        let mut connection = open_as(path, pragmas::writer)?;
        migrate::run(&mut connection, schema)?;
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(pragmas::reader);
        let readers = pool(manager, readers())?;
        let reading = Arc::new(Readers::default());
        let checkpoints = Checkpoints::start(path, &connection, Arc::clone(&reading), checkpointing)?;
        let written = Arc::new(Written::new());
        let writer = Writer::start(connection, checkpoints, Arc::clone(&written), Place::of(path))
            .map_err(OpenError::Thread)?;
        Ok(Db {
            readers,
            reading,
            writer,
            #[cfg(feature = "ablation")]
            other: None,
            written,
            slow: None,
            path: path.to_owned(),
        })
    }

    /// Runs `work` on a read-only connection, in one transaction: all its statements see the same
    /// moment, and the lock is taken once instead of once a statement. `work` must not read or write
    /// through this database again: it would wait for itself.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when no reader came free in two seconds; SQLite's.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let connection = self.readers.get().map_err(|_| Error::Overloaded)?;
        if let Some(slow) = self.slow {
            slow::watch(&connection, slow);
        }
        self.reading.with(|| {
            let _snapshot = Snapshot::begin(&connection)?;
            Ok(work(&connection)?)
        })
    }

    /// Runs `work` on the writer, in a transaction that it may share with other callers' work, and
    /// returns when that transaction is on disk. An error or a panic in `work` undoes what `work`
    /// did and nothing else. `work` must not end the transaction, and it may run twice: when somebody
    /// else's fails, the transaction that the two share is undone, and each is done anew alone.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when too many writes wait already, [`Error::Busy`] when another process
    /// holds the lock for longer than [`pragmas::BUSY_TIMEOUT`], [`Error::Full`] when the disk is
    /// full or fails, [`Error::Moved`], [`Error::Panicked`], SQLite's. After any error nothing of `work`
    /// has happened.
    pub fn write<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.timed_write(work).0
    }

    /// The same, with what its time was spent on.
    ///
    /// # Errors
    /// As there.
    pub fn timed_write<T, W>(&self, work: W) -> (Result<T, Error>, Spent)
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        #[cfg(feature = "ablation")]
        let work = ablation::looking_first(work);
        #[cfg(feature = "ablation")]
        if let Some(other) = &self.other {
            return (other.write(work), Spent::default());
        }
        self.writer.write(work)
    }

    /// Hands `work` to the writer, as [`Db::write`] does, and does not wait for it. For what only is
    /// nice to have: should it fail, the log says so and nobody else.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when too many writes wait already.
    pub fn write_later<W>(&self, work: W) -> Result<(), Error>
    where
        W: Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    {
        #[cfg(feature = "ablation")]
        if let Some(other) = &self.other {
            other.write_later(work);
            return Ok(());
        }
        self.writer.write_later(work)
    }

    /// From now on each statement that takes `slow` or longer is logged, as it is written, without its values.
    ///
    /// # Errors
    /// As [`Db::write`]'s.
    pub fn log_slow(&mut self, slow: Duration) -> Result<(), Error> {
        self.slow = Some(slow);
        self.write(move |connection| {
            slow::watch(connection, slow); // On the writer's own thread.
            Ok(())
        })
    }

    /// How it is at this moment.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let readers = self.readers.state();
        Figures {
            waiting_writes: self.writer.waiting(),
            readers: readers.connections,
            idle_readers: readers.idle_connections,
        }
    }

    /// What has been written.
    #[must_use]
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// Whether it can be read.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), Error> {
        self.read(|connection| connection.query_row("SELECT 1", [], |_| Ok(())))
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finishes the writes that wait, closes the readers, moves the whole WAL into the database and
    /// closes it: the file alone is then the whole database.
    ///
    /// # Errors
    /// SQLite's, also when another process still reads and keeps the WAL from being emptied.
    pub fn close(self) -> Result<(), Error> {
        self.settle()?.close()
    }

    /// The same, but leaves the WAL as it is: for who uses a database beside a server that goes on.
    ///
    /// # Errors
    /// SQLite's.
    pub fn leave(self) -> Result<(), Error> {
        self.settle()?.leave()
    }

    /// Finishes the writes that wait and closes the readers: nothing more is written, and what is in the
    /// WAL can still be copied by others.
    ///
    /// # Errors
    /// [`Error::Panicked`], when the writer has.
    pub fn settle(self) -> Result<Settled, Error> {
        let connection = self.writer.stop()?;
        drop(self.readers);
        pragmas::refresh_statistics(&connection);
        Ok(Settled { connection })
    }
}

/// A database to which nothing more is written.
pub struct Settled {
    connection: Connection,
}

impl Settled {
    /// Moves the whole WAL into the database and closes it. Nobody may be copying the WAL any more. Where
    /// the disk has lost what was copied before, the WAL stays: the next start copies it anew.
    ///
    /// # Errors
    /// See [`Db::close`].
    pub fn close(self) -> Result<(), Error> {
        if !pragmas::keeps_wal(&self.connection)? {
            match pragmas::empty_wal(&self.connection) {
                Ok(true) => {}
                Ok(false) => log::warn!("another process reads the database: its WAL could not be emptied"),
                Err(error) => {
                    // SQLite would try once more when it closes the database, and where that seems to
                    // succeed remove a WAL that alone has what the disk did not take at the first time.
                    pragmas::keep_wal(&self.connection)?;
                    return Err(error.into());
                }
            }
        }
        self.leave()
    }

    /// Closes it as it is.
    ///
    /// # Errors
    /// SQLite's.
    pub fn leave(self) -> Result<(), Error> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

/// Moves the whole WAL of a database that others use into it, and cuts it to nothing. Whether that has come about:
/// those who began to read before the last write are waited for, at most for `patience`. Writers wait meanwhile,
/// each time for a moment and for what is copied and flushed then.
///
/// # Errors
/// When the database cannot be opened or copied to: then the WAL is as it was.
pub fn empty_wal(path: &Path, patience: Duration) -> Result<bool, OpenError> {
    /// How long it keeps writers waiting, and leaves them alone in turn.
    const MOMENT: Duration = Duration::from_millis(50);
    // A database that is missing is not made: the next start restores it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    pragmas::checkpointer(&mut connection)?;
    pragmas::keep_wal(&connection)?; // SQLite would try once more when this is the last one to close it.
    connection.busy_timeout(MOMENT)?;
    let began = Instant::now();
    loop {
        // Most of it is copied beside the writes.
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        if pragmas::empty_wal(&connection)? {
            return Ok(true);
        }
        if began.elapsed() > patience {
            return Ok(false);
        }
        thread::sleep(MOMENT);
    }
}

/// So many connections, which are kept open: nothing about a file on this machine goes stale.
fn pool(
    manager: SqliteConnectionManager,
    size: u32,
) -> Result<r2d2::Pool<SqliteConnectionManager>, OpenError> {
    r2d2::Pool::builder()
        .max_size(size)
        .test_on_check_out(false)
        .max_lifetime(None)
        .idle_timeout(None)
        .connection_timeout(READER_PATIENCE)
        .build(manager)
        .map_err(|error| OpenError::Readers(error.to_string()))
}

fn make_folder(path: &Path) -> Result<(), OpenError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|error| OpenError::Folder(folder.to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// A connection that may write, with its pragmas.
fn open_as(
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

#[cfg(test)]
mod tests;
