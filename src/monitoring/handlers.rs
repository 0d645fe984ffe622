//! The metrics page, for Prometheus.

use std::fs;
use std::sync::atomic::Ordering;

use lorem_http::ServerStats;
use lorem_store::Database;

use crate::metrics::exposition::{self, Exposition, MetricType};
use crate::site::Kept;
use crate::web::{Cx, Result, reply};

/// `GET /metrics`. The handler acquires no permit, so the page can be read when the site is overloaded. A metric
/// whose value cannot be read is left out.
///
/// # Errors
/// It has none; all handlers return a [`Result`].
pub fn show(cx: &Cx) -> Result {
    let (site, mut exposition) = (cx.site, Exposition::default());
    exposition
        .metric("lorem_news_build_info", MetricType::Gauge, "1, with the versions as labels.")
        .sample(&[("version", env!("CARGO_PKG_VERSION")), ("sqlite", rusqlite::version())], 1.0);
    let rejected_connections = site.server_stats.as_ref().map_or(0, ServerStats::rejected_connections);
    site.requests.write(&mut exposition, rejected_connections);
    if let Some(load) = &site.server_stats {
        write_connections(&mut exposition, load);
    }
    let streams = site.streams.load(Ordering::Relaxed) as f64;
    exposition.single(
        "lorem_news_streams",
        MetricType::Gauge,
        "Open streams of the API of Hacker News.",
        streams,
    );
    let waiting = site.request_permits.waiting() as f64;
    let help = "Requests that wait for a permit to compute.";
    exposition.single("lorem_news_waiting_requests", MetricType::Gauge, help, waiting);
    if let Some(kept) = &site.kept {
        write_kept(&mut exposition, kept);
    }
    write_database(&mut exposition, &site.db);
    write_replica(&mut exposition, cx);
    write_process(&mut exposition);
    Ok(reply::uncacheable(cx, exposition::CONTENT_TYPE, exposition.into_string()))
}

fn write_kept(exposition: &mut Exposition, kept: &Kept) {
    let Kept { pages, pieces, piece_hits, piece_misses, .. } = kept;
    let help = "Bytes of the copies of pages.";
    exposition.single("lorem_news_kept_pages_bytes", MetricType::Gauge, help, pages.bytes() as f64);
    let (help, evictions) = ("Copies of pages that made room for others.", pages.evictions() as f64);
    exposition.single("lorem_news_kept_pages_evicted_total", MetricType::Counter, help, evictions);
    let help = "Bytes of the copies of pieces of pages.";
    exposition.single("lorem_news_kept_pieces_bytes", MetricType::Gauge, help, pieces.bytes() as f64);
    let (help, evictions) = ("Copies of pieces that made room for others.", pieces.evictions() as f64);
    exposition.single("lorem_news_kept_pieces_evicted_total", MetricType::Counter, help, evictions);
    let help = "Pieces of pages that were asked for, by outcome.";
    let pieces_asked_for = exposition.metric("lorem_news_kept_pieces_total", MetricType::Counter, help);
    for (outcome, number) in [("hit", piece_hits), ("miss", piece_misses)] {
        pieces_asked_for.sample(&[("outcome", outcome)], number.load(Ordering::Relaxed) as f64);
    }
}

fn write_connections(exposition: &mut Exposition, load: &ServerStats) {
    let help = "Open connections.";
    exposition.single("lorem_news_connections", MetricType::Gauge, help, load.open_connections() as f64);
    let help = "Connections with a request in progress, including this one.";
    exposition.single("lorem_news_connections_busy", MetricType::Gauge, help, load.busy_connections() as f64);
    let help = "Connections that wait for a client that sends a body or reads a response.";
    let stalled = load.stalled_connections() as f64;
    exposition.single("lorem_news_connections_stalled", MetricType::Gauge, help, stalled);
    let help = "Maximum number of open connections.";
    exposition.single("lorem_news_connections_max", MetricType::Gauge, help, load.max_connections() as f64);
    let (help, count) =
        ("Requests that were malformed, too long or too slow.", load.malformed_requests() as f64);
    exposition.single("lorem_news_malformed_requests_total", MetricType::Counter, help, count);
}

fn write_database(exposition: &mut Exposition, db: &Database) {
    let (stats, writer) = (db.stats(), db.writer_metrics());
    let help = "Writes that wait for the writer.";
    exposition.single("lorem_news_write_queue_length", MetricType::Gauge, help, stats.queued_writes as f64);
    exposition.metric("lorem_news_commit_writes", MetricType::Histogram, "Writes per commit.");
    exposition.histogram(&[], &writer.batch_sizes, 1.0);
    exposition.metric("lorem_news_commit_duration_seconds", MetricType::Histogram, "Duration of a commit.");
    exposition.histogram(&[], &writer.commit_durations, 1e9);
    let (help, count) =
        ("Commits that failed because a flush to the disk failed.", writer.failed_flushes() as f64);
    exposition.single("lorem_news_refused_commits_total", MetricType::Counter, help, count);
    let help = "Pages in the WAL after the last commit.";
    exposition.single("lorem_news_wal_pages", MetricType::Gauge, help, writer.wal_pages().into());
    exposition
        .metric("lorem_news_readers", MetricType::Gauge, "Read-only connections to the database, by state.")
        .sample(&[("state", "busy")], (stats.readers - stats.idle_readers).into());
    exposition.sample(&[("state", "idle")], stats.idle_readers.into());
}

fn write_replica(exposition: &mut Exposition, cx: &Cx) {
    let Some(Ok(health)) = cx.site.replica.as_ref().map(|status| status.health(&cx.site.db)) else { return };
    let (help, is_ok) = ("1 if no problem with the replica is known, else 0.", u8::from(health.is_ok()));
    exposition.single("lorem_news_replica_ok", MetricType::Gauge, help, is_ok.into());
    if let Some(age) = health.last_sync_age {
        let (help, age) = ("Time since the replica last had all writes.", age.as_secs_f64());
        exposition.single("lorem_news_replica_last_sync_age_seconds", MetricType::Gauge, help, age);
    }
}

/// The standard `process_…` metrics that the system provides.
fn write_process(exposition: &mut Exposition) {
    if let Some(bytes) = resident_memory() {
        let help = "Resident memory size in bytes.";
        exposition.single("process_resident_memory_bytes", MetricType::Gauge, help, bytes as f64);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        let help = "Number of open file descriptors.";
        exposition.single("process_open_fds", MetricType::Gauge, help, open.count() as f64);
    }
    if let Ok((limit, _)) = rlimit::Resource::NOFILE.get() {
        let help = "Maximum number of open file descriptors.";
        exposition.single("process_max_fds", MetricType::Gauge, help, limit as f64);
    }
}

/// Resident memory in bytes, from `/proc` (Linux), which has it in KiB.
fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
