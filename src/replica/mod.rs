//! A copy of the database in another location, kept up to date by Litestream (<https://litestream.io>).
//!
//! The server starts Litestream and keeps it running ([`supervisor`], [`shim`]), asks it every ten seconds
//! whether all writes are copied ([`watch`]), and restores the replica every day, because only a restore
//! shows that it can be restored ([`verify`]).
//!
//! The reasons are in `docs/decisions`: 0014 (the processes), 0018 (the WAL) and 0019 (verification).
//!
//! Modules, from the top layer to the bottom: each uses only those below it.

pub mod watch;

pub mod setup;
pub mod supervisor;
pub mod verify;

pub mod restore;
pub mod trial;
pub mod shim;

pub mod copy;
pub mod litestream;

pub mod configuration;
pub mod control;
pub mod database;
pub mod process;
pub mod status;

pub mod lock;
pub mod settings;
pub mod sql;

pub mod binary;
pub mod folder;
pub mod location;

use crate::types::time::Timestamp;

/// The random identity of a database. Its copies have it, too.
pub type Identity = [u8; 16];

/// The random id of a row that a verification writes and then looks for in the restored replica.
pub type Sentinel = [u8; 16];

/// The result of restoring the replica to verify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The time of its end.
    pub at: Timestamp,
    /// The reason for which the replica cannot be relied on; `None`: it can.
    pub fault: Option<String>,
}

/// The tables whose rows a verification counts: none of them ever reuses an id.
pub const COUNTED_TABLES: [&str; 4] = ["users", "posts", "comments", "acts"];

/// The highest id of each of the [`COUNTED_TABLES`]; 0 where a table is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewestIds(pub [i64; COUNTED_TABLES.len()]);

/// The number of rows in each of the [`COUNTED_TABLES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCounts(pub [i64; COUNTED_TABLES.len()]);
