//! The database: many readers, one writer, and nothing in between.
//!
//! [`Database::read`] and [`Database::write`] are the whole interface. A read sees one snapshot. A write has
//! returned only when it is on disk. Neither holds a connection longer than its closure runs, so
//! pages are rendered without one.

mod database;

mod writer;

mod checkpoint;

#[cfg(feature = "ablation")]
pub mod ablation;
mod readers;

mod connection;
mod files;
pub mod header;
mod metrics;
pub mod migrate;

pub mod histogram;
pub mod pragmas;
mod schema;
mod slow_statements;

mod error;

pub use checkpoint::{CheckpointGuard, empty_wal};
pub use connection::POOL_TIMEOUT;
pub use database::{Database, Drained, MIN_SQLITE_VERSION};
pub use error::{Error, OpenError};
pub use metrics::{DatabaseStats, WriteTimings, WriterMetrics};
pub use schema::Schema;
pub use writer::{MAX_BATCH_TIME, MAX_BATCH_WRITES, MAX_QUEUED_WRITES};
