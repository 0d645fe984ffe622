//! The thread that keeps the full-text index up to date. A write of a post or comment does not index its
//! words, which would take longer than the write itself (`docs/decisions/0012-search.md`). Search finds new
//! text within about half a second, and later while the writer is busy or more is written than a twentieth of
//! the writer's time can index.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lorem_store::{Database, Error};

use super::background::{BackgroundThread, StopRequest};
use crate::search::sql;
use crate::site::Site;
use crate::site::job_runs::Job;

/// The least time between two checks for new text.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The pause after a step as a multiple of the step's duration (with its wait for the writer): other writes
/// get 19 twentieths of the writer's time.
const PAUSE_FACTOR: u32 = 19;
/// The pause after a failed step.
const ERROR_PAUSE: Duration = Duration::from_secs(5);

/// Indexes some of the new text in one write. Returns whether there may be more.
///
/// # Errors
/// Those of [`Database::read`] and [`Database::write`].
pub fn step(db: &Database) -> Result<bool, Error> {
    if !db.read(sql::is_behind)? {
        return Ok(false);
    }
    db.write(sql::index_step)
}

/// The handle of the thread. Dropping it stops the thread after the present step; the next start continues
/// there.
pub struct Indexer {
    _thread: BackgroundThread,
}

impl Indexer {
    /// Starts the thread. If that fails, the error is logged and the site runs on: search does not find new
    /// text until the next start.
    #[must_use]
    pub fn start(site: Arc<Site>) -> Indexer {
        let steps = move |stop: &StopRequest| {
            loop {
                let began = Instant::now();
                let pause = match site.run_job(Job::Indexer, || step(&site.db)) {
                    Ok(true) => began.elapsed() * PAUSE_FACTOR,
                    Ok(false) => POLL_INTERVAL.max(began.elapsed() * PAUSE_FACTOR),
                    Err(error) => {
                        log::error!("indexing failed and will be tried again: {error}");
                        ERROR_PAUSE
                    }
                };
                if stop.within(pause) {
                    break;
                }
            }
        };
        Indexer { _thread: BackgroundThread::start("indexer", steps) }
    }
}
