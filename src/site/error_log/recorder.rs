//! The file with the recorded errors, and the thread that writes it.
//!
//! A request only puts its error into a bounded queue. A thread, which the first error starts, stores what is in the
//! queue. What cannot be queued or stored is counted; the log has it in any case.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::{Counts, ErrorGroup, Listed, NewError, Occurrence, sql};
use crate::file_mode::FileMode;
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::ErrorGroupId;
use crate::types::time::Timestamp;

/// The errors that may wait to be stored. Beyond it they are dropped and counted.
const MAX_QUEUED: usize = 1024;
/// The errors that share a transaction.
const MAX_BATCH: usize = 256;
/// How long the end of the program waits for what is queued: the disk may hang.
const MAX_DRAIN: Duration = Duration::from_secs(2);

/// The recorded errors of one site.
pub struct ErrorLog {
    file: ErrorFile,
    tally: Arc<Tally>,
    recorder: Mutex<Option<Recorder>>,
}

/// The file, which is opened when it is needed.
#[derive(Clone)]
struct ErrorFile {
    path: PathBuf,
    mode: FileMode,
}

#[derive(Default)]
struct Tally {
    stored: AtomicU64,
    dropped: AtomicU64,
}

/// The thread that stores errors.
struct Recorder {
    queue: SyncSender<NewError>,
    /// It is closed when the thread has ended.
    ended: Receiver<()>,
}

impl ErrorLog {
    /// The errors of the site with this database. No file is made before the first error.
    #[must_use]
    pub fn beside(database: &Path, mode: FileMode) -> ErrorLog {
        let file = ErrorFile { path: file_beside(database), mode };
        ErrorLog { file, tally: Arc::default(), recorder: Mutex::default() }
    }

    /// Records an error, soon. It never waits for the disk.
    pub fn record(&self, error: NewError) {
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        if recorder.is_none() {
            *recorder = Recorder::start(self.file.clone(), Arc::clone(&self.tally));
        }
        let queued = recorder.as_ref().is_some_and(|recorder| recorder.queue.try_send(error).is_ok());
        if !queued {
            self.tally.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A page of groups, those that occurred last first.
    ///
    /// # Errors
    /// SQLite's, when the file cannot be read.
    pub fn list(&self, listed: Listed, after: Cursor, limit: u32) -> rusqlite::Result<Slice<ErrorGroup>> {
        match self.file.open_existing()? {
            Some(connection) => sql::list(&connection, listed, after, limit),
            None => Ok(Slice::of(Vec::new(), limit, ErrorGroup::cursor)),
        }
    }

    /// A group with its last occurrences, newest first; `None`: there is no such group.
    ///
    /// # Errors
    /// SQLite's, when the file cannot be read.
    pub fn find(&self, id: ErrorGroupId) -> rusqlite::Result<Option<(ErrorGroup, Vec<Occurrence>)>> {
        let Some(connection) = self.file.open_existing()? else { return Ok(None) };
        let Some(group) = sql::find(&connection, id)? else { return Ok(None) };
        Ok(Some((group, sql::occurrences(&connection, id)?)))
    }

    /// Resolves a group at this time, or opens it again. Returns whether there is such a group.
    ///
    /// # Errors
    /// SQLite's, when the file cannot be written.
    pub fn resolve(&self, id: ErrorGroupId, at: Option<Timestamp>) -> rusqlite::Result<bool> {
        match self.file.open_existing()? {
            Some(connection) => sql::resolve(&connection, id, at),
            None => Ok(false),
        }
    }

    /// The numbers of now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let groups = match self.file.open_existing() {
            Ok(Some(connection)) => sql::count(&connection).ok(),
            Ok(None) => Some((0, 0)),
            Err(_) => None,
        };
        Counts {
            stored: self.tally.stored.load(Ordering::Relaxed),
            dropped: self.tally.dropped.load(Ordering::Relaxed),
            open: groups.map(|(open, _)| open),
            resolved: groups.map(|(_, resolved)| resolved),
        }
    }
}

/// The end of the program stores what is queued, unless the disk hangs.
impl Drop for ErrorLog {
    fn drop(&mut self) {
        let recorder = self.recorder.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Recorder { queue, ended }) = recorder.take() {
            drop(queue);
            let _ = ended.recv_timeout(MAX_DRAIN);
        }
    }
}

/// `news-errors.sqlite3` beside `news.sqlite3`.
fn file_beside(database: &Path) -> PathBuf {
    let mut name = database.file_stem().unwrap_or_default().to_owned();
    name.push("-errors.sqlite3");
    database.with_file_name(name)
}

impl ErrorFile {
    /// Opens the file; `None`: there is none, so nothing has been recorded.
    fn open_existing(&self) -> rusqlite::Result<Option<Connection>> {
        if self.path.exists() { sql::open(&self.path).map(Some) } else { Ok(None) }
    }

    fn open_or_create(&self) -> rusqlite::Result<Connection> {
        self.mode.tighten(&self.path);
        sql::open(&self.path)
    }
}

impl Recorder {
    /// `None`: the operating system refuses a thread.
    fn start(file: ErrorFile, tally: Arc<Tally>) -> Option<Recorder> {
        let (queue, queued) = sync_channel::<NewError>(MAX_QUEUED);
        let (running, ended) = channel();
        let record = move || {
            let _running = running;
            let mut connection = None;
            while let Ok(first) = queued.recv() {
                let batch: Vec<NewError> =
                    std::iter::once(first).chain(queued.try_iter().take(MAX_BATCH - 1)).collect();
                store(&file, &mut connection, &batch, &tally);
            }
        };
        let started = thread::Builder::new().name("errors".into()).spawn(record);
        match started {
            Ok(_) => Some(Recorder { queue, ended }),
            Err(error) => {
                lorem_counted_log::error!("errors are not recorded, only logged: no thread: {error}");
                None
            }
        }
    }
}

/// Stores a batch of errors by one transaction. What fails is counted, and the file is opened anew for the next batch.
fn store(file: &ErrorFile, connection: &mut Option<Connection>, batch: &[NewError], tally: &Tally) {
    let opened = connection.take().map_or_else(|| file.open_or_create(), Ok);
    let stored = opened.and_then(|mut open| {
        sql::add(&mut open, batch)?;
        *connection = Some(open);
        Ok(())
    });
    let counter = match stored {
        Ok(()) => &tally.stored,
        Err(error) => {
            lorem_counted_log::warn!(
                "errors are not recorded in {}, only logged: {error}",
                file.path.display()
            );
            &tally.dropped
        }
    };
    counter.fetch_add(batch.len() as u64, Ordering::Relaxed);
}

#[cfg(test)]
mod tests;
