//! Keeps the index of words, beside the writes: who posts, comments or changes something does not wait
//! for their words to be sorted in, which would take longer than the write itself
//! (`docs/decisions/0012-search.md`). What is new is found within about half a second; while the writer is
//! busy, or more is written than a twentieth of its time can sort in, somewhat later.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::search::sql;
use crate::site::Site;
use lorem_store::{Database, Error};

/// Between two looks at whether there is anything to do, at least.
const EVERY: Duration = Duration::from_millis(250);
/// After a step, which may have had to wait for its turn, others have so many times as long for their writes.
const PATIENCE: u32 = 19;
/// After an error, which is logged.
const AFTER_ERROR: Duration = Duration::from_secs(5);

/// Takes one step; whether there may be more to do.
///
/// # Errors
/// The database's.
pub fn step(db: &Database) -> Result<bool, Error> {
    if !db.read(sql::is_behind)? {
        return Ok(false);
    }
    db.write(sql::index_some)
}

/// The thread that does it. It stops when this is dropped: after the step that it is at. The next start
/// goes on there.
pub struct Indexer {
    /// Nothing is ever sent: that it is gone says stop.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Indexer {
    /// Begins at once. Without a thread, which is logged, the site is served all the same: what is new is
    /// not found until the next start.
    #[must_use]
    pub fn start(site: Arc<Site>) -> Indexer {
        let (stop, stopped) = channel::<()>();
        let steps = move || {
            loop {
                let began = Instant::now();
                let pause = match step(&site.db) {
                    Ok(true) => began.elapsed() * PATIENCE,
                    Ok(false) => EVERY.max(began.elapsed() * PATIENCE),
                    Err(error) => {
                        log::error!("indexing: {error}; it is tried again");
                        AFTER_ERROR
                    }
                };
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name("indexer".into()).spawn(steps);
        if let Err(error) = &thread {
            log::error!("no thread for indexing: {error}");
        }
        Indexer { stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the indexer panicked");
        }
    }
}
