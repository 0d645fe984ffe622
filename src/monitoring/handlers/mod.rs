//! The metrics page, for Prometheus.

pub mod reading;

use std::sync::atomic::Ordering;

use lorem_http::ServerStats;
use lorem_store::Database;

use crate::metrics::exposition::{self, Exposition, MetricType};
use crate::monitoring::{Connections, People, Reading, Sizes};
use crate::site::Kept;
use crate::site::job_runs::{Job, JobRecord};
use crate::types::time::Timestamp;
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
    let reading = reading::read(site);
    if let Some(connections) = &reading.connections {
        write_connections(&mut exposition, connections);
    }
    if let Some(load) = &site.server_stats {
        let (help, count) =
            ("Requests that were malformed, too long or too slow.", load.malformed_requests() as f64);
        exposition.single("lorem_news_malformed_requests_total", MetricType::Counter, help, count);
    }
    let streams = site.streams.load(Ordering::Relaxed) as f64;
    exposition.single(
        "lorem_news_streams",
        MetricType::Gauge,
        "Open streams of the API of Hacker News.",
        streams,
    );
    let help = "Requests that wait for a permit to compute.";
    let waiting = reading.waiting_requests as f64;
    exposition.single("lorem_news_waiting_requests", MetricType::Gauge, help, waiting);
    if let Some(kept) = &site.kept {
        write_kept(&mut exposition, kept, &reading);
    }
    write_database(&mut exposition, &site.db, &reading);
    write_people(&mut exposition, &reading);
    write_errors(&mut exposition, &reading);
    write_jobs(&mut exposition, &reading.jobs);
    write_replica(&mut exposition, &reading);
    write_process(&mut exposition, &reading);
    Ok(reply::uncacheable(cx, exposition::CONTENT_TYPE, exposition.into_string()))
}

fn write_kept(exposition: &mut Exposition, kept: &Kept, reading: &Reading) {
    let Kept { pages, pieces, piece_hits, piece_misses, .. } = kept;
    let (page_bytes, piece_bytes) = reading.kept.unwrap_or_default();
    let help = "Bytes of the copies of pages.";
    exposition.single("lorem_news_kept_pages_bytes", MetricType::Gauge, help, page_bytes as f64);
    let (help, evictions) = ("Copies of pages that made room for others.", pages.evictions() as f64);
    exposition.single("lorem_news_kept_pages_evicted_total", MetricType::Counter, help, evictions);
    let help = "Bytes of the copies of pieces of pages.";
    exposition.single("lorem_news_kept_pieces_bytes", MetricType::Gauge, help, piece_bytes as f64);
    let (help, evictions) = ("Copies of pieces that made room for others.", pieces.evictions() as f64);
    exposition.single("lorem_news_kept_pieces_evicted_total", MetricType::Counter, help, evictions);
    let help = "Pieces of pages that were asked for, by outcome.";
    let pieces_asked_for = exposition.metric("lorem_news_kept_pieces_total", MetricType::Counter, help);
    for (outcome, number) in [("hit", piece_hits), ("miss", piece_misses)] {
        pieces_asked_for.sample(&[("outcome", outcome)], number.load(Ordering::Relaxed) as f64);
    }
}

fn write_connections(exposition: &mut Exposition, connections: &Connections) {
    let Connections { open, busy, stalled, max } = *connections;
    let help = "Open connections.";
    exposition.single("lorem_news_connections", MetricType::Gauge, help, open as f64);
    let help = "Connections with a request in progress, including this one.";
    exposition.single("lorem_news_connections_busy", MetricType::Gauge, help, busy as f64);
    let help = "Connections that wait for a client that sends a body or reads a response.";
    exposition.single("lorem_news_connections_stalled", MetricType::Gauge, help, stalled as f64);
    let help = "Maximum number of open connections.";
    exposition.single("lorem_news_connections_max", MetricType::Gauge, help, max as f64);
}

fn write_database(exposition: &mut Exposition, db: &Database, reading: &Reading) {
    let (stats, writer) = (db.stats(), db.writer_metrics());
    let help = "Writes that wait for the writer.";
    let queued = reading.queued_writes as f64;
    exposition.single("lorem_news_write_queue_length", MetricType::Gauge, help, queued);
    exposition.metric("lorem_news_commit_writes", MetricType::Histogram, "Writes per commit.");
    exposition.histogram(&[], &writer.batch_sizes, 1.0);
    exposition.metric("lorem_news_commit_duration_seconds", MetricType::Histogram, "Duration of a commit.");
    exposition.histogram(&[], &writer.commit_durations, 1e9);
    let (help, count) =
        ("Commits that failed because a flush to the disk failed.", writer.failed_flushes() as f64);
    exposition.single("lorem_news_refused_commits_total", MetricType::Counter, help, count);
    let help = "Pages in the WAL after the last commit.";
    exposition.single("lorem_news_wal_pages", MetricType::Gauge, help, writer.wal_pages().into());
    if let Some(Sizes { database, freelist, .. }) = reading.sizes {
        let help = "Bytes of the database without its WAL.";
        exposition.single("lorem_news_database_bytes", MetricType::Gauge, help, database as f64);
        let help = "Bytes in pages of the database that hold nothing.";
        exposition.single("lorem_news_freelist_bytes", MetricType::Gauge, help, freelist as f64);
    }
    exposition
        .metric("lorem_news_readers", MetricType::Gauge, "Read-only connections to the database, by state.")
        .sample(&[("state", "busy")], (stats.readers - stats.idle_readers).into());
    exposition.sample(&[("state", "idle")], stats.idle_readers.into());
}

