//! An open database: opening, reading, writing, closing.

use std::fs::File;
#[cfg(feature = "ablation")]
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

#[cfg(feature = "ablation")]
use crate::ablation::{self, AlternativeWriter, Synchronous, WriteStrategy};
use crate::checkpoint::{self, CheckpointGuard, Checkpoints};
use crate::commits::{CommitObserver, Commits};
use crate::connection::open_read_write;
use crate::error::{Error, OpenError};
use crate::files::DatabaseFiles;
use crate::metrics::{DatabaseStats, WriteTimings, WriterMetrics};
use crate::readers::Readers;
use crate::schema::Schema;
use crate::writer::Writer;
use crate::{header, migrate, pragmas, slow_statements};

/// The oldest SQLite that [`Database::open`] accepts, as `sqlite3_libversion_number` counts: 3.51.3. In older
/// versions a WAL that begins anew while another connection reads could corrupt the database
/// (<https://sqlite.org/wal.html#walresetbug>), and this crate's connections do exactly that.
pub const MIN_SQLITE_VERSION: i32 = 3_051_003;

/// An open database: a pool of readers and one writer. Threads share it by reference.
pub struct Database {
    readers: Readers,
    writer: Writer,
    #[cfg(feature = "ablation")]
    alternative: Option<AlternativeWriter>,
    metrics: Arc<WriterMetrics>,
    path: PathBuf,
    commits: Arc<Commits>,
}

impl Database {
    /// Opens the database at `path`, creates it and its folder if they are missing, and runs the migrations
    /// that it has not had. It starts two threads, the writer and the checkpointer, and opens the readers:
    /// two a core, at least 4 and at most 32.
    ///
    /// # Errors
    /// [`OpenError`]. A file that is not a database, or not of this schema, is not changed; of a failed
    /// migration the earlier ones stay.
    pub fn open(path: &Path, schema: &Schema) -> Result<Database, OpenError> {
        Database::open_with_checkpoint_guard(path, schema, checkpoint::unguarded)
    }

