//! Checkpoints, which copy the WAL into the database, beside the writes.
//!
//! SQLite's automatic checkpoint runs inside the commit that fills the WAL: every caller in that commit also
//! waits for the copy and for a flush of the database. Here a thread with a connection of its own copies
//! while the writer goes on. Afterwards the writer copies the few pages that came meanwhile, between two
//! transactions: the WAL begins at its start again only after all of it is copied
//! (<https://sqlite.org/wal.html#ckpt>).
//!
//! Among busy readers there is always one that began before the last commit and still needs the WAL. If the
//! WAL nevertheless becomes long, the last copy keeps this process's readers out (`ReaderGate`), and later
//! readers need only the database.
//!
//! A [`CheckpointGuard`] decides whether this process may checkpoint at all. Litestream must be the only one
//! that checkpoints a database that it replicates (<https://litestream.io/tips/>): with a second one, half of
//! the replicas of a busy database were damaged.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags, Row};

use crate::connection::open_read_write;
use crate::error::{OpenError, is_flush_failure};
use crate::pragmas;
use crate::readers::ReaderGate;

/// A WAL of this many pages is copied: 16 MiB with pages of 4 KiB. SQLite's default is 1,000. Each copy
/// flushes the database, and a page that many commits change is copied once instead of four times; measured
/// with 20 clients, small inserts were 1.1 times as fast.
const CHECKPOINT_PAGES: i32 = 4000;
/// The copy of a WAL of this many pages keeps readers out: 32 MiB with pages of 4 KiB.
const BLOCK_READERS_PAGES: i32 = 2 * CHECKPOINT_PAGES;
/// More pages than a WAL can have.
const NEVER: i32 = i32::MAX;

/// Gets the path of the database and a function that runs one checkpoint. It calls the function at most once,
/// and not while another process may checkpoint; until the function returns it keeps other processes from
/// beginning to.
pub type CheckpointGuard = fn(&Path, &dyn Fn());

/// The guard of a database that no other process checkpoints.
pub(crate) fn unguarded(_: &Path, checkpoint: &dyn Fn()) {
    checkpoint();
}

thread_local! {
    /// The number of pages in the WAL after this thread's last commit, as SQLite's hook reports it.
    static WAL_PAGES: Cell<i32> = const { Cell::new(0) };
}

/// How a copy ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum CopyOutcome {
    /// All pages that the WAL had at its end are copied, and the database is flushed.
    Complete,
    /// The pages that no reader needs in the WAL are copied, and not flushed.
    Partial,
    /// An error; the next copy begins again.
    Failed,
    /// An error of the flush.
    FlushFailed,
}

/// The writer's side of the checkpoints.
pub(crate) struct Checkpoints {
    /// Starts a copy; `None` tells the thread to end.
    start: Option<SyncSender<()>>,
    /// The outcomes of the thread's copies; `None` when the guard did not allow one.
    outcomes: Receiver<Option<CopyOutcome>>,
    /// The thread is copying.
    is_copying: bool,
    /// The number of pages in the WAL from which on the next copy starts.
    due: i32,
    /// Pages were copied that may not have reached the disk.
    has_unflushed: bool,
    path: PathBuf,
    guard: CheckpointGuard,
    gate: Arc<ReaderGate>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread, which ends when this value is dropped, and counts the pages that `writer` commits.
    pub(crate) fn start(
        path: &Path,
        writer: &Connection,
        gate: Arc<ReaderGate>,
        guard: CheckpointGuard,
    ) -> Result<Checkpoints, OpenError> {
        let connection = open_read_write(path, pragmas::configure_checkpointer)?;
        writer.wal_hook(Some(|_: &Wal, pages| {
            WAL_PAGES.set(pages);
            Ok(())
        }));
        let (start, started) = sync_channel(1);
        let (finished, outcomes) = sync_channel(1);
        let database = path.to_owned();
        let thread = thread::Builder::new()
            .name("checkpointer".into())
            .spawn(move || {
                while started.recv().is_ok() {
                    let outcome = Cell::new(None);
                    guard(&database, &|| outcome.set(Some(copy_wal(&connection))));
                    if finished.send(outcome.get()).is_err() {
                        break;
                    }
                }
            })
            .map_err(OpenError::Thread)?;
        Ok(Checkpoints {
            start: Some(start),
            outcomes,
            is_copying: false,
            due: CHECKPOINT_PAGES,
            has_unflushed: false,
            path: path.to_owned(),
            guard,
            gate,
            thread: Some(thread),
        })
    }

    /// Starts or finishes a copy when one is due, and returns the number of pages in the WAL after the last
    /// commit. The writer's thread calls it between two transactions.
    pub(crate) fn after_commit(&mut self, writer: &Connection) -> i32 {
        let pages = WAL_PAGES.get();
        if self.is_copying {
            self.due = match self.outcomes.try_recv() {
                Ok(Some(CopyOutcome::Complete | CopyOutcome::Partial)) => {
                    // Pages that came meanwhile are not copied, so nothing was flushed.
                    self.has_unflushed = true;
                    let outcome = self.finish(writer, pages);
                    self.next_due(writer, pages, outcome)
                }
                Ok(Some(failure)) => self.next_due(writer, pages, Some(failure)),
                // Another process checkpoints: to ask again after each commit would change nothing.
                Ok(None) => pages + CHECKPOINT_PAGES,
                Err(TryRecvError::Empty) => return pages,
                Err(TryRecvError::Disconnected) => NEVER,
            };
            self.is_copying = false;
        } else if pages >= self.due {
            self.is_copying = self.start.as_ref().is_some_and(|start| start.try_send(()).is_ok());
        } else if pages < CHECKPOINT_PAGES && self.due != NEVER {
            self.due = self.due.min(CHECKPOINT_PAGES); // The WAL has begun at its start again.
        }
        pages
    }

