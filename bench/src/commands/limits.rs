//! `bin/bench limits`: how close the server is to the cost of its work alone, and which resources it takes.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::database::{Databases, FILE_NAME, temporary_folder};
use crate::document::{self, Section, command_line};
use crate::endpoint::ENDPOINTS;
use crate::executable::{Build, isolated};
use crate::format::{self, milliseconds, table};
use crate::load::{self, Amount, LoadReport};
use crate::measurement::{Workload, measure};
use crate::pause;
use crate::process::{self, Process, check_stop_signal};
use crate::progress::Progress;
use crate::server::{Mode, Server, ServerOptions};
use crate::statistics::median_or_nan;

/// Compare the server with its work alone, and measure memory and start-up time
#[derive(Args, Debug)]
pub struct Options {
    /// Take less than three minutes: one round, and ten seconds of load in place of a minute
    #[arg(long)]
    quick: bool,
}

/// As many clients as in the ablation.
const CLIENTS: u64 = 20;
/// Clients of the test with many connections.
const MANY_CLIENTS: u64 = 256;
/// How often the server is started to measure how long that takes.
const STARTS: usize = 5;
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the program that measures the work alone may take for one endpoint, with a database to make.
const IN_PROCESS_TIMEOUT: Duration = Duration::from_secs(300);
/// How long the server may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

impl Options {
    fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    /// Seconds of load on `balanced`.
    fn seconds(&self) -> u64 {
        if self.quick { 10 } else { 60 }
    }

    fn command(&self) -> String {
        command_line(&[Some("limits".to_owned()), self.quick.then(|| "--quick".to_owned())])
    }
}

/// Measures overhead and resources, prints them, and writes the documents.
pub fn run(options: &Options) -> Result<()> {
    let overheads = overheads(options)?;
    let resources = resources(options)?;
    let tables = format!("{}\n{}", overhead_table(&overheads), table(RESOURCE_COLUMNS, &resources));
    print!("{tables}");
    document::write(Section::Limits, &options.command(), &tables, &headline(&overheads, &resources))
}

/// Processor time per call of an endpoint, in microseconds, and the ratio of the two: medians of the rounds.
struct Overhead {
    endpoint: &'static str,
    in_process: f64,
    server: f64,
    ratio: f64,
}

