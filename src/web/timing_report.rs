//! Reports a request's timing: in the log of slow requests, and in the `Server-Timing` header of a demo.

use std::fmt::{self, Write};
use std::time::Duration;

use rouille::Response;

use super::Cx;
use super::timing::Timing;

/// Adds `Server-Timing` to the response, if configured, and logs the request if it took longer than the
/// configured limit.
pub fn report(cx: &Cx, response: &mut Response, took: Duration) {
    if cx.site.config.server_timing && is_html(response) {
        response.headers.push(("Server-Timing".into(), server_timing(cx.timing, took).into()));
    }
    if cx.site.config.slow.is_some_and(|slow| took >= slow) {
        let id = cx.request.header("X-Request-Id").unwrap_or("-");
        let (method, target) = (cx.request.method(), lorem_http::loggable(cx.request.raw_url()));
        let mut line = format!("{id} {method} {target} {} took {} ms:", response.status_code, Millis(took));
        for (phase, time) in cx.timing.phases(took) {
            let _ = write!(line, " {phase} {}", Millis(time));
        }
        log::warn!(target: "slow", "{line}");
    }
}

/// Whether it is a page or a fragment.
fn is_html(response: &Response) -> bool {
    let is_html_type = |(name, value): &(std::borrow::Cow<str>, std::borrow::Cow<str>)| {
        name.eq_ignore_ascii_case("Content-Type") && value.starts_with("text/html")
    };
    response.headers.iter().any(is_html_type)
}

/// The header's value (<https://www.w3.org/TR/server-timing/>): durations in milliseconds.
fn server_timing(timing: &Timing, took: Duration) -> String {
    let mut value = String::with_capacity(128);
    for (phase, time) in timing.phases(took) {
        let _ = write!(value, "{phase};dur={}, ", Millis(time));
    }
    let _ = write!(value, "total;dur={}", Millis(took));
    value
}

/// Shows milliseconds with three decimals.
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
    use crate::web::timing::Phase;
    use lorem_store::WriteTimings;

    #[test]
    fn the_phases_and_the_rest_add_up_to_the_total() {
        let timing = Timing::start();
        timing.add(Phase::Read, Duration::from_micros(1_200));
        timing.add(Phase::Read, Duration::from_micros(34));
        timing.add_write(WriteTimings {
            queue: Duration::ZERO,
            work: Duration::from_micros(5),
            commit: Duration::from_millis(2),
        });
        let header = server_timing(&timing, Duration::from_micros(4_000));
        assert_eq!(
            header,
            "read;dur=1.234, work;dur=0.005, commit;dur=2.000, render;dur=0.761, total;dur=4.000"
        );
        let short = server_timing(&timing, Duration::from_micros(1_000));
        assert!(short.ends_with("render;dur=0.000, total;dur=1.000"), "{short}");
    }
}
