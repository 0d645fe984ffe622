//! Where a request's time goes: told in the log when it takes too long, and to the browser in a demo.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use rouille::Response;

use super::Cx;
use lorem_store::WriteTimings;

/// What a request does, or waits for. What is left of its time is rendering, above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It waits for its turn to compute.
    Turn,
    /// It reads.
    Read,
    /// Its write waits for the writer.
    Queue,
    /// The writer works, also for those who share the transaction.
    Work,
    /// The transaction is brought to the disk.
    Commit,
    /// A password is hashed, or waits for that.
    Hash,
}

const PARTS: [(Part, &str); 6] = [
    (Part::Turn, "turn"),
    (Part::Read, "read"),
    (Part::Queue, "queue"),
    (Part::Work, "work"),
    (Part::Commit, "commit"),
    (Part::Hash, "hash"),
];

/// What a request has spent its time on so far.
pub struct Timing {
    began: Instant,
    spent: [Cell<Duration>; PARTS.len()],
}

impl Timing {
    /// It begins now.
    #[must_use]
    pub fn start() -> Timing {
        Timing { began: Instant::now(), spent: Default::default() }
    }

    /// Since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Runs `work`, whose time is that of `part`.
    pub(super) fn during<T>(&self, part: Part, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.add(part, began.elapsed());
        done
    }

    /// Adds the parts of a write.
    pub(super) fn add_write(&self, spent: WriteTimings) {
        self.add(Part::Queue, spent.queue);
        self.add(Part::Work, spent.work);
        self.add(Part::Commit, spent.commit);
    }

    fn add(&self, part: Part, time: Duration) {
        let spent = &self.spent[part as usize];
        spent.set(spent.get() + time);
    }

    /// The parts there were and the rest, of so much time.
    fn parts(&self, took: Duration) -> impl Iterator<Item = (&'static str, Duration)> {
        let named: Duration = self.spent.iter().map(Cell::get).sum();
        let rest = ("render", took.saturating_sub(named));
        let parts = PARTS.iter().map(|(part, name)| (*name, self.spent[*part as usize].get()));
        parts.filter(|(_, time)| !time.is_zero()).chain([rest])
    }
}

/// Tells how the request was spent that took so long and gets this response: who waited for it in a demo, and the
/// operator when it was slow.
pub fn tell(cx: &Cx, response: &mut Response, took: Duration) {
    if cx.app.config.server_timing && is_page(response) {
        response.headers.push(("Server-Timing".into(), server_timing(cx.timing, took).into()));
    }
    if cx.app.config.slow.is_some_and(|slow| took >= slow) {
        let id = cx.request.header("X-Request-Id").unwrap_or("-");
        let (method, target) = (cx.request.method(), cx.request.raw_url().escape_default());
        let mut line = format!("{id} {method} {target} {} took {} ms:", response.status_code, Millis(took));
        for (part, time) in cx.timing.parts(took) {
            let _ = write!(line, " {part} {}", Millis(time));
        }
        log::warn!(target: "slow", "{line}");
    }
}

/// Pages and pieces of them.
fn is_page(response: &Response) -> bool {
    let is_html = |(name, value): &(std::borrow::Cow<str>, std::borrow::Cow<str>)| {
        name.eq_ignore_ascii_case("Content-Type") && value.starts_with("text/html")
    };
    response.headers.iter().any(is_html)
}

/// The header's value (<https://www.w3.org/TR/server-timing/>): durations in milliseconds.
fn server_timing(timing: &Timing, took: Duration) -> String {
    let mut value = String::with_capacity(128);
    for (part, time) in timing.parts(took) {
        let _ = write!(value, "{part};dur={}, ", Millis(time));
    }
    let _ = write!(value, "total;dur={}", Millis(took));
    value
}

/// Milliseconds, to the microsecond.
struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let micros = self.0.as_micros();
        write!(f, "{}.{:03}", micros / 1000, micros % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_and_the_rest_are_the_whole() {
        let timing = Timing::start();
        timing.add(Part::Read, Duration::from_micros(1_200));
        timing.add(Part::Read, Duration::from_micros(34));
        timing.add_write(WriteTimings {
            queue: Duration::ZERO,
            work: Duration::from_micros(5),
            commit: Duration::from_millis(2),
        });
        let told = server_timing(&timing, Duration::from_micros(4_000));
        assert_eq!(
            told,
            "read;dur=1.234, work;dur=0.005, commit;dur=2.000, render;dur=0.761, total;dur=4.000"
        );
        let short = server_timing(&timing, Duration::from_micros(1_000));
        assert!(short.ends_with("render;dur=0.000, total;dur=1.000"), "{short}");
    }

    #[test]
    fn each_part_has_a_place_of_its_own() {
        for (at, (part, _)) in PARTS.iter().enumerate() {
            assert_eq!(*part as usize, at);
        }
    }
}
