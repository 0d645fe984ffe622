//! SQLite with many readers and one group-commit writer: a write that was answered is on the disk.
//!
//! [`Database::read`] runs a closure on a pooled read-only connection and sees one snapshot.
//! [`Database::write`] queues a closure for the one writer, which commits all queued closures with one flush,
//! and returns when that commit is on the disk (`synchronous=FULL`). Neither holds a connection longer than
//! its closure runs. [`Database::open`] also checks that the file belongs to the program and runs the
//! migrations of its [`Schema`].
//!
//! ```
//! use lorem_store::{Database, Schema};
//!
//! // Migrations are append-only: to change the schema, add one.
//! const SCHEMA: Schema = Schema {
//!     application_id: 0x4e6f_7465, // "Note"
//!     migrations: &[
//!         "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
//!         "ALTER TABLE notes ADD COLUMN is_done INTEGER NOT NULL DEFAULT 0",
//!     ],
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("notes.sqlite3");
//! let db = Database::open(&path, &SCHEMA)?;
//! let id = db.write(|connection| {
//!     connection.execute("INSERT INTO notes (text) VALUES (?1)", ["Buy milk"])?;
//!     Ok(connection.last_insert_rowid())
//! })?; // The note is on the disk.
//! let text: String = db.read(|connection| {
//!     connection.query_row("SELECT text FROM notes WHERE id = ?1", [id], |row| row.get(0))
//! })?;
//! assert_eq!(text, "Buy milk");
//! db.close()?; // The WAL is empty: the database is one file.
//! # assert!(!folder.path().join("notes.sqlite3-wal").exists());
//! # Ok(())
//! # }
//! ```
//!
//! Every queue and wait has a limit, and each is a constant or in the documentation of the method that has
//! it; the crate's README lists them in one table, and every pragma with its reason.

// The modules are in layers, from the top to the ground: a file uses only files in layers below its own.

// Opening, reading, writing, closing.
mod database;

// The queue of writes and group commit.
mod writer;

// Copying the WAL into the database.
mod checkpoint;

// Ways to reach the database's connections.
#[cfg(feature = "ablation")]
pub mod ablation;
mod readers;

// Parts that know one matter each.
mod commits;
mod connection;
mod files;
pub mod header;
mod metrics;
pub mod migrate;

// Plain data and settings.
pub mod histogram;
pub mod pragmas;
mod schema;
mod slow_statements;
pub mod sqlite_build;
mod wal_index;

mod error;

pub use checkpoint::{CheckpointGuard, empty_wal};
pub use commits::CommitObserver;
pub use connection::POOL_TIMEOUT;
pub use database::{Database, Drained, MIN_SQLITE_VERSION};
pub use error::{Error, OpenError};
pub use header::check as check_file;
pub use metrics::{DatabaseStats, WriteTimings, WriterMetrics};
pub use readers::begin_snapshot;
/// The SQLite binding that the closures use.
pub use rusqlite;
pub use schema::Schema;
pub use writer::{MAX_BATCH_TIME, MAX_BATCH_WRITES, MAX_QUEUED_WRITES};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
