//! Reads the numbers of the running site.

use std::fs;
use std::path::Path;

use crate::monitoring::{Connections, Reading, sql};
use crate::replica::location::Location;
use crate::site::Site;

/// The numbers of now.
#[must_use]
pub fn read(site: &Site) -> Reading {
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
