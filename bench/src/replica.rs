//! `bin/bench replica`: what the ten endpoints pay for a replica, by turns with and without one.
//!
//! The replica is a bucket of the store that `bin/s3` starts. It runs on this machine and takes its share of
//! the processors, as the clients do: with a bucket elsewhere the server has more for itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cell::{self, Load};
use crate::database::Databases;
use crate::endpoint::{self, ENDPOINTS, Endpoint};
use crate::process::{Process, wait_for};
use crate::report::middle;
use crate::server::{self, Build, Program, Replica};
use crate::{Result, load, report};

/// Compare a server that has a replica with one that has none
#[derive(Args, Debug)]
pub struct Options {
    /// How long each endpoint is loaded in a turn
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How often each has its turn
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How many clients send one request after the other
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: u64,
    /// Only these
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = PossibleValuesParser::new(ENDPOINTS.map(|endpoint| endpoint.name)))]
    endpoints: Vec<String>,
    /// Another build of the program, which has turns with a replica as well
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,
}

/// A store has said that it listens after so long.
const START: Duration = Duration::from_secs(10);
/// The bucket.
const BUCKET: &str = "bench";

/// What is compared, and what the first is compared with.
struct Way<'o> {
    name: &'static str,
    program: Program<'o>,
    replicated: bool,
}

/// One way's figures for one endpoint, one a round.
#[derive(Default)]
struct Figures {
    per_second: Vec<f64>,
    /// Milliseconds; none of a round with too few answers.
    p999: Vec<Option<f64>>,
}

/// Times every endpoint every way, and prints the ratios.
pub fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir_in(server::build_folder(Build::Release)?)?;
    let store = Store::start(folder.path())?;
    let mut ways = vec![
        Way { name: "without", program: Program::Released, replicated: false },
        Way { name: "with", program: Program::Released, replicated: true },
    ];
    if let Some(program) = &options.beside {
        ways.push(Way { name: "the other build with", program: Program::Other(program), replicated: true });
    }
    println!(
        "| endpoint | replica | requests/s | of those without | p99.9 ms | of those without |\n|---|---|---:|---:|---:|---:|"
    );
    let mut databases = Databases::new()?;
    for endpoint in endpoint::chosen(&options.endpoints) {
        let figures = compare(&mut databases, endpoint, &ways, &store, options)?;
        for (way, its) in ways.iter().zip(&figures) {
            // The ratio in each round, since one round sees one state of the machine.
            let without = &figures[0];
            let rates = its.per_second.iter().zip(&without.per_second);
            let tails = its.p999.iter().zip(&without.p999);
            let written = |figures: Vec<f64>| {
                report::median(figures).map_or_else(report::none, |figure| format!("{figure:.2}"))
            };
            println!(
                "| {} | {} | {:.0} | {} | {} | {} |",
                endpoint.name,
                way.name,
                middle(its.per_second.clone()),
                written(rates.map(|(with, without)| with / without).collect()),
                written(its.p999.iter().copied().flatten().collect()),
                written(tails.filter_map(|(with, without)| Some((*with)? / (*without)?)).collect()),
            );
        }
    }
    Ok(())
}

/// All rounds of one endpoint: the figures of each way.
fn compare(
    databases: &mut Databases,
    endpoint: &'static Endpoint,
    ways: &[Way],
    store: &Store,
    options: &Options,
) -> Result<Vec<Figures>> {
    let mut figures: Vec<Figures> = ways.iter().map(|_| Figures::default()).collect();
    for round in 0..options.rounds {
        for (number, (way, figures)) in ways.iter().zip(&mut figures).enumerate() {
            // A fresh database needs a place of its own in the bucket.
            let place = format!("{}-{round}-{number}", endpoint.name);
            let how = server::How {
                program: way.program,
                replica: way.replicated.then(|| Replica {
                    endpoint: &store.endpoint,
                    bucket: BUCKET,
                    path: &place,
                }),
                has_no_slow_log: false,
            };
            let Options { connections, seconds, .. } = *options;
            let load = Load { endpoint, connections, seconds, rate: None };
            let cell = cell::time(databases, &load, &how)
                .map_err(|error| format!("{} {}: {error}", endpoint.name, way.name))?;
            let load::Answers { per_second, p999, others, .. } = cell.answers;
            if !others.is_empty() {
                return Err(format!("{} {}: {others:?}", endpoint.name, way.name).into());
            }
            figures.per_second.push(per_second);
            figures.p999.push(p999.map(|seconds| seconds * 1e3));
        }
    }
    Ok(figures)
}

/// The store, which ends with this value.
struct Store {
    endpoint: String,
    _process: Process,
}

impl Store {
    fn start(folder: &Path) -> Result<Store> {
        let (objects, said) = (folder.join("store"), folder.join("store.log"));
        fs::create_dir_all(objects.join(BUCKET))?;
        let mut command = Command::new("rclone");
        command.args(["serve", "s3", "--config", "/dev/null", "--no-cleanup", "--addr", "127.0.0.1:0"]);
        command.args(["--auth-key", &format!("{},{}", server::KEY, server::SECRET)]).arg(&objects);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&said)?);
        let mut process = Process::start(&mut command)?;
        let endpoint = wait_for(START, || {
            if let Some(status) = process.ended()? {
                return Err(format!("the store did not start: {status}").into());
            }
            Ok(endpoint_in(&fs::read_to_string(&said)?))
        })?;
        Ok(Store { endpoint, _process: process })
    }
}

/// The address in what the store says when it listens: `… on [http://127.0.0.1:40123/]`.
fn endpoint_in(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("[http://")?;
    let (address, _) = rest.split_once("/]")?;
    Some(format!("http://{address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_address_is_read_once_it_is_whole() {
        let line = "NOTICE: Local file system at x: Starting s3 server on [http://127.0.0.1:40123/]\n";
        assert_eq!(endpoint_in(line).as_deref(), Some("http://127.0.0.1:40123"));
        assert_eq!(endpoint_in(&line[..line.len() - 4]), None);
    }
}
