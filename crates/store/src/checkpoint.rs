//! Moves what is in the WAL into the database, beside the writes.
//!
//! Left to itself SQLite checkpoints inside the commit that fills the WAL: everyone who waits for
//! that commit waits also for the copying and for a flush of the database. Here a thread of its own
//! copies while the writer goes on, and the writer afterwards copies the little that came meanwhile,
//! between two transactions: only when the whole WAL is copied can it begin anew at its start.
//! Among busy readers there is always one who began before the last commit and still needs the WAL:
//! when it has become long all the same, our readers are kept out for that last copy (`ReaderGate`), so
//! that the next ones need only the database.
//!
//! All this only where nobody else does it ([`CheckpointGuard`]): beside Litestream, which checkpoints by
//! itself, half the replicas of a busy database were damaged (docs/resilience.md).

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

/// Pages in the WAL from which on it is copied: 16 MiB. SQLite's own default is 1,000, but each copy flushes the
/// database, and a page that is written again and again is copied once instead of four times
/// (docs/decisions/0002-group-commit.md).
const CHECKPOINT_PAGES: i32 = 4000;
/// Pages in the WAL from which on readers are kept out while it is copied: 32 MiB.
const BLOCK_READERS_PAGES: i32 = 2 * CHECKPOINT_PAGES;
/// More pages than a WAL ever has.
const NEVER: i32 = i32::MAX;

/// Runs what it is given, which copies the WAL of the database at the path, unless somebody else does that
/// at present; and sees to it that nobody begins to meanwhile.
pub type CheckpointGuard = fn(&Path, &dyn Fn());

/// Where nobody else can: always.
pub(crate) fn unguarded(_: &Path, copy: &dyn Fn()) {
    copy();
}

thread_local! {
    /// Pages in the WAL after this thread's last commit, as SQLite tells it.
    static IN_WAL: Cell<i32> = const { Cell::new(0) };
}

/// How copying ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum CopyOutcome {
    /// With all that was in the WAL when it began.
    Complete,
    /// With what no reader needed there any more.
    Partial,
    /// With an error: what was copied will be copied once more.
    Failed,
    /// The same, and the error was that of a flush.
    FlushFailed,
}

/// The writer's side of the work.
pub(crate) struct Checkpoints {
    /// `None` when the thread is to end.
    begin: Option<SyncSender<()>>,
    /// What came of it; `None` when it was not ours to copy.
    done: Receiver<Option<CopyOutcome>>,
    /// The thread is copying.
    under_way: bool,
    /// So many pages in the WAL are looked at next.
    due: i32,
    /// Pages were copied of which it is not known yet that they have reached the disk.
    unflushed: bool,
    path: PathBuf,
    may: CheckpointGuard,
    gate: Arc<ReaderGate>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread, which ends with this value, and has `writer` count its pages.
    pub(crate) fn start(
        path: &Path,
        writer: &Connection,
        gate: Arc<ReaderGate>,
        may: CheckpointGuard,
    ) -> Result<Checkpoints, OpenError> {
        let connection = open_read_write(path, pragmas::configure_checkpointer)?;
        writer.wal_hook(Some(|_: &Wal, pages| {
            IN_WAL.set(pages);
            Ok(())
        }));
        let (begin, begun) = sync_channel(1);
        let (finished, done) = sync_channel(1);
        let database = path.to_owned();
        let thread = thread::Builder::new()
            .name("checkpointer".into())
            .spawn(move || {
                while begun.recv().is_ok() {
                    let copied = Cell::new(None);
                    may(&database, &|| copied.set(Some(copy(&connection))));
                    if finished.send(copied.get()).is_err() {
                        break;
                    }
                }
            })
            .map_err(OpenError::Thread)?;
        let (begin, thread, path) = (Some(begin), Some(thread), path.to_owned());
        let (under_way, unflushed) = (false, false);
        Ok(Checkpoints { begin, done, under_way, due: CHECKPOINT_PAGES, unflushed, path, may, gate, thread })
    }

    /// Called by the writer's thread between two transactions. The number of pages that are in the WAL.
    pub(crate) fn after_commit(&mut self, writer: &Connection) -> i32 {
        let pages = IN_WAL.get();
        if self.under_way {
            self.due = match self.done.try_recv() {
                Ok(Some(CopyOutcome::Complete | CopyOutcome::Partial)) => {
                    self.unflushed = true; // What came meanwhile is not copied, so nothing was flushed.
                    let copied = self.finish(writer, pages);
                    self.next(writer, pages, copied)
                }
                Ok(Some(failed)) => self.next(writer, pages, Some(failed)),
                // Somebody else's: asking again after each commit would not change it.
                Ok(None) => pages + CHECKPOINT_PAGES,
                Err(TryRecvError::Empty) => return pages,
                Err(TryRecvError::Disconnected) => NEVER,
            };
            self.under_way = false;
        } else if pages >= self.due {
            self.under_way = self.begin.as_ref().is_some_and(|begin| begin.try_send(()).is_ok());
        } else if pages < CHECKPOINT_PAGES && self.due != NEVER {
            self.due = self.due.min(CHECKPOINT_PAGES); // It has begun anew.
        }
        pages
    }

