//! An open database: opening, reading, writing, closing.

#[cfg(feature = "ablation")]
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

#[cfg(feature = "ablation")]
use crate::ablation::{self, AlternativeWriter, Synchronous, WriteStrategy};
use crate::checkpoint::{self, CheckpointGuard, Checkpoints};
use crate::connection::open_read_write;
use crate::error::{Error, OpenError};
use crate::files::DatabaseFiles;
use crate::metrics::{DatabaseStats, WriteTimings, WriterMetrics};
use crate::readers::Readers;
use crate::schema::Schema;
use crate::writer::Writer;
use crate::{header, migrate, pragmas, slow_statements};

/// The least SQLite that is safe: before it, a WAL that is reset while another connection reads
/// could corrupt the database (<https://sqlite.org/wal.html#walresetbug>), in exactly our shape.
const MIN_SQLITE_VERSION: i32 = 3_051_003;

/// An open database: a pool of readers and the one writer.
pub struct Database {
    readers: Readers,
    writer: Writer,
    #[cfg(feature = "ablation")]
    alternative: Option<AlternativeWriter>,
    written: Arc<WriterMetrics>,
    path: PathBuf,
}

impl Database {
    /// Opens the database at `path`, makes it (and its folder) if it is missing, and migrates it to
    /// this program's schema.
    ///
    /// # Errors
    /// When the file is no database, belongs to another program or to a newer version of this one,
    /// or cannot be opened or written. The file is then as it was.
    pub fn open(path: &Path, schema: &Schema) -> Result<Database, OpenError> {
        Database::open_with_checkpoint_guard(path, schema, checkpoint::unguarded)
    }

    /// The same where others may have the database open, too, and copy its WAL.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open_with_checkpoint_guard(
        path: &Path,
        schema: &Schema,
        checkpointing: CheckpointGuard,
    ) -> Result<Database, OpenError> {
        if rusqlite::version_number() < MIN_SQLITE_VERSION {
            return Err(OpenError::UnsafeSqlite(rusqlite::version()));
        }
        header::check(path, schema)?;
        make_folder(path)?;
        let mut connection = open_read_write(path, pragmas::configure_writer)?;
        migrate::run(&mut connection, schema)?;
        let readers = Readers::open(path)?;
        let written = Arc::new(WriterMetrics::new());
        let writer = start_writer(path, connection, &readers, checkpointing, &written)?;
        Ok(Database {
            readers,
            writer,
            #[cfg(feature = "ablation")]
            alternative: None,
            written,
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
        self.readers.read(work)
    }

    /// Runs `work` on the writer, in a transaction that it may share with other callers' work, and
    /// returns when that transaction is on disk. An error or a panic in `work` undoes what `work`
    /// did and nothing else. `work` must not end the transaction, and it may run twice: when somebody
    /// else's fails, the transaction that the two share is undone, and each is done anew alone.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when too many writes wait already, [`Error::Busy`] when another process
    /// holds the lock for longer than [`pragmas::BUSY_TIMEOUT`], [`Error::Unwritable`] when the disk is
    /// full or fails, [`Error::FileReplaced`], [`Error::Panicked`], SQLite's. After any error nothing of `work`
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
    pub fn timed_write<T, W>(&self, work: W) -> (Result<T, Error>, WriteTimings)
    where
        T: Send + 'static,
        W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        #[cfg(feature = "ablation")]
        let work = ablation::looking_first(work);
        #[cfg(feature = "ablation")]
        if let Some(alternative) = &self.alternative {
            return (alternative.write(work), WriteTimings::default());
        }
        self.writer.write(work)
    }

    /// Hands `work` to the writer, as [`Database::write`] does, and does not wait for it. For what only is
    /// nice to have: should it fail, the log says so and nobody else.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when too many writes wait already.
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

    /// From now on each statement that takes `slow` or longer is logged, as it is written, without its values.
    ///
    /// # Errors
    /// As [`Database::write`]'s.
    pub fn log_slow_statements(&mut self, slow: Duration) -> Result<(), Error> {
        self.readers.log_slow_statements(slow);
        self.write(move |connection| {
            slow_statements::watch(connection, slow); // On the writer's own thread.
            Ok(())
        })
    }

    /// The same database, written in another way.
    ///
    /// # Errors
    /// As [`Database::open`].
    #[cfg(feature = "ablation")]
    pub fn with_write_strategy(
        mut self,
        way: WriteStrategy,
        synchronous: Synchronous,
    ) -> Result<Database, OpenError> {
        self.alternative = AlternativeWriter::open(&self.path, way, synchronous)?;
        if self.alternative.is_none() {
            let connection = ablation::group_writer(&self.path, synchronous)?;
            let writer =
                start_writer(&self.path, connection, &self.readers, checkpoint::unguarded, &self.written)?;
            drop(mem::replace(&mut self.writer, writer).stop());
        }
        Ok(self)
    }

    /// How it is at this moment.
    #[must_use]
    pub fn stats(&self) -> DatabaseStats {
        let (readers, idle_readers) = self.readers.counts();
        DatabaseStats { waiting_writes: self.writer.waiting(), readers, idle_readers }
    }

    /// What has been written.
    #[must_use]
    pub fn writer_metrics(&self) -> &WriterMetrics {
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
        self.drain()?.close()
    }

    /// The same, but leaves the WAL as it is: for who uses a database beside a server that goes on.
    ///
    /// # Errors
    /// SQLite's.
    pub fn close_without_checkpoint(self) -> Result<(), Error> {
        self.drain()?.close_without_checkpoint()
    }

    /// Finishes the writes that wait and closes the readers: nothing more is written, and what is in the
    /// WAL can still be copied by others.
    ///
    /// # Errors
    /// [`Error::Panicked`], when the writer has.
    pub fn drain(self) -> Result<Drained, Error> {
        let connection = self.writer.stop()?;
        drop(self.readers);
        pragmas::refresh_statistics(&connection);
        Ok(Drained { connection })
    }
}

