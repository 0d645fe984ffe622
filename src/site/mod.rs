//! The state that every request needs, as plain data: configuration, database, limiters, metrics.

pub mod config;
pub mod copies;
pub mod cookie_names;
pub mod error_log;
pub mod feed_ids;
pub mod first_admin;
pub mod hashing;
pub mod in_flight;
pub mod job_runs;
pub mod kept_pages;
pub mod kept_pieces;
pub mod limiter;
pub mod origin;
pub mod page_titles;
pub mod rate_limits;
pub mod semaphore;
pub mod settings;
pub mod smtp;
pub mod trial;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};

use lorem_http::ServerStats;
use lorem_store::Database;

use crate::changes::Changes;
use crate::errors::with_causes;
use crate::metrics::requests::RequestMetrics;
use crate::replica::status::ReplicaStatus;
use crate::types::time::Timestamp;
use config::Config;
use cookie_names::CookieNames;
use error_log::NewError;
use error_log::recorder::ErrorLog;
use feed_ids::FeedIds;
use first_admin::FirstAdmin;
use hashing::Hashing;
use in_flight::InFlight;
use job_runs::{Job, JobRuns};
use kept_pages::KeptPages;
use kept_pieces::{Asked, KeptPieces};
use limiter::Limiter;
use page_titles::PageTitles;
use semaphore::Semaphore;
use settings::kept::KeptSettings;
use trial::Trials;

/// The state that every request needs.
pub struct Site {
    /// The operator's settings.
    pub config: Config,
    /// The link that makes the first admin.
    pub first_admin: FirstAdmin,
    /// What admins have set.
    pub settings: KeptSettings,
    /// The database.
    pub db: Database,
    /// What each commit changes.
    pub changes: Arc<Changes>,
    /// Copies of pages and of their pieces; `None`: none are kept.
    pub kept: Option<Kept>,
    /// The ids of feeds and their entries.
    pub feed_ids: FeedIds,
    /// The names of cookies.
    pub cookie_names: CookieNames,
    /// Permits for reading and rendering.
    pub request_permits: Semaphore,
    /// Permits and memory for hashing passwords.
    pub hashing: Hashing,
    /// Titles of linked pages; `None`: the operator does not allow to fetch them.
    pub page_titles: Option<PageTitles>,
    /// The rate limits and the recent actions.
    pub limiter: Limiter,
    /// The status of the replica; `None`: there is no replica.
    pub replica: Option<Arc<ReplicaStatus>>,
    /// Permits to write a person's own data.
    pub downloads: Semaphore,
    /// The number of open streams of the API of Hacker News.
    pub streams: AtomicUsize,
    /// The requests to the API with an idempotency key that are being answered.
    pub in_flight: InFlight,
    /// Response counts and times by route.
    pub requests: RequestMetrics,
    /// The errors that were answered with 500, and those of jobs.
    pub error_log: Arc<ErrorLog>,
    /// The last runs of the jobs.
    pub job_runs: Arc<JobRuns>,
    /// The copy of the replica to try.
    pub trials: Arc<Trials>,
    /// The statistics of [`lorem_http`]'s server; `None` under another server.
    pub server_stats: Option<ServerStats>,
}

/// The copies that are kept.
pub struct Kept {
    /// Whole pages.
    pub pages: KeptPages,
    /// Pieces of pages.
    pub pieces: KeptPieces,
    /// The pieces that have been asked for.
    pub asked: Asked,
    /// How often a copy of a piece was found.
    pub piece_hits: AtomicU64,
    /// How often none was found.
    pub piece_misses: AtomicU64,
}

/// The bytes of a usual page, compressed.
const USUAL_PAGE_BYTES: u64 = 8 * 1024;
/// The bytes of a usual piece, a row of a list.
const USUAL_PIECE_BYTES: u64 = 1536;

impl Kept {
    /// Copies of at most this number of bytes, half of which is for pieces.
    #[must_use]
    pub fn new(bytes: u64) -> Kept {
        Kept {
            pages: KeptPages::new(bytes / 2, USUAL_PAGE_BYTES),
            pieces: KeptPieces::new(bytes / 2, USUAL_PIECE_BYTES),
            asked: Asked::default(),
            piece_hits: AtomicU64::new(0),
            piece_misses: AtomicU64::new(0),
        }
    }
}

impl Site {
    /// Runs a job: remembers the run, and records its error.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn run_job<T, E: Error>(&self, job: Job, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let run = self.job_runs.begin(job);
        let result = work();
        let fault = result.as_ref().err().map(|error| with_causes(error));
        if let Some(cause) = &fault {
            self.error_log.record(NewError {
                kind: error_log::Kind::Job,
                at: Timestamp::now(),
                place: job.name().to_owned(),
                cause: cause.clone(),
                request_id: String::new(),
            });
        }
        run.end(fault);
        result
    }
}

/// The database, for the replica's threads.
impl AsRef<Database> for Site {
    fn as_ref(&self) -> &Database {
        &self.db
    }
}