    /// Opens the database as [`Database::open`] does, for a process beside which another one may copy the
    /// WAL, such as Litestream. Every checkpoint while the database is open runs inside `guard`.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open_with_checkpoint_guard(
        path: &Path,
        schema: &Schema,
        guard: CheckpointGuard,
    ) -> Result<Database, OpenError> {
        if rusqlite::version_number() < MIN_SQLITE_VERSION {
            return Err(OpenError::UnsafeSqlite(rusqlite::version()));
        }
        header::check(path, schema)?;
        create_folder(path)?;
        // SQLite would create it without the right of its group to write, whatever the umask. Where this fails, SQLite
        // reports the reason.
        let _ = File::create_new(path);
        let mut connection = open_read_write(path, pragmas::configure_writer)?;
        migrate::run(&mut connection, schema)?;
        let readers = Readers::open(path)?;
        let metrics = Arc::new(WriterMetrics::new());
        let commits = Arc::new(Commits::of(path));
        let writer = start_writer(path, connection, &readers, guard, &metrics, &commits)?;
        Ok(Database {
            readers,
            writer,
            #[cfg(feature = "ablation")]
            alternative: None,
            metrics,
            path: path.to_owned(),
            commits,
        })
    }

    /// Runs `work` on a read-only connection, in one transaction: all its statements see one snapshot, which
    /// contains every write that was answered before. `work` must not call [`Database::read`] or
    /// [`Database::write`] and wait for it: either can wait until this read ends.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when no reader becomes free within [`POOL_TIMEOUT`](crate::POOL_TIMEOUT);
    /// SQLite's.
    pub fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        self.readers.read(work)
    }

    /// Runs `work` on the writer's connection, in a transaction that it may share with other callers'
    /// closures, and returns when that transaction is on the disk. An error or a panic in `work` undoes the
    /// changes of `work` only.
    ///
    /// `work` must neither end the transaction nor call [`Database::write`], which would wait for itself. It
    /// may run twice, and must change nothing but the database: when one closure of a shared transaction
    /// fails, that transaction is rolled back, and each closure runs again in a transaction of its own.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when [`MAX_QUEUED_WRITES`](crate::MAX_QUEUED_WRITES) writes wait already,
    /// [`Error::Busy`] when another process holds the lock for longer than [`pragmas::BUSY_TIMEOUT`],
    /// [`Error::Unwritable`] when the disk is full or fails, [`Error::FileReplaced`], [`Error::Panicked`],
    /// [`Error::TransactionLost`], [`Error::Closed`]; [`Error::Sqlite`] for any other error of `work`. After
    /// an error the database has no change of `work`.
    pub fn write<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.timed_write(work).0
    }

    /// Does what [`Database::write`] does, and also returns where the time was spent.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub fn timed_write<T, W>(&self, work: W) -> (Result<T, Error>, WriteTimings)
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        #[cfg(feature = "ablation")]
        let work = ablation::reading_first(work);
        #[cfg(feature = "ablation")]
        if let Some(alternative) = &self.alternative {
            return (alternative.write(work), WriteTimings::default());
        }
        self.writer.write(work)
    }

    /// Queues `work` as [`Database::write`] does, and returns without waiting for it. A later failure is only
    /// logged, at level warn: this is for changes that the program can do without.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when [`MAX_QUEUED_WRITES`](crate::MAX_QUEUED_WRITES) writes wait already;
    /// [`Error::Closed`].
    pub fn write_later<W>(&self, work: W) -> Result<(), Error>
    where
        W: Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    {
        #[cfg(feature = "ablation")]
        if let Some(alternative) = &self.alternative {
            alternative.write_later(work);
            return Ok(());
        }
        self.writer.write_later(work)
    }

    /// Logs each later statement that takes `threshold` or longer, to the millisecond: at level warn, target
    /// `slow`, with its SQL and without the bound values.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub fn log_slow_statements(&mut self, threshold: Duration) -> Result<(), Error> {
        self.readers.log_slow_statements(threshold);
        self.write(move |connection| {
            slow_statements::watch(connection, threshold); // The threshold belongs to the writer's thread.
            Ok(())
        })
    }

    /// Tells `observer` of all commits from now on. `prepare` gets the writer's connection first, in a transaction: it may
    /// create temporary triggers and functions, by which the observer learns what a transaction changes. It may run
    /// twice.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub fn observe_commits<P>(&self, observer: Arc<dyn CommitObserver>, prepare: P) -> Result<(), Error>
    where
        P: Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
    {
        self.write(prepare)?;
        self.commits.observe(observer);
        Ok(())
    }

    /// Whether the observer has been told of all commits to this moment, also of those by other processes: it is told of
    /// the latter within a second, or before the next commit of this one.
    #[must_use]
    pub fn commits_are_told(&self) -> bool {
        self.commits.are_told()
    }

    /// Replaces the way in which this database is written.
    ///
    /// # Errors
    /// As [`Database::open`].
    #[cfg(feature = "ablation")]
    pub fn with_write_strategy(
        mut self,
        strategy: WriteStrategy,
        synchronous: Synchronous,
    ) -> Result<Database, OpenError> {
        self.alternative = AlternativeWriter::open(&self.path, strategy, synchronous)?;
        if self.alternative.is_none() {
            let connection = ablation::open_group_writer(&self.path, synchronous)?;
            let guard = checkpoint::unguarded;
            let writer =
                start_writer(&self.path, connection, &self.readers, guard, &self.metrics, &self.commits)?;
            drop(mem::replace(&mut self.writer, writer).stop());
        }
        Ok(self)
    }

    /// The lengths of the queue and the pool at this moment.
    #[must_use]
    pub fn stats(&self) -> DatabaseStats {
        let (readers, idle_readers) = self.readers.counts();
        DatabaseStats { queued_writes: self.writer.queue_length(), readers, idle_readers }
    }

    /// The writer's counts since the database was opened.
    #[must_use]
    pub fn writer_metrics(&self) -> &WriterMetrics {
        &self.metrics
    }

    /// Succeeds when a statement can read, for a health check.
    ///
    /// # Errors
    /// As [`Database::read`].
    pub fn check(&self) -> Result<(), Error> {
        self.read(|connection| connection.query_row("SELECT 1", [], |_| Ok(())))
    }

    /// The path that was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Finishes the queued writes, closes the readers, copies the whole WAL into the database and closes it.
    /// The database is then one file. When another process still reads from the WAL, it stays, and the log
    /// has a warning.
    ///
    /// # Errors
    /// [`Error::Panicked`] when the writer has panicked; SQLite's, when the WAL cannot be copied: then it
    /// stays and the next start copies it.
    pub fn close(self) -> Result<(), Error> {
        self.drain()?.close()
    }

    /// Finishes the queued writes and closes the readers and the database, for a process beside another one
    /// that keeps the database open. The last process to close a database still copies the WAL: SQLite
    /// does it.
    ///
    /// # Errors
    /// [`Error::Panicked`] when the writer has panicked; SQLite's.
    pub fn close_without_checkpoint(self) -> Result<(), Error> {
        self.drain()?.close_without_checkpoint()
    }

    /// Finishes the queued writes and closes the readers. Then nothing more is written, and another process
    /// can copy the end of the WAL before [`Drained::close`] removes it.
    ///
    /// # Errors
    /// [`Error::Panicked`] when the writer has panicked.
    pub fn drain(self) -> Result<Drained, Error> {
        let connection = self.writer.stop()?;
        drop(self.readers);
        pragmas::refresh_statistics(&connection);
        Ok(Drained { connection, _commits: self.commits })
    }
}