    /// Copies the pages that came while the thread was copying, if the guard allows it.
    fn finish(&self, writer: &Connection, pages: i32) -> Option<CopyOutcome> {
        let outcome = Cell::new(None);
        (self.guard)(&self.path, &|| {
            if pages >= BLOCK_READERS_PAGES {
                self.gate.exclusive(|| outcome.set(Some(copy_wal(writer))));
            } else {
                outcome.set(Some(copy_wal(writer)));
            }
        });
        outcome.get()
    }

    /// The number of pages at which the next copy starts, after a copy of a WAL of `pages`.
    fn next_due(&mut self, writer: &Connection, pages: i32, outcome: Option<CopyOutcome>) -> i32 {
        match outcome {
            Some(CopyOutcome::Complete) => {
                self.has_unflushed = false; // The writer copied, so no write came meanwhile: all was flushed.
                CHECKPOINT_PAGES
            }
            Some(CopyOutcome::Partial) | None => CHECKPOINT_PAGES,
            Some(CopyOutcome::FlushFailed) if self.has_unflushed => {
                stop_checkpoints(writer);
                NEVER
            }
            // The cause may last, as a full disk does.
            Some(CopyOutcome::FlushFailed | CopyOutcome::Failed) => pages + CHECKPOINT_PAGES,
        }
    }

    /// Empties the WAL into the open database after its file was moved, deleted or replaced: a WAL beside
    /// another database would be taken for that database's, and destroy it. Returns whether nothing is left
    /// to do; the guard or a reader may keep the WAL for now.
    pub(crate) fn empty_wal(&mut self, writer: &Connection) -> bool {
        if self.due == NEVER {
            return true;
        }
        let emptied = Cell::new(Ok(false));
        (self.guard)(&self.path, &|| {
            self.gate.exclusive(|| emptied.set(pragmas::try_truncate_wal(writer)));
        });
        match emptied.into_inner() {
            Ok(is_empty) => is_empty,
            Err(error) if classify_failure(&error) == CopyOutcome::FlushFailed => {
                stop_checkpoints(writer);
                self.due = NEVER;
                true
            }
            Err(_) => false,
        }
    }
}

/// Closes the thread's connection, which must precede the close of the database.
impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.start = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the checkpointer panicked");
        }
    }
}

/// Copies the pages that no reader needs in the WAL. The next copy takes the others.
fn copy_wal(connection: &Connection) -> CopyOutcome {
    let complete = connection
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
        .and_then(|mut statement| statement.query_row([], is_complete));
    match complete {
        Ok(true) => CopyOutcome::Complete,
        Ok(false) => CopyOutcome::Partial,
        Err(error) => classify_failure(&error),
    }
}

/// Logs the error of a copy and returns its outcome.
fn classify_failure(error: &rusqlite::Error) -> CopyOutcome {
    lorem_counted_log::warn!("checkpoint: {error}");
    if is_flush_failure(error) { CopyOutcome::FlushFailed } else { CopyOutcome::Failed }
}

/// Whether all pages of the WAL were copied, and no other connection was checkpointing meanwhile
/// (<https://sqlite.org/pragma.html#pragma_wal_checkpoint>).
fn is_complete(row: &Row) -> rusqlite::Result<bool> {
    let (busy, in_wal, copied): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(!busy && in_wal == copied)
}

/// Ends checkpoints after a failed flush, until the database is opened again. The system may have dropped the
/// pages that it could not write: it reports that once, and the next flush succeeds without them
/// (<https://wiki.postgresql.org/wiki/Fsync_Errors>). SQLite copies only pages that it has not copied, so the
/// WAL would begin at its start again although it alone has the dropped pages. After a restart SQLite copies
/// all of it.
fn stop_checkpoints(writer: &Connection) {
    log::error!(
        "flushing the database failed after a checkpoint: the WAL, which has every page, is kept and grows until \
         the program is restarted"
    );
    if let Err(error) = pragmas::keep_wal_on_close(writer) {
        log::error!("the WAL is not kept when the program stops: {error}");
    }
}

/// Copies the whole WAL of a database that other processes use into it, and truncates the WAL. Returns
/// whether it is empty: for at most `timeout` (and one more round) it waits for transactions that began to
/// read before the last write. Writers of other processes wait up to 50 ms at a time, and while the last
/// pages are copied and flushed.
///
/// # Errors
/// [`OpenError::Sqlite`] when the database is missing or cannot be opened or written; then the WAL is
/// unchanged.
pub fn empty_wal(path: &Path, timeout: Duration) -> Result<bool, OpenError> {
    /// How long one attempt makes writers wait, and the pause before the next.
    const ATTEMPT: Duration = Duration::from_millis(50);
    // Without SQLITE_OPEN_CREATE: a missing database may be restored later.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    pragmas::configure_checkpointer(&mut connection)?;
    // SQLite would try once more if this were the last connection.
    pragmas::keep_wal_on_close(&connection)?;
    connection.busy_timeout(ATTEMPT)?;
    let began = Instant::now();
    loop {
        // This copies most pages beside the writes.
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        if pragmas::truncate_wal(&connection)? {
            return Ok(true);
        }
        if began.elapsed() > timeout {
            return Ok(false);
        }
        thread::sleep(ATTEMPT);
    }
}
