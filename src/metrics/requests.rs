//! Counts and durations of answered requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::exposition::{Exposition, MetricType};
use super::{DURATION_BOUNDS, Histogram};

/// The `method` labels; the last one counts all other methods. A form that means another method than POST counts
/// as that.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];
/// The `status` labels; the last one counts all other statuses.
const STATUSES: [u16; 16] =
    [200, 301, 303, 304, 400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503, OTHER_STATUS];
const OTHER_STATUS: u16 = 0;

/// Counts and durations for a fixed list of routes, so clients cannot add series by requesting other paths.
pub struct RequestMetrics {
    routes: Box<[Route]>,
}

struct Route {
    name: &'static str,
    counts: [[AtomicU64; STATUSES.len()]; METHODS.len()],
    durations: Histogram<{ DURATION_BOUNDS.len() }>,
    copies: [AtomicU64; COPIES.len()],
}

/// What became of a request for a page that is kept. It indexes `COPIES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// The answer is a copy.
    Hit,
    /// There was no copy, or not a right one.
    Miss,
    /// The page shows something once, or its copy could not be judged: a change was being committed.
    Pass,
}

const COPIES: [&str; 3] = ["hit", "miss", "pass"];

impl RequestMetrics {
    /// Metrics of these routes, all 0.
    #[must_use]
    pub fn new(routes: impl Iterator<Item = &'static str>) -> RequestMetrics {
        let counts = || [const { [const { AtomicU64::new(0) }; STATUSES.len()] }; METHODS.len()];
        let route = |name| Route {
            name,
            counts: counts(),
            durations: Histogram::new(&DURATION_BOUNDS),
            copies: Default::default(),
        };
        RequestMetrics { routes: routes.map(route).collect() }
    }

    /// Counts an answer. `route` is an index into the list of routes; any other index is ignored.
    pub fn observe(&self, route: usize, method: &str, status: u16, duration: Duration) {
        let Some(route) = self.routes.get(route) else { return };
        let method = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        route.counts[method][status_index(status)].fetch_add(1, Ordering::Relaxed);
        route.durations.observe_duration(duration);
    }

    /// The name of a route; of none, that of the last, which stands for requests without a route.
    #[must_use]
    pub fn name_of(&self, route: Option<usize>) -> &'static str {
        let route = route.and_then(|route| self.routes.get(route)).or(self.routes.last());
        route.map_or("none", |route| route.name)
    }

    /// Counts a request for a page that is kept.
    pub fn observe_copy(&self, route: usize, outcome: Copied) {
        if let Some(route) = self.routes.get(route) {
            route.copies[outcome as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers with this status, over all routes and methods.
    fn count_of(&self, status: u16) -> u64 {
        let of = |route: &Route| -> u64 {
            route.counts.iter().map(|by_status| by_status[status_index(status)].load(Ordering::Relaxed)).sum()
        };
        self.routes.iter().map(of).sum()
    }

    /// Writes the metrics. `rejected_connections` is the number of connections that were closed with 503 because
    /// the connection limit was reached; no route counts them.
    pub fn write(&self, exposition: &mut Exposition, rejected_connections: u64) {
        exposition.metric("lorem_news_requests_total", MetricType::Counter, "Answered requests.");
        for route in &self.routes {
            for (by_status, method) in route.counts.iter().zip(METHODS) {
                for (count, status) in by_status.iter().zip(STATUSES) {
                    let count = count.load(Ordering::Relaxed);
                    if count > 0 {
                        let status = if status == OTHER_STATUS { "other" } else { &status.to_string() };
                        let labels = [("route", route.name), ("method", method), ("status", status)];
                        exposition.sample(&labels, count as f64);
                    }
                }
            }
        }
        let help = "Time from a complete request to its rendered answer, without the time on the network.";
        exposition.metric("lorem_news_request_duration_seconds", MetricType::Histogram, help);
        for route in self.routes.iter().filter(|route| !route.durations.is_empty()) {
            exposition.histogram(&[("route", route.name)], &route.durations, 1e9);
        }
        let help = "Requests for pages that are kept: a copy was sent (hit), the page was made and kept (miss), \
                    or made for this request alone (pass).";
        exposition.metric("lorem_news_kept_pages_total", MetricType::Counter, help);
        for route in &self.routes {
            for (count, outcome) in route.copies.iter().zip(COPIES) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    exposition.sample(&[("route", route.name), ("outcome", outcome)], count as f64);
                }
            }
        }
        let help = "Refusals: no connection was free (connections), the site was overloaded or could not write \
                    (unavailable), or a client exceeded a rate limit (too_fast).";
        exposition.metric("lorem_news_refused_total", MetricType::Counter, help);
        for (reason, count) in [
            ("connections", rejected_connections),
            ("unavailable", self.count_of(503)),
            ("too_fast", self.count_of(429)),
        ] {
            exposition.sample(&[("reason", reason)], count as f64);
        }
    }
}

/// The index of a status in [`STATUSES`].
fn status_index(status: u16) -> usize {
    STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_and_statuses_are_counted_as_other() {
        let requests = RequestMetrics::new(["/a", "none"].into_iter());
        requests.observe(0, "GET", 200, Duration::ZERO);
        requests.observe(0, "BREW", 418, Duration::ZERO);
        requests.observe(1, "GET", 503, Duration::ZERO);
        requests.observe(2, "GET", 503, Duration::ZERO); // There is no such route.
        let mut exposition = Exposition::default();
        requests.write(&mut exposition, 7);
        let text = exposition.into_string();
        let samples = |name: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect()
        };
        assert_eq!(
            samples("lorem_news_requests_total"),
            [
                "{route=\"/a\",method=\"GET\",status=\"200\"} 1",
                "{route=\"/a\",method=\"other\",status=\"other\"} 1",
                "{route=\"none\",method=\"GET\",status=\"503\"} 1",
            ]
        );
        assert_eq!(
            samples("lorem_news_refused_total"),
            ["{reason=\"connections\"} 7", "{reason=\"unavailable\"} 1", "{reason=\"too_fast\"} 0"]
        );
        assert_eq!(
            samples("lorem_news_request_duration_seconds_count"),
            ["{route=\"/a\"} 2", "{route=\"none\"} 1"]
        );
    }
}
