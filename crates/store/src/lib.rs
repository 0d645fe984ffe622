//! The database: many readers, one writer, and nothing in between.
//!
//! [`Db::read`] and [`Db::write`] are the whole interface. A read sees one snapshot. A write has
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

pub use checkpoint::{Checkpointing, empty_wal};
pub use database::{Db, Settled};
pub use error::{Error, OpenError};
pub use metrics::{Figures, Spent, Written};
pub use schema::Schema;
