//! The metrics page, for Prometheus.

use std::fs;

use lorem_http::ServerStats;
use lorem_store::Database;

use crate::metrics::exposition::{self, Exposition, MetricType};
use crate::web::{Cx, Result, reply};

/// Headers that proxies add. Those that begin with `X-Forwarded-` count, too.
const PROXY_HEADERS: [&str; 9] = [
    "Forwarded",
    "Via",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Original-Forwarded-For",
    "True-Client-IP",
    "CF-Connecting-IP",
    "CDN-Loop",
];

/// Whether the metrics page exists for this request: for all clients if the operator publishes it (`--metrics`),
/// otherwise for clients on this machine.
#[must_use]
pub fn is_visible(cx: &Cx) -> bool {
    cx.site.config.metrics || is_from_this_machine(cx)
}

/// Whether the client itself is on this machine. A proxy on this machine connects from it for any client, so a
/// request with any trace of a proxy does not count; where the server removes the traces, it sets the port to 0, see
/// [`trusted_proxies`](lorem_http::Options::trusted_proxies). `Host` must name this machine, because a page of
/// another site can make its own name resolve to 127.0.0.1 in a browser here (DNS rebinding).
fn is_from_this_machine(cx: &Cx) -> bool {
    let peer = cx.request.remote_addr();
    let is_of_proxy = |name: &str| {
        name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("X-Forwarded-"))
            || PROXY_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    peer.ip().is_loopback()
        && peer.port() != 0
        && !cx.request.headers().any(|(name, _)| is_of_proxy(name))
        && cx.request.header("Host").is_some_and(is_local_host)
}

/// Whether a `Host`, with or without a port, can only be this machine.
fn is_local_host(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

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
    let waiting = site.request_permits.waiting() as f64;
    let help = "Requests that wait for a permit to compute.";
    exposition.single("lorem_news_waiting_requests", MetricType::Gauge, help, waiting);
    write_database(&mut exposition, &site.db);
    write_replica(&mut exposition, cx);
    write_process(&mut exposition);
    Ok(reply::uncacheable(cx, exposition::CONTENT_TYPE, exposition.into_string()))
}

fn write_connections(exposition: &mut Exposition, load: &ServerStats) {
    let help = "Open connections.";
    exposition.single("lorem_news_connections", MetricType::Gauge, help, load.open_connections() as f64);
    let help = "Connections with a request in progress, including this one.";
    exposition.single("lorem_news_connections_busy", MetricType::Gauge, help, load.busy_connections() as f64);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_local_by_its_whole_name() {
        for (host, is_local) in [
            ("localhost", true),
            ("LocalHost:3000", true),
            ("127.0.0.1:3000", true),
            ("127.1.2.3", true),
            ("[::1]:3000", true),
            ("::1", false),
            ("", false),
            (":3000", false),
            ("localhost.example", false),
            ("127.0.0.1.example:3000", false),
            ("news.example", false),
            ("10.0.0.1", false),
            ("[::2]", false),
        ] {
            assert_eq!(is_local_host(host), is_local, "{host}");
        }
    }
}
