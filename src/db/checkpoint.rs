//! Moves what is in the WAL into the database, beside the writes.
//!
//! Left to itself SQLite checkpoints inside the commit that fills the WAL: everyone who waits for
//! that commit waits also for the copying and for a flush of the database. Here a thread of its own
//! copies while the writer goes on, and the writer afterwards copies the little that came meanwhile,
//! between two transactions: only when the whole WAL is copied can it begin anew at its start.
//! Among busy readers there is always one who began before the last commit and still needs the WAL:
//! when it has become long all the same, our readers are kept out for that last copy (`Readers`), so
//! that the next ones need only the database.
//!
//! All this only where nobody else does it ([`Checkpointing`]): beside Litestream, which checkpoints by
//! itself, half the replicas of a busy database were damaged (docs/resilience.md).

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::pragmas;
use super::{OpenError, open_as};

/// Pages in the WAL from which on it is copied: SQLite's own default, 4 MiB.
const PAGES: i32 = 1000;
/// Pages in the WAL from which on readers are kept out while it is copied: 32 MiB.
const MANY_PAGES: i32 = 8 * PAGES;

/// Runs what it is given, which copies the WAL of the database at the path, unless somebody else does that
/// at present; and sees to it that nobody begins to meanwhile.
pub type Checkpointing = fn(&Path, &dyn Fn());

/// Where nobody else can: always.
pub(super) fn always(_: &Path, copy: &dyn Fn()) {
    copy();
}

/// Who reads now, in this process. A reader that waits here waits for a copy, some milliseconds; the
/// writer waits here for the longest read.
#[derive(Default)]
pub(super) struct Readers(RwLock<()>);

impl Readers {
    /// Runs `work` as one of the readers.
    pub(super) fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        // A lock around nothing cannot be left half changed.
        let _inside = self.0.read().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// Runs `work` while nobody reads.
    fn without_any(&self, work: impl FnOnce()) {
        let _alone = self.0.write().unwrap_or_else(PoisonError::into_inner);
        work();
    }
}

thread_local! {
    /// Pages in the WAL after this thread's last commit, as SQLite tells it.
    static IN_WAL: Cell<i32> = const { Cell::new(0) };
}

/// The writer's side of the work.
pub(super) struct Checkpoints {
    /// `None` when the thread is to end.
    begin: Option<SyncSender<()>>,
    /// Whether it was ours to copy.
    done: Receiver<bool>,
    /// The thread is copying.
    under_way: bool,
    /// So many pages in the WAL are looked at next.
    due: i32,
    path: PathBuf,
    may: Checkpointing,
    readers: Arc<Readers>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread, which ends with this value, and has `writer` count its pages.
    pub(super) fn start(
        path: &Path,
        writer: &Connection,
        readers: Arc<Readers>,
        may: Checkpointing,
    ) -> Result<Checkpoints, OpenError> {
        let connection = open_as(path, pragmas::checkpointer)?;
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
                    let is_ours = Cell::new(false);
                    may(&database, &|| {
                        is_ours.set(true);
                        copy(&connection);
                    });
                    if finished.send(is_ours.get()).is_err() {
                        break;
                    }
                }
            })
            .map_err(OpenError::Thread)?;
        let (begin, thread, path) = (Some(begin), Some(thread), path.to_owned());
        Ok(Checkpoints { begin, done, under_way: false, due: PAGES, path, may, readers, thread })
    }

    /// Called by the writer's thread between two transactions. The number of pages that are in the WAL.
    pub(super) fn after_commit(&mut self, writer: &Connection) -> i32 {
        let pages = IN_WAL.get();
        if self.under_way {
            self.due = match self.done.try_recv() {
                Ok(true) => {
                    self.finish(writer, pages);
                    PAGES
                }
                // Somebody else's: asking again after each commit would not change it.
                Ok(false) => pages + PAGES,
                Err(TryRecvError::Empty) => return pages,
                Err(TryRecvError::Disconnected) => i32::MAX,
            };
            self.under_way = false;
        } else if pages >= self.due {
            self.under_way = self.begin.as_ref().is_some_and(|begin| begin.try_send(()).is_ok());
        } else if pages < PAGES {
            self.due = self.due.min(PAGES); // It has begun anew.
        }
        pages
    }

    /// Copies what came while the thread was copying.
    fn finish(&self, writer: &Connection, pages: i32) {
        (self.may)(&self.path, &|| {
            if pages >= MANY_PAGES {
                self.readers.without_any(|| copy(writer));
            } else {
                copy(writer);
            }
        });
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
fn copy(connection: &Connection) {
    let copied = connection
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
        .and_then(|mut statement| statement.query_row([], |_| Ok(())));
    if let Err(error) = copied {
        log::warn!("checkpoint: {error}");
    }
}
