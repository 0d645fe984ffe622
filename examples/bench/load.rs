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

/// What the clients saw. Times are in seconds; one is missing when there were too few answers.
pub struct Answers {
    /// Answers a second.
    pub per_second: f64,
    /// The median.
    pub p50: Option<f64>,
    /// One in a hundred took longer.
    pub p99: Option<f64>,
    /// One in a thousand took longer.
    pub p999: Option<f64>,
    /// The slowest of all.
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

/// The same with GET.
pub fn get(url: &str, connections: u64, much: &Much, folder: &Path) -> Result<Answers> {
    send("GET", url, connections, much, folder)
}

fn send(method: &str, url: &str, connections: u64, much: &Much, folder: &Path) -> Result<Answers> {
    let (amount, patience) = match much {
        Much::Seconds(seconds) => (["-z".to_owned(), format!("{seconds}s")], seconds + 30),
        Much::Calls(calls) => (["-n".to_owned(), calls.to_string()], 30 + calls / 100),
    };
    let output = folder.join("oha.json");
    let mut command = Command::new("oha");
    command.args(["-m", method, "--no-tui", "--output-format", "json", "-c", &connections.to_string()]);
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
    let mut others = counts("statusCodeDistribution");
    let ok = others.remove("200").unwrap_or_default();
    others.extend(counts("errorDistribution"));
    others.remove(TIME_UP);
    Ok(Answers {
        per_second: number("/summary/requestsPerSec").ok_or("oha tells no requests per second")?,
        p50: number("/latencyPercentiles/p50"),
        p99: number("/latencyPercentiles/p99"),
        p999: number("/latencyPercentiles/p99.9"),
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

    #[test]
    fn only_what_was_cut_by_the_clock_is_forgiven() -> Result<()> {
        let answers = read(&json!({
            "summary": { "requestsPerSec": 1200.5, "slowest": 0.02, "sizePerRequest": 3000 },
            "latencyPercentiles": { "p50": 0.001, "p99": 0.004, "p99.9": null },
            "statusCodeDistribution": { "200": 1190, "503": 2 },
            "errorDistribution": { "aborted due to deadline": 20, "connection closed": 1 },
        }))?;
        assert_eq!((answers.ok, answers.p99, answers.p999), (1190, Some(0.004), None));
        let others: Vec<(&str, u64)> = answers.others.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(others, [("503", 2), ("connection closed", 1)]);
        Ok(())
    }
}
