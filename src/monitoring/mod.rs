//! The numbers of the running site, for programs that watch it (`/metrics`) and for admins (`/admin`): both show one
//! [`Reading`].

pub mod handlers;
pub mod sql;

use std::fs;
use std::path::Path;

use crate::replica::location::Location;
use crate::replica::status::Health;
use crate::site::Site;
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

impl Reading {
    /// The numbers of now.
    #[must_use]
    pub fn of(site: &Site) -> Reading {
        let sizes = site.db.read(sql::sizes).ok();
        let wal_pages = u64::try_from(site.db.writer_metrics().wal_pages()).unwrap_or_default();
        let connections = site.server_stats.as_ref().map(|load| Connections {
            open: load.open_connections(),
            busy: load.busy_connections(),
            stalled: load.stalled_connections(),
            max: load.max_connections(),
        });
        let replica = site.replica.as_ref();
        Reading {
            sizes,
            wal: sizes.map(|sizes| sizes.page * wal_pages),
            queued_writes: site.db.stats().queued_writes,
            waiting_requests: site.request_permits.waiting(),
            connections,
            kept: site.kept.as_ref().map(|kept| (kept.pages.bytes(), kept.pieces.bytes())),
            people: site.db.read(sql::people).ok(),
            errors: site.error_log.counts(),
            jobs: site.job_runs.records(),
            replica: replica.and_then(|status| status.health(&site.db).ok()),
            replica_bytes: replica.and_then(|status| match status.location() {
                Location::Folder(folder) => Some(bytes_below(folder)),
                Location::Bucket { .. } => None,
            }),
            memory: resident_memory(),
            open_files: fs::read_dir("/proc/self/fd").ok().map(Iterator::count),
            max_files: rlimit::Resource::NOFILE.get().ok().map(|(limit, _)| limit),
        }
    }
}

/// The bytes of the files below a folder. Litestream keeps some thousand files at most, since it merges old ones.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0, // It was merged into another one meanwhile.
    });
    bytes.sum()
}

/// Resident memory in bytes, from `/proc` (Linux), which has it in KiB.
fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