fn write_people(exposition: &mut Exposition, reading: &Reading) {
    let Some(People { users, banned, admins, flagged }) = reading.people else { return };
    exposition.single("lorem_news_users", MetricType::Gauge, "Users.", users as f64);
    exposition.single("lorem_news_banned_users", MetricType::Gauge, "Users who are banned.", banned as f64);
    exposition.single("lorem_news_admins", MetricType::Gauge, "Users who are admins.", admins as f64);
    let help = "Posts and comments in the queue of flags.";
    exposition.single("lorem_news_flagged", MetricType::Gauge, help, flagged as f64);
}

fn write_errors(exposition: &mut Exposition, reading: &Reading) {
    let errors = reading.errors;
    let help =
        "Errors that were answered with 500 or ended a job, recorded (stored) or only logged (dropped).";
    exposition.metric("lorem_news_errors_total", MetricType::Counter, help);
    for (outcome, count) in [("stored", errors.stored), ("dropped", errors.dropped)] {
        exposition.sample(&[("outcome", outcome)], count as f64);
    }
    let help = "Groups of recorded errors, by state.";
    if let (Some(open), Some(resolved)) = (errors.open, errors.resolved) {
        exposition.metric("lorem_news_error_groups", MetricType::Gauge, help);
        exposition.sample(&[("state", "open")], open as f64);
        exposition.sample(&[("state", "resolved")], resolved as f64);
    }
}

fn write_jobs(exposition: &mut Exposition, jobs: &[(Job, JobRecord)]) {
    let help = "Runs of jobs that have ended, by outcome.";
    exposition.metric("lorem_news_job_runs_total", MetricType::Counter, help);
    for (job, record) in jobs {
        for (outcome, count) in [("done", record.runs - record.failures), ("failed", record.failures)] {
            exposition.sample(&[("job", job.code()), ("outcome", outcome)], count as f64);
        }
    }
    let ended = || jobs.iter().filter_map(|(job, record)| Some((job.code(), record.last.as_ref()?)));
    if ended().next().is_none() {
        return;
    }
    let help = "Time since the start of the last run that has ended.";
    exposition.metric("lorem_news_job_last_start_age_seconds", MetricType::Gauge, help);
    for (job, last) in ended() {
        let age = Timestamp::now().saturating_duration_since(last.started_at);
        exposition.sample(&[("job", job)], age.as_secs_f64());
    }
    let help = "Duration of the last run that has ended.";
    exposition.metric("lorem_news_job_last_duration_seconds", MetricType::Gauge, help);
    for (job, last) in ended() {
        exposition.sample(&[("job", job)], last.took.as_secs_f64());
    }
}

fn write_replica(exposition: &mut Exposition, reading: &Reading) {
    if let Some(bytes) = reading.replica_bytes {
        let help = "Bytes of a replica in a folder.";
        exposition.single("lorem_news_replica_bytes", MetricType::Gauge, help, bytes as f64);
    }
    let Some(health) = &reading.replica else { return };
    let (help, is_ok) = ("1 if no problem with the replica is known, else 0.", u8::from(health.is_ok()));
    exposition.single("lorem_news_replica_ok", MetricType::Gauge, help, is_ok.into());
    if let Some(age) = health.last_sync_age {
        let (help, age) = ("Time since the replica last had all writes.", age.as_secs_f64());
        exposition.single("lorem_news_replica_last_sync_age_seconds", MetricType::Gauge, help, age);
    }
}

/// The standard `process_…` metrics that the system provides.
fn write_process(exposition: &mut Exposition, reading: &Reading) {
    if let Some(bytes) = reading.memory {
        let help = "Resident memory size in bytes.";
        exposition.single("process_resident_memory_bytes", MetricType::Gauge, help, bytes as f64);
    }
    if let Some(open) = reading.open_files {
        let help = "Number of open file descriptors.";
        exposition.single("process_open_fds", MetricType::Gauge, help, open as f64);
    }
    if let Some(limit) = reading.max_files {
        let help = "Maximum number of open file descriptors.";
        exposition.single("process_max_fds", MetricType::Gauge, help, limit as f64);
    }
}