/// Measures each endpoint in one process without HTTP, and through the server.
fn overheads(options: &Options) -> Result<Vec<Overhead>> {
    let mut databases = Databases::new()?;
    let mut progress = Progress::new(ENDPOINTS.len() * options.rounds());
    let mut overheads = Vec::new();
    for endpoint in &ENDPOINTS {
        let (mut in_process, mut server, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds() {
            let work = in_process_time(endpoint.name)?;
            // Without a throughput, an endpoint that destroys rows gets as many calls as its database has rows for.
            let workload = Workload { endpoint, connections: CLIENTS, seconds: 3, expected_throughput: None };
            let measurement = measure(&mut databases, &workload, &ServerOptions::default())?;
            if !measurement.load.failures.is_empty() {
                bail!("{}: {}", endpoint.name, format::counts(&measurement.load.failures));
            }
            let time = measurement.cpu_per_request.context("the system does not report processor times")?;
            let through_server = time.as_secs_f64() * 1e6;
            progress.done(&format!(
                "{}: {work:.0} µs in process, {through_server:.0} µs through the server",
                endpoint.name
            ));
            in_process.push(work);
            server.push(through_server);
            ratios.push(through_server / work);
        }
        let [in_process, server, ratio] = [in_process, server, ratios].map(median_or_nan);
        overheads.push(Overhead { endpoint: endpoint.name, in_process, server, ratio });
    }
    Ok(overheads)
}

fn overhead_table(overheads: &[Overhead]) -> String {
    let rows: Vec<[String; 4]> = overheads
        .iter()
        .map(|overhead| {
            [
                overhead.endpoint.to_owned(),
                format!("{:.0}", overhead.in_process),
                format!("{:.0}", overhead.server),
                format::ratio(Some(overhead.ratio)),
            ]
        })
        .collect();
    table(["endpoint", "in process, µs/call", "through the server, µs/call", "ratio"], &rows)
}

/// Microseconds of processor time per call, as `bench/programs/in_process.rs` prints them.
fn in_process_time(endpoint: &str) -> Result<f64> {
    let folder = temporary_folder()?;
    let mut command = isolated(&Build::Release.folder()?.join("in-process"));
    command.arg(endpoint).stdin(Stdio::null());
    let printed = process::capture(&mut command, &folder.path().join("stdout"), IN_PROCESS_TIMEOUT)?;
    let row = printed.lines().find(|line| line.starts_with(endpoint));
    let both = row.and_then(|row| row.split_whitespace().nth(3)?.parse().ok());
    both.with_context(|| format!("in-process printed nothing about {endpoint}: {printed}"))
}

const RESOURCE_COLUMNS: [&str; 3] = ["resource", "value", "target"];
/// The rows of [`resources`] that are in the headline: time to start, memory at rest, memory after load.
const HEADLINE_RESOURCES: std::ops::RangeInclusive<usize> = 1..=3;

/// The size of the program, the time to start, memory, and the maximum latency, each with its target.
fn resources(options: &Options) -> Result<Vec<[String; 3]>> {
    let mut databases = Databases::new()?;
    let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let size = fs::metadata(Build::Release.lorem_news_file()?)?.len();
    let start = time_to_first_answer(&mut databases)?;
    let many = load_balanced(&mut databases, MANY_CLIENTS, options)?;
    let few = load_balanced(&mut databases, CLIENTS, options)?;
    let seconds = options.seconds();
    eprintln!("the longest pause of the machine in {seconds} s");
    let pause = pause::longest(Duration::from_secs(seconds))?;
    let [failures_many, failures_few] = [&many, &few].map(|loaded| format::counts(&loaded.load.failures));
    let row = |resource: String, value: String, target: &str| [resource, value, target.to_owned()];
    Ok(vec![
        row("program, stripped".to_owned(), format!("{:.1} MB", size as f64 / 1e6), "under 15 MB"),
        row(
            format!("time from the start to the first 200, median of {STARTS}"),
            format!("{:.0} ms", start * 1e3),
            "under 100 ms",
        ),
        row(
            "anonymous memory (RssAnon) at rest, after a few pages".to_owned(),
            mebibytes(many.memory_at_rest),
            "at most 60 MiB",
        ),
        row(
            format!("anonymous memory after {seconds} s of balanced, {MANY_CLIENTS} clients"),
            mebibytes(many.memory_after_load),
            "at most 150 MiB",
        ),
        row(
            format!("answers other than 200, {MANY_CLIENTS} and {CLIENTS} clients"),
            format!("{failures_many}, {failures_few}"),
            "0",
        ),
        row(
            format!("maximum latency in {seconds} s of balanced, {CLIENTS} clients"),
            format!("{} ms", milliseconds(few.load.maximum)),
            "at most 100 ms more than the next line",
        ),
        row(
            format!("longest pause of the idle machine in {seconds} s"),
            format!("{:.1} ms", pause.as_secs_f64() * 1e3),
            &format::unknown(),
        ),
    ])
}

/// The range of the ratios, and the resources that depend on the server most.
fn headline(overheads: &[Overhead], resources: &[[String; 3]]) -> String {
    let ratios = || overheads.iter().map(|overhead| overhead.ratio);
    let (lowest, highest) = (ratios().fold(f64::INFINITY, f64::min), ratios().fold(0.0, f64::max));
    let overhead = [
        "CPU time through the server / in process".to_owned(),
        format!("{lowest:.2} to {highest:.2}"),
        "at most 1.5".to_owned(),
    ];
    let resources = resources.get(HEADLINE_RESOURCES).unwrap_or_default();
    table(RESOURCE_COLUMNS, &[&[overhead][..], resources].concat())
}

/// A server under a load on `balanced`.
struct LoadedServer {
    load: LoadReport,
    /// Bytes of anonymous memory.
    memory_at_rest: u64,
    memory_after_load: u64,
}

fn load_balanced(databases: &mut Databases, clients: u64, options: &Options) -> Result<LoadedServer> {
    let folder = databases.copy(None)?;
    let server = Server::start(folder.path(), &ServerOptions::default())?;
    // Memory at rest includes what the server keeps after it has served a page.
    for page in ["/", "/posts", "/", "/posts"] {
        get(&format!("{}{page}", server.url()))?;
    }
    let memory_at_rest = server.anonymous_memory()?;
    eprintln!("balanced, {clients} clients, {} s", options.seconds());
    let url = format!("{}/benchmarking/balanced", server.url());
    let load = load::post(&url, clients, &Amount::Seconds(options.seconds()), folder.path())?;
    let memory_after_load = server.anonymous_memory()?;
    server.stop()?;
    Ok(LoadedServer { load, memory_at_rest, memory_after_load })
}

/// Requests a page on a new connection. Fails unless a whole page arrives with status 200 and in time.
fn get(url: &str) -> Result<()> {
    let request = ureq::get(url).config().timeout_global(Some(REQUEST_TIMEOUT)).build();
    request.call()?.body_mut().read_to_vec()?;
    Ok(())
}

/// Seconds from the start of the program, on an existing database, to its first answer with 200.
fn time_to_first_answer(databases: &mut Databases) -> Result<f64> {
    let options = ServerOptions { mode: Mode::Serve { benchmarking: false }, ..ServerOptions::default() };
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let folder = databases.copy(None)?;
        // A port that was free a moment ago, as no other program here takes ports.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = options.serve(&folder.path().join(FILE_NAME), &address)?;
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let began = Instant::now();
        let server = Process::start(&mut command)?;
        let url = format!("http://{address}/up");
        while get(&url).is_err() {
            check_stop_signal()?;
            if began.elapsed() > REQUEST_TIMEOUT {
                bail!("the server does not answer");
            }
            thread::sleep(Duration::from_millis(1));
        }
        times.push(began.elapsed().as_secs_f64());
        server.terminate()?;
        server.finish(STOP_TIMEOUT)?;
    }
    Ok(median_or_nan(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_has_the_range_of_the_ratios_and_some_resources() {
        let overheads = [1.49, 2.55, 2.0].map(|ratio| Overhead {
            endpoint: "balanced",
            in_process: 100.0,
            server: 100.0 * ratio,
            ratio,
        });
        let resources: Vec<[String; 3]> = ["size", "start", "rest", "load", "failures"]
            .map(|name| [name, "1", "2"].map(str::to_owned))
            .into();
        let text = headline(&overheads, &resources);
        let rows: Vec<Vec<&str>> =
            text.lines().skip(2).map(|line| line.split('|').map(str::trim).collect()).collect();
        assert_eq!(rows[0][2], "1.49 to 2.55");
        assert_eq!(rows[1..].iter().map(|row| row[1]).collect::<Vec<_>>(), ["start", "rest", "load"]);
    }
}
