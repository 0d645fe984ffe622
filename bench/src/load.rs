//! The load: one run of oha, and its report.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// The name under which oha counts requests that were still running when the time was up. They are no
/// failures.
const TIME_UP: &str = "aborted due to deadline";

/// How much load to send.
pub enum Amount {
    /// As many requests as fit into this time.
    Seconds(u64),
    /// This number of requests, however long they take.
    Requests(u64),
}

/// The clients' observations. Times are in seconds; a time is missing when there were too few answers for it.
/// Percentiles are over successful answers (2xx), since a refusal is quick.
pub struct LoadReport {
    /// Answers per second, whatever their status.
    pub throughput: f64,
    /// Answers per second with status 200.
    pub ok_throughput: f64,
    /// The median.
    pub p50: Option<f64>,
    /// The 99th percentile, of at least 100 answers.
    pub p99: Option<f64>,
    /// The 99.9th percentile, of at least 1,000 answers.
    pub p999: Option<f64>,
    /// The maximum over all answers, whatever their status.
    pub maximum: Option<f64>,
    /// The mean size of a body, in bytes.
    pub body_bytes: Option<f64>,
    /// The number of answers with status 200.
    pub ok: u64,
    /// The number of other answers and of errors, by status or message. There should be none.
    pub failures: BTreeMap<String, u64>,
}

/// Sends POST requests to `url`, one after the other on each connection. oha's report passes through
/// `folder`.
pub fn post(url: &str, connections: u64, amount: &Amount, folder: &Path) -> Result<LoadReport> {
    send("POST", url, connections, amount, folder)
}

/// Sends requests with any method, as [`post`] does.
pub fn send(method: &str, url: &str, connections: u64, amount: &Amount, folder: &Path) -> Result<LoadReport> {
    request(&Request { method, url, is_pattern: false, headers: &[] }, connections, amount, folder)
}

/// A request of all clients.
pub struct Request<'r> {
    pub method: &'r str,
    pub url: &'r str,
    /// Whether the URL is a regular expression, and each request has a URL at random that matches it.
    pub is_pattern: bool,
    /// Lines such as `Accept-Encoding: gzip`.
    pub headers: &'r [String],
}

/// Sends this request, as [`post`] does.
pub fn request(
    &Request { method, url, is_pattern, headers }: &Request,
    connections: u64,
    amount: &Amount,
    folder: &Path,
) -> Result<LoadReport> {
    let (amount, timeout) = match amount {
        Amount::Seconds(seconds) => (["-z".to_owned(), format!("{seconds}s")], seconds + 30),
        Amount::Requests(requests) => (["-n".to_owned(), requests.to_string()], 30 + requests / 100),
    };
    let mut command = Command::new("oha");
    command.args(["-m", method, "--no-tui", "--output-format", "json", "--stats-success-breakdown"]);
    command.args(["-c", &connections.to_string()]);
    command.args(headers.iter().flat_map(|header| ["-H", header]));
    command.args(is_pattern.then_some("--rand-regex-url"));
    command.args(amount).arg(url).stdin(Stdio::null());
    let report = process::capture(&mut command, &folder.join("oha.json"), Duration::from_secs(timeout))?;
    parse(&serde_json::from_str(&report).context("oha's report")?)
}

fn parse(json: &Value) -> Result<LoadReport> {
    let number = |path: &str| json.pointer(path).and_then(Value::as_f64);
    let counts = |name: &str| -> BTreeMap<String, u64> {
        let object = json.get(name).and_then(Value::as_object);
        object.into_iter().flatten().filter_map(|(key, count)| Some((key.clone(), count.as_u64()?))).collect()
    };
    // oha's own requestsPerSec also counts the requests that were still running when the time was up.
    let seconds = number("/summary/total").context("oha's report has no duration")?;
    let mut failures = counts("statusCodeDistribution");
    let answered: u64 = failures.values().sum();
    let ok = failures.remove("200").unwrap_or_default();
    failures.extend(counts("errorDistribution"));
    failures.remove(TIME_UP);
    // oha takes a percentile from a sorted list: of a shorter list it would be the maximum.
    let percentile = |name: &str, fewest: u64| {
        number(&format!("/latencyPercentilesSuccessful/{name}")).filter(|_| ok >= fewest)
    };
    Ok(LoadReport {
        throughput: answered as f64 / seconds,
        ok_throughput: ok as f64 / seconds,
        p50: percentile("p50", 1),
        p99: percentile("p99", 100),
        p999: percentile("p99.9", 1_000),
        maximum: number("/summary/slowest"),
        body_bytes: number("/summary/sizePerRequest"),
        ok,
        failures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The report of four seconds with `ok` answers of 200, 200 answers of 503, a broken connection, and 20
    /// requests that were still running when the time was up.
    fn report(ok: u64) -> Result<LoadReport> {
        parse(&json!({
            "summary": { "requestsPerSec": (ok + 221) as f64 / 4.0, "total": 4.0, "slowest": 0.02 },
            "latencyPercentiles": { "p50": 0.0001, "p99": 0.0002, "p99.9": 0.0003 },
            "latencyPercentilesSuccessful": { "p50": 0.001, "p99": 0.004, "p99.9": 0.008 },
            "statusCodeDistribution": { "200": ok, "503": 200 },
            "errorDistribution": { "aborted due to deadline": 20, "connection closed": 1 },
        }))
    }

    #[test]
    fn only_requests_that_the_deadline_aborted_are_no_failures() -> Result<()> {
        let report = report(1_000)?;
        let failures: Vec<(&str, u64)> =
            report.failures.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(failures, [("503", 200), ("connection closed", 1)]);
        Ok(())
    }

    #[test]
    fn throughput_counts_answers_only() -> Result<()> {
        let report = report(1_000)?;
        assert_eq!((report.ok, report.throughput, report.ok_throughput), (1_000, 300.0, 250.0));
        Ok(())
    }

    #[test]
    fn a_percentile_is_over_enough_successful_answers() -> Result<()> {
        for (ok, p50, p99, p999) in [
            (1_000, Some(0.001), Some(0.004), Some(0.008)),
            (999, Some(0.001), Some(0.004), None),
            (99, Some(0.001), None, None),
            (0, None, None, None),
        ] {
            let report = report(ok)?;
            assert_eq!((report.p50, report.p99, report.p999), (p50, p99, p999), "{ok}");
        }
        Ok(())
    }
}
