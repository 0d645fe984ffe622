//! How many requests were answered, how, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::text::{Kind, Text};
use super::{DURATION_BOUNDS, Histogram};

/// What a request can mean; anything else is the last.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];
/// What the site answers; anything else is the last.
const STATUSES: [u16; 16] =
    [200, 301, 303, 304, 400, 401, 403, 404, 405, 413, 415, 422, 429, 500, 503, OTHER_STATUS];
const OTHER_STATUS: u16 = 0;

/// Counts for each of a fixed number of routes: whatever is asked for, there are not more numbers than that.
pub struct Requests {
    routes: Box<[Route]>,
}

struct Route {
    name: &'static str,
    answers: [[AtomicU64; STATUSES.len()]; METHODS.len()],
    took: Histogram<{ DURATION_BOUNDS.len() }>,
}

impl Requests {
    /// Nothing has been asked for yet.
    #[must_use]
    pub fn new(routes: impl Iterator<Item = &'static str>) -> Requests {
        let answers = || [const { [const { AtomicU64::new(0) }; STATUSES.len()] }; METHODS.len()];
        let route = |name| Route { name, answers: answers(), took: Histogram::new(&DURATION_BOUNDS) };
        Requests { routes: routes.map(route).collect() }
    }

    /// One more, to the route with this place among all of them.
    pub fn note(&self, route: usize, method: &str, status: u16, took: Duration) {
        let Some(route) = self.routes.get(route) else { return };
        let method = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        route.answers[method][place_of(status)].fetch_add(1, Ordering::Relaxed);
        route.took.observe_duration(took);
    }

    /// How many were answered with this status.
    fn answered(&self, status: u16) -> u64 {
        let of = |route: &Route| -> u64 {
            route.answers.iter().map(|by_status| by_status[place_of(status)].load(Ordering::Relaxed)).sum()
        };
        self.routes.iter().map(of).sum()
    }

    /// Tells what has been asked for, and how much of it was too much.
    pub fn tell(&self, text: &mut Text, turned_away: u64) {
        text.metric("lorem_news_requests_total", Kind::Counter, "Requests that were answered.");
        for route in &self.routes {
            for (by_status, method) in route.answers.iter().zip(METHODS) {
                for (count, status) in by_status.iter().zip(STATUSES) {
                    let count = count.load(Ordering::Relaxed);
                    if count > 0 {
                        let status = if status == OTHER_STATUS { "other" } else { &status.to_string() };
                        let labels = [("route", route.name), ("method", method), ("status", status)];
                        text.value(&labels, count as f64);
                    }
                }
            }
        }
        let help =
            "From when a whole request was there until its answer was made, without the time on the network.";
        text.metric("lorem_news_request_duration_seconds", Kind::Histogram, help);
        for route in self.routes.iter().filter(|route| !route.took.is_empty()) {
            text.histogram(&[("route", route.name)], &route.took, 1e9);
        }
        let help = "Answers that only say that it is too much: no connection was free, the site had too much to do \
                    or could not write, or somebody was too fast.";
        text.metric("lorem_news_refused_total", Kind::Counter, help);
        for (why, count) in [
            ("connections", turned_away),
            ("unavailable", self.answered(503)),
            ("too_fast", self.answered(429)),
        ] {
            text.value(&[("reason", why)], count as f64);
        }
    }
}

/// Where a status is among [`STATUSES`].
fn place_of(status: u16) -> usize {
    STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_is_counted_with_its_like() {
        let requests = Requests::new(["/a", "none"].into_iter());
        requests.note(0, "GET", 200, Duration::ZERO);
        requests.note(0, "BREW", 418, Duration::ZERO);
        requests.note(1, "GET", 503, Duration::ZERO);
        requests.note(2, "GET", 503, Duration::ZERO); // There is no such route.
        let mut text = Text::default();
        requests.tell(&mut text, 7);
        let text = text.into_string();
        let told = |name: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect()
        };
        assert_eq!(
            told("lorem_news_requests_total"),
            [
                "{route=\"/a\",method=\"GET\",status=\"200\"} 1",
                "{route=\"/a\",method=\"other\",status=\"other\"} 1",
                "{route=\"none\",method=\"GET\",status=\"503\"} 1",
            ]
        );
        assert_eq!(
            told("lorem_news_refused_total"),
            ["{reason=\"connections\"} 7", "{reason=\"unavailable\"} 1", "{reason=\"too_fast\"} 0"]
        );
        assert_eq!(
            told("lorem_news_request_duration_seconds_count"),
            ["{route=\"/a\"} 2", "{route=\"none\"} 1"]
        );
    }
}
