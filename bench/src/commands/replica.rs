//! `bin/bench replica`: what a replica costs the ten endpoints, in interleaved runs with and without one.
//!
//! The replica is in a bucket of an object store on this machine (rclone, as `bin/s3` starts it). The store uses the
//! same processors, as the clients do: with a store elsewhere the server has more processor time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::database::{Databases, temporary_folder};
use crate::endpoint::{self, Endpoint};
use crate::executable::Build;
use crate::format;
use crate::measurement::{Workload, measure};
use crate::process::Process;
use crate::server::{Executable, ReplicaTarget, STORE_ACCESS_KEY, STORE_SECRET_KEY, ServerOptions};
use crate::statistics::{median, median_or_nan};

/// Compare a server with a replica and one without
#[derive(Args, Debug)]
pub struct Options {
    /// Seconds of load for each endpoint in each round
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rounds, in each of which all variants run once
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Clients, each of which sends one request after the other
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: u64,
    /// Measure these endpoints only
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = PossibleValuesParser::new(endpoint::names()))]
    endpoints: Vec<String>,
    /// Another build of the program, which is measured with a replica as well
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,
}

/// How long the store may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// The bucket of all replicas.
const BUCKET: &str = "bench";

/// A server that is compared with the first one, which has no replica.
struct Variant<'o> {
    name: &'static str,
    executable: Executable<'o>,
    has_replica: bool,
}

/// The results of one variant at one endpoint, one for each round.
#[derive(Default)]
struct Rounds {
    throughput: Vec<f64>,
    /// Milliseconds; `None` in a round with too few answers.
    p999: Vec<Option<f64>>,
}

/// Measures all endpoints with all variants, and prints the ratios.
pub fn run(options: &Options) -> Result<()> {
    let folder = temporary_folder()?;
    let store = Store::start(folder.path())?;
    let release = Executable::Built(Build::Release);
    let mut variants = vec![
        Variant { name: "without", executable: release, has_replica: false },
        Variant { name: "with", executable: release, has_replica: true },
    ];
    if let Some(path) = &options.beside {
        let executable = Executable::File(path);
        variants.push(Variant { name: "with, other build", executable, has_replica: true });
    }
    println!(
        "| endpoint | replica | requests/s | ratio to without | p99.9 ms | ratio to without |\n|---|---|---:|---:|---:|---:|"
    );
    let mut databases = Databases::new()?;
    for endpoint in endpoint::chosen(&options.endpoints) {
        let rounds = compare(&mut databases, endpoint, &variants, &store, options)?;
        for (variant, own) in variants.iter().zip(&rounds) {
            // A ratio is taken in each round, since one round has one state of the machine.
            let without = &rounds[0];
            let throughputs = own.throughput.iter().zip(&without.throughput);
            let tails = own.p999.iter().zip(&without.p999);
            println!(
                "| {} | {} | {:.0} | {} | {} | {} |",
                endpoint.name,
                variant.name,
                median_or_nan(own.throughput.clone()),
                format::ratio(median(throughputs.map(|(own, without)| own / without).collect())),
                format::ratio(median(own.p999.iter().copied().flatten().collect())),
                format::ratio(median(
                    tails.filter_map(|(own, without)| Some((*own)? / (*without)?)).collect()
                )),
            );
        }
    }
    Ok(())
}

/// Runs all rounds of one endpoint, and returns the results of each variant.
fn compare(
    databases: &mut Databases,
    endpoint: &'static Endpoint,
    variants: &[Variant],
    store: &Store,
    options: &Options,
) -> Result<Vec<Rounds>> {
    let mut rounds: Vec<Rounds> = variants.iter().map(|_| Rounds::default()).collect();
    for round in 0..options.rounds {
        for (number, (variant, results)) in variants.iter().zip(&mut rounds).enumerate() {
            // Each database needs its own path in the bucket.
            let path = format!("{}-{round}-{number}", endpoint.name);
            let target = ReplicaTarget { endpoint: &store.endpoint, bucket: BUCKET, path: &path };
            let server = ServerOptions {
                executable: variant.executable,
                replica: variant.has_replica.then_some(target),
                ..ServerOptions::default()
            };
            let Options { connections, seconds, .. } = *options;
            let workload = Workload { endpoint, connections, seconds, expected_throughput: None };
            let load = measure(databases, &workload, &server)
                .with_context(|| format!("{} {}", endpoint.name, variant.name))?
                .load;
            if !load.failures.is_empty() {
                bail!("{} {}: {}", endpoint.name, variant.name, format::counts(&load.failures));
            }
            results.throughput.push(load.throughput);
            results.p999.push(load.p999.map(|seconds| seconds * 1e3));
        }
    }
    Ok(rounds)
}

/// The object store. It ends when this value is dropped.
struct Store {
    endpoint: String,
    _process: Process,
}

impl Store {
    fn start(folder: &Path) -> Result<Store> {
        let (objects, log) = (folder.join("store"), folder.join("store.log"));
        fs::create_dir_all(objects.join(BUCKET))?;
        let mut command = Command::new("rclone");
        command.args(["serve", "s3", "--config", "/dev/null", "--no-cleanup", "--addr", "127.0.0.1:0"]);
        command.args(["--auth-key", &format!("{STORE_ACCESS_KEY},{STORE_SECRET_KEY}")]).arg(&objects);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let (process, endpoint) = Process::start_until_ready(&mut command, &log, START_TIMEOUT, endpoint_in)?;
        Ok(Store { endpoint, _process: process })
    }
}

/// The address in the line that the store logs when it listens: `… on [http://127.0.0.1:40123/]`.
fn endpoint_in(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("[http://")?;
    let (address, _) = rest.split_once("/]")?;
    Some(format!("http://{address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_address_is_read_once_it_is_complete() {
        let line = "NOTICE: Local file system at x: Starting s3 server on [http://127.0.0.1:40123/]\n";
        assert_eq!(endpoint_in(line).as_deref(), Some("http://127.0.0.1:40123"));
        assert_eq!(endpoint_in(&line[..line.len() - 4]), None);
    }
}
