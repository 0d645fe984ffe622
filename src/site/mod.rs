//! What every request needs, as plain data: the configuration, the database, limiters, metrics.

pub mod config;
pub mod limiter;
pub mod origin;
pub mod semaphore;

use std::sync::Arc;

use lorem_http::ServerStats;
use lorem_store::Database;

use crate::metrics::requests::RequestMetrics;
use crate::replica::status::ReplicaStatus;
use config::Config;
use limiter::Limiter;
use semaphore::Semaphore;

/// What every request needs.
pub struct Site {
    /// What the operator decided.
    pub config: Config,
    /// Where everything is kept.
    pub db: Database,
    /// Requests that read and render have a permit.
    pub request_permits: Semaphore,
    /// Requests that hash a password have a permit.
    pub hash_permits: Semaphore,
    /// The rate limits.
    pub limiter: Limiter,
    /// How the replica is; `None`: there is no replica.
    pub replica: Option<Arc<ReplicaStatus>>,
    /// Counts of answers, by route.
    pub requests: RequestMetrics,
    /// The load of our server; `None` where another one serves.
    pub server_stats: Option<ServerStats>,
}

/// What the replica's threads need.
impl AsRef<Database> for Site {
    fn as_ref(&self) -> &Database {
        &self.db
    }
}
