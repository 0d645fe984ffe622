//! The page for Prometheus.

use std::fs;

use crate::metrics::text::{self, Kind, Text};
use crate::web::{Cx, Result, reply};
use lorem_http::ServerStats;
use lorem_store::Database;

/// By these a proxy says for whom it asks, or that it is one; those that begin with `X-Forwarded-` do, too.
const OF_PROXIES: [&str; 9] = [
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

/// Whether who asks may know that there is such a page: everybody, where the operator wants that; else who asks
/// from this machine.
#[must_use]
pub fn is_shown(cx: &Cx) -> bool {
    cx.site.config.metrics || is_from_this_machine(cx)
}

/// A proxy on this machine asks from it, too, for anybody: so there may be no trace of one. What our server
/// removes of that shows in the port, see [`trusted_proxies`](lorem_http::Options::trusted_proxies). And a page
/// of another site, whose name its owner has lead to this machine, has that name in `Host`.
fn is_from_this_machine(cx: &Cx) -> bool {
    let peer = cx.request.remote_addr();
    let is_of_proxy = |name: &str| {
        name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("X-Forwarded-"))
            || OF_PROXIES.iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    peer.ip().is_loopback()
        && peer.port() != 0
        && !cx.request.headers().any(|(name, _)| is_of_proxy(name))
        && cx.request.header("Host").is_some_and(is_this_machine)
}

/// Whether a `Host`, with or without a port, can only be this machine.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// `GET /metrics`. It takes no turn: who watches sees most when there is most to do. What cannot be learnt
/// now is left out.
///
/// # Errors
/// None; it is a handler like the others.
pub fn show(cx: &Cx) -> Result {
    let (site, mut text) = (cx.site, Text::default());
    text.metric("lorem_news_build_info", Kind::Gauge, "1, for the versions in the labels.")
        .value(&[("version", env!("CARGO_PKG_VERSION")), ("sqlite", rusqlite::version())], 1.0);
    site.requests.tell(&mut text, site.load.as_ref().map_or(0, ServerStats::rejected_connections));
    if let Some(load) = &site.load {
        tell_connections(&mut text, load);
    }
    let help = "Requests that wait for their turn to compute.";
    text.single("lorem_news_waiting_requests", Kind::Gauge, help, site.request_permits.waiting() as f64);
    tell_database(&mut text, &site.db);
    tell_replica(&mut text, cx);
    tell_process(&mut text);
    Ok(reply::momentary(cx, text::CONTENT_TYPE, text.into_string()))
}

fn tell_connections(text: &mut Text, load: &ServerStats) {
    let help = "Connections that are open.";
    text.single("lorem_news_connections", Kind::Gauge, help, load.open_connections() as f64);
    let help = "Connections that are in a request, this one too.";
    text.single("lorem_news_connections_busy", Kind::Gauge, help, load.busy_connections() as f64);
    let help = "How many connections there can be.";
    text.single("lorem_news_connections_max", Kind::Gauge, help, load.max_connections() as f64);
    let help = "What was no request that could be served: damaged, too long or too slow.";
    text.single("lorem_news_malformed_requests_total", Kind::Counter, help, load.malformed_requests() as f64);
}

fn tell_database(text: &mut Text, db: &Database) {
    let (figures, written) = (db.stats(), db.writer_metrics());
    let help = "Writes that wait for the writer.";
    text.single("lorem_news_write_queue_length", Kind::Gauge, help, figures.queued_writes as f64);
    text.metric("lorem_news_commit_writes", Kind::Histogram, "Writes that a commit brought to the disk.");
    text.histogram(&[], &written.batch_sizes, 1.0);
    text.metric("lorem_news_commit_duration_seconds", Kind::Histogram, "How long a commit took.");
    text.histogram(&[], &written.commit_durations, 1e9);
    let help = "Commits that were refused because the disk did not take them.";
    text.single("lorem_news_refused_commits_total", Kind::Counter, help, written.failed_flushes() as f64);
    let help = "Pages in the WAL after the last commit.";
    text.single("lorem_news_wal_pages", Kind::Gauge, help, written.wal_pages().into());
    text.metric("lorem_news_readers", Kind::Gauge, "Read-only connections to the database.");
    text.value(&[("state", "busy")], (figures.readers - figures.idle_readers).into());
    text.value(&[("state", "idle")], figures.idle_readers.into());
}

fn tell_replica(text: &mut Text, cx: &Cx) {
    let Some(Ok(health)) = cx.site.replica.as_ref().map(|status| status.health(&cx.site.db)) else { return };
    let help = "Whether nothing is wrong with the replica, as far as that is known.";
    text.single("lorem_news_replica_ok", Kind::Gauge, help, f64::from(u8::from(health.is_ok())));
    if let Some(age) = health.last_sync_age {
        let help = "Since all that is written was last in the replica.";
        text.single("lorem_news_replica_last_sync_age_seconds", Kind::Gauge, help, age.as_secs_f64());
    }
}

/// As far as the system tells.
fn tell_process(text: &mut Text) {
    if let Some(bytes) = resident_memory() {
        let help = "Resident memory size in bytes.";
        text.single("process_resident_memory_bytes", Kind::Gauge, help, bytes as f64);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        let help = "Number of open file descriptors.";
        text.single("process_open_fds", Kind::Gauge, help, open.count() as f64);
    }
    if let Ok((most, _)) = rlimit::Resource::NOFILE.get() {
        let help = "Maximum number of open file descriptors.";
        text.single("process_max_fds", Kind::Gauge, help, most as f64);
    }
}

/// In bytes: Linux says it in KiB.
fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_this_machine_by_its_whole_name() {
        for (host, is) in [
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
            assert_eq!(is_this_machine(host), is, "{host}");
        }
    }
}
