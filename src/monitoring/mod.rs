//! The numbers of the running site, for programs that watch it (`/metrics`) and for admins (`/admin`): both show one
//! [`Reading`].

pub mod handlers;
pub mod sql;

use crate::replica::status::Health;
use crate::site::error_log;
use crate::site::job_runs::{Job, JobRecord};

/// The numbers of one moment. What cannot be read is `None`.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Sizes in the database.
    pub sizes: Option<Sizes>,
    /// Bytes in the WAL after the last commit.
    pub wal: Option<u64>,
    /// Writes that wait for the writer.
    pub queued_writes: usize,
    /// Requests that wait for a permit to compute.
    pub waiting_requests: usize,
    /// The connections; `None`: under another server.
    pub connections: Option<Connections>,
    /// Bytes of copies of pages and of their pieces; `None`: none are kept.
    pub kept: Option<(u64, u64)>,
    /// Users, and what is flagged.
    pub people: Option<People>,
    /// Recorded errors.
    pub errors: error_log::Counts,
    /// The jobs, in the order of [`Job::ALL`].
    pub jobs: [(Job, JobRecord); Job::ALL.len()],
    /// The replica's health; `None`: there is no replica, or it cannot be read.
    pub replica: Option<Health>,
    /// Bytes of a replica in a folder.
    pub replica_bytes: Option<u64>,
    /// Resident memory of the process in bytes.
    pub memory: Option<u64>,
    /// Open file descriptors.
    pub open_files: Option<usize>,
    /// The most file descriptors.
    pub max_files: Option<u64>,
}

/// Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// A page of the database.
    pub page: u64,
    /// The database without its WAL.
    pub database: u64,
    /// Pages of it that hold nothing.
    pub freelist: u64,
}

/// Connections of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Open ones.
    pub open: usize,
    /// Those with a request in progress.
    pub busy: usize,
    /// Those that wait for a client that sends a body or reads a response.
    pub stalled: usize,
    /// The most open ones.
    pub max: usize,
}

/// Numbers of people, and of what waits for admins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    /// Users.
    pub users: i64,
    /// Those who are banned.
    pub banned: i64,
    /// Those who are admins.
    pub admins: i64,
    /// Posts and comments in the queue of flags.
    pub flagged: i64,
}