    /// Copies what came while the thread was copying, if that is ours to do.
    fn finish(&self, writer: &Connection, pages: i32) -> Option<CopyOutcome> {
        let copied = Cell::new(None);
        (self.may)(&self.path, &|| {
            if pages >= BLOCK_READERS_PAGES {
                self.gate.exclusive(|| copied.set(Some(copy(writer))));
            } else {
                copied.set(Some(copy(writer)));
            }
        });
        copied.get()
    }

    /// When the next copy is due, after one of `pages` that ended so.
    fn next(&mut self, writer: &Connection, pages: i32, copied: Option<CopyOutcome>) -> i32 {
        match copied {
            Some(CopyOutcome::Complete) => {
                self.unflushed = false; // Nobody wrote meanwhile: the writer did it. So all was flushed.
                CHECKPOINT_PAGES
            }
            Some(CopyOutcome::Partial) | None => CHECKPOINT_PAGES,
            Some(CopyOutcome::FlushFailed) if self.unflushed => {
                give_up(writer);
                NEVER
            }
            // As with a full disk: it may last.
            Some(CopyOutcome::FlushFailed | CopyOutcome::Failed) => pages + CHECKPOINT_PAGES,
        }
    }

    /// The database is not where it was any more: what is in the WAL goes into it wherever it is now, so
    /// that nobody finds the WAL beside another database and takes it for that one's. Whether there is
    /// nothing left to do: somebody else may be copying, or reading.
    pub(crate) fn empty(&mut self, writer: &Connection) -> bool {
        if self.due == NEVER {
            return true;
        }
        let emptied = Cell::new(Ok(false));
        (self.may)(&self.path, &|| {
            self.gate.exclusive(|| emptied.set(pragmas::try_truncate_wal(writer)));
        });
        match emptied.into_inner() {
            Ok(is_empty) => is_empty,
            Err(error) if failed(&error) == CopyOutcome::FlushFailed => {
                give_up(writer);
                self.due = NEVER;
                true
            }
            Err(_) => false,
        }
    }
}

/// Its connection must be closed before the database is.
impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.begin = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the checkpointer panicked");
        }
    }
}

/// Copies what no reader still needs in the WAL. What stays is copied the next time.
fn copy(connection: &Connection) -> CopyOutcome {
    let copied = connection
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
        .and_then(|mut statement| statement.query_row([], is_whole));
    match copied {
        Ok(true) => CopyOutcome::Complete,
        Ok(false) => CopyOutcome::Partial,
        Err(error) => failed(&error),
    }
}

/// What came of a copy that ended with an error.
fn failed(error: &rusqlite::Error) -> CopyOutcome {
    log::warn!("checkpoint: {error}");
    if is_flush_failure(error) { CopyOutcome::FlushFailed } else { CopyOutcome::Failed }
}

/// Whether as many pages were copied as there are in the WAL, and somebody else did not do it meanwhile.
fn is_whole(row: &Row) -> rusqlite::Result<bool> {
    let (busy, in_wal, copied): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(!busy && in_wal == copied)
}

/// A flush failed, and the system may have thrown away the pages that it could not write: it says so once,
/// and the next flush succeeds without them. SQLite copies only what it has not copied yet, so the next
/// copy would let the WAL begin anew that alone still has them (docs/decisions/0015-faults.md). All of it
/// is copied anew after a restart: until then the WAL grows.
fn give_up(writer: &Connection) {
    log::error!(
        "the disk did not take what was copied into the database: the WAL, which has all of it, is kept and \
         grows until the server is restarted"
    );
    if let Err(error) = pragmas::keep_wal_on_close(writer) {
        log::error!("the WAL is not kept when the server stops: {error}");
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
    pragmas::configure_checkpointer(&mut connection)?;
    pragmas::keep_wal_on_close(&connection)?; // SQLite would try once more when this is the last one to close it.
    connection.busy_timeout(MOMENT)?;
    let began = Instant::now();
    loop {
        // Most of it is copied beside the writes.
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        if pragmas::truncate_wal(&connection)? {
            return Ok(true);
        }
        if began.elapsed() > patience {
            return Ok(false);
        }
        thread::sleep(MOMENT);
    }
}
