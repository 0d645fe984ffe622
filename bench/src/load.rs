//! The load: one run of oha, and what it says.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::Result;
use crate::process::Process;

/// What ended because the time was up is no failure; oha counts it as an error of this name.
const TIME_UP: &str = "aborted due to deadline";

/// How much to send.
pub enum Much {
    /// As many requests as go into this time.
    Seconds(u64),
    /// So many requests, however long they take.
    Calls(u64),
}

/// What the clients saw. Times are in seconds; one is missing when there were too few answers. Percentiles
/// are of the answers with success (2xx), since a refusal is quick.
pub struct Answers {
    /// Answers a second, whatever their status.
    pub per_second: f64,
    /// Of these, those with status 200.
    pub good_per_second: f64,
    /// The median.
    pub p50: Option<f64>,
    /// One in a hundred took so long or longer; of at least 100 answers.
    pub p99: Option<f64>,
    /// One in a thousand took so long or longer; of at least 1,000 answers.
    pub p999: Option<f64>,
    /// The slowest of all, whatever its status.
    pub slowest: Option<f64>,
    /// The mean size of a body, in bytes.
    pub bytes: Option<f64>,
    /// Answers with status 200.
    pub ok: u64,
    /// Everything else, by status or by what went wrong. There should be none.
    pub others: BTreeMap<String, u64>,
}

/// Sends POST requests to `url`, one after the other on each of the connections.
pub fn run(url: &str, connections: u64, much: &Much, folder: &Path) -> Result<Answers> {
    send("POST", url, connections, much, folder)
}

/// The same with any method.
pub fn send(method: &str, url: &str, connections: u64, much: &Much, folder: &Path) -> Result<Answers> {
    let (amount, patience) = match much {
        Much::Seconds(seconds) => (["-z".to_owned(), format!("{seconds}s")], seconds + 30),
        Much::Calls(calls) => (["-n".to_owned(), calls.to_string()], 30 + calls / 100),
    };
    let output = folder.join("oha.json");
    let mut command = Command::new("oha");
    command.args(["-m", method, "--no-tui", "--output-format", "json", "--stats-success-breakdown"]);
    command.args(["-c", &connections.to_string()]);
    command.args(amount).arg(url).stdin(Stdio::null()).stdout(File::create(&output)?);
    let finished = Process::start(&mut command)?.finish(Duration::from_secs(patience));
    finished.map_err(|error| format!("oha: {error}"))?;
    read(&serde_json::from_str(&fs::read_to_string(&output)?)?)
}

/// The version of the oha that is used.
pub fn version() -> Result<String> {
    let output = Command::new("oha").arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn read(json: &Value) -> Result<Answers> {
    let number = |path: &str| json.pointer(path).and_then(Value::as_f64);
    let counts = |name: &str| -> BTreeMap<String, u64> {
        let object = json.get(name).and_then(Value::as_object);
        object.into_iter().flatten().filter_map(|(key, count)| Some((key.clone(), count.as_u64()?))).collect()
    };
    // Not what oha says itself: its requestsPerSec counts those that were cut by the clock as well.
    let seconds = number("/summary/total").ok_or("oha does not tell how long it took")?;
    let mut others = counts("statusCodeDistribution");
    let answered: u64 = others.values().sum();
    let ok = others.remove("200").unwrap_or_default();
    others.extend(counts("errorDistribution"));
    others.remove(TIME_UP);
    // It takes them from a sorted list: of a shorter one the last is the maximum.
    let percentile = |name: &str, fewest: u64| {
        number(&format!("/latencyPercentilesSuccessful/{name}")).filter(|_| ok >= fewest)
    };
    Ok(Answers {
        per_second: answered as f64 / seconds,
        good_per_second: ok as f64 / seconds,
        p50: percentile("p50", 1),
        p99: percentile("p99", 100),
        p999: percentile("p99.9", 1_000),
        slowest: number("/summary/slowest"),
        bytes: number("/summary/sizePerRequest"),
        ok,
        others,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What oha says of four seconds with so many answers of 200, 200 of 503, a broken connection, and 20
    /// requests for which the time was up.
    fn said(ok: u64) -> Result<Answers> {
        read(&json!({
            "summary": { "requestsPerSec": (ok + 221) as f64 / 4.0, "total": 4.0, "slowest": 0.02 },
            "latencyPercentiles": { "p50": 0.0001, "p99": 0.0002, "p99.9": 0.0003 },
            "latencyPercentilesSuccessful": { "p50": 0.001, "p99": 0.004, "p99.9": 0.008 },
            "statusCodeDistribution": { "200": ok, "503": 200 },
            "errorDistribution": { "aborted due to deadline": 20, "connection closed": 1 },
        }))
    }

    #[test]
    fn only_what_was_cut_by_the_clock_is_forgiven() -> Result<()> {
        let answers = said(1_000)?;
        let others: Vec<(&str, u64)> = answers.others.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(others, [("503", 200), ("connection closed", 1)]);
        Ok(())
    }

    #[test]
    fn a_rate_is_of_answers_alone() -> Result<()> {
        let answers = said(1_000)?;
        assert_eq!((answers.ok, answers.per_second, answers.good_per_second), (1_000, 300.0, 250.0));
        Ok(())
    }

    #[test]
    fn a_percentile_is_of_success_and_needs_so_many_answers() -> Result<()> {
        for (ok, p50, p99, p999) in [
            (1_000, Some(0.001), Some(0.004), Some(0.008)),
            (999, Some(0.001), Some(0.004), None),
            (99, Some(0.001), None, None),
            (0, None, None, None),
        ] {
            let answers = said(ok)?;
            assert_eq!((answers.p50, answers.p99, answers.p999), (p50, p99, p999), "{ok}");
        }
        Ok(())
    }
}