/// A database that takes no more reads or writes and is still open.
pub struct Drained {
    connection: Connection,
    /// They outlive the connection, see `WalIndex`.
    _commits: Arc<Commits>,
}

impl Drained {
    /// Copies the whole WAL into the database and closes it. No other process may be copying the WAL. Where
    /// an earlier checkpoint failed to flush, the WAL stays, and the next start copies all of it.
    ///
    /// # Errors
    /// SQLite's, when the WAL cannot be copied; then it stays.
    pub fn close(self) -> Result<(), Error> {
        if !pragmas::keeps_wal_on_close(&self.connection)? {
            match pragmas::truncate_wal(&self.connection) {
                Ok(true) => {}
                Ok(false) => log::warn!("another process reads the database: its WAL could not be emptied"),
                Err(error) => {
                    // When SQLite closes the database it would checkpoint once more, and if that seemed to
                    // succeed, it would delete a WAL that alone has the pages the disk lost the first time.
                    pragmas::keep_wal_on_close(&self.connection)?;
                    return Err(error.into());
                }
            }
        }
        self.close_without_checkpoint()
    }

    /// Closes the database without a checkpoint of its own. SQLite runs one if no other process has it open.
    ///
    /// # Errors
    /// SQLite's.
    pub fn close_without_checkpoint(self) -> Result<(), Error> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

/// Starts the checkpointer and the writer.
fn start_writer(
    path: &Path,
    connection: Connection,
    readers: &Readers,
    guard: CheckpointGuard,
    metrics: &Arc<WriterMetrics>,
    commits: &Arc<Commits>,
) -> Result<Writer, OpenError> {
    let checkpoints = Checkpoints::start(path, &connection, readers.gate(), guard)?;
    Writer::start(connection, checkpoints, Arc::clone(metrics), Arc::clone(commits), DatabaseFiles::of(path))
        .map_err(OpenError::Thread)
}

/// Creates the folder of the database if it is missing.
fn create_folder(path: &Path) -> Result<(), OpenError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|error| OpenError::Folder(folder.to_owned(), error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