/// A database to which nothing more is written.
pub struct Drained {
    connection: Connection,
}

impl Drained {
    /// Moves the whole WAL into the database and closes it. Nobody may be copying the WAL any more. Where
    /// the disk has lost what was copied before, the WAL stays: the next start copies it anew.
    ///
    /// # Errors
    /// See [`Database::close`].
    pub fn close(self) -> Result<(), Error> {
        if !pragmas::keeps_wal_on_close(&self.connection)? {
            match pragmas::truncate_wal(&self.connection) {
                Ok(true) => {}
                Ok(false) => log::warn!("another process reads the database: its WAL could not be emptied"),
                Err(error) => {
                    // SQLite would try once more when it closes the database, and where that seems to
                    // succeed remove a WAL that alone has what the disk did not take at the first time.
                    pragmas::keep_wal_on_close(&self.connection)?;
                    return Err(error.into());
                }
            }
        }
        self.close_without_checkpoint()
    }

    /// Closes it as it is.
    ///
    /// # Errors
    /// SQLite's.
    pub fn close_without_checkpoint(self) -> Result<(), Error> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

/// Starts the writer with its checkpoints.
fn start_writer(
    path: &Path,
    connection: Connection,
    readers: &Readers,
    checkpointing: CheckpointGuard,
    written: &Arc<WriterMetrics>,
) -> Result<Writer, OpenError> {
    let checkpoints = Checkpoints::start(path, &connection, readers.gate(), checkpointing)?;
    Writer::start(connection, checkpoints, Arc::clone(written), DatabaseFiles::of(path))
        .map_err(OpenError::Thread)
}

fn make_folder(path: &Path) -> Result<(), OpenError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|error| OpenError::Folder(folder.to_owned(), error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
