//! `bin/bench ablation`: what each design step contributes. All variants in a comparison run the same handlers and
//! statements on copies of the same database, and differ in one thing.
//!
//! Their runs are interleaved, so that noise of the machine affects all of them. A call that is not answered with 200
//! is counted instead of ending the run: some steps exist because of such calls.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::database::Databases;
use crate::document::{self, Section, command_line};
use crate::endpoint;
use crate::executable::Build;
use crate::format::{self, grouped, microseconds, milliseconds, table};
use crate::measurement::{Measurement, Workload, measure};
use crate::progress::Progress;
use crate::server::{Executable, ServerOptions};
use crate::statistics::median;

/// Compare write strategies, servers and build profiles
#[derive(Args, Debug)]
pub struct Options {
    /// Take less than three minutes: fewer and shorter rounds
    #[arg(long)]
    quick: bool,
    /// Seconds of load for each variant in each round [default: 5, quick: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: Option<u64>,
    /// Rounds, in each of which all variants run once [default: 5, quick: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,
    /// Run this comparison only; the documents are not written
    #[arg(long, value_enum)]
    only: Option<Name>,
}

impl Options {
    fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(if self.quick { 1 } else { 5 })
    }

    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 3 } else { 5 })
    }

    /// The command line of a run of all comparisons.
    fn command(&self) -> String {
        command_line(&[
            Some("ablation".to_owned()),
            self.quick.then(|| "--quick".to_owned()),
            self.seconds.map(|seconds| format!("--seconds {seconds}")),
            self.rounds.map(|rounds| format!("--rounds {rounds}")),
        ])
    }
}

/// As many clients as in the Rails application's own measurements.
const CLIENTS: u64 = 20;
/// The endpoint of the headline, which is in all comparisons.
const HEADLINE_ENDPOINT: &str = "post_create";

/// A comparison, as the option `--only` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    Writing,
    Servers,
    Builds,
}

/// Variants that are compared with the first of them.
struct Comparison {
    name: Name,
    title: &'static str,
    endpoints: &'static [&'static str],
    variants: &'static [Variant],
}

struct Variant {
    name: &'static str,
    executable: Executable<'static>,
}

const COMPARISONS: [Comparison; 3] = [
    Comparison {
        name: Name::Writing,
        title: "Write strategies",
        endpoints: &["post_create"],
        variants: &[
            variant("deferred transactions on a pool, NORMAL", strategy(&["--way=deferred", "--normal"])),
            variant(
                "immediate transactions, busy_timeout, NORMAL",
                strategy(&["--way=immediate", "--normal"]),
            ),
            variant("one connection behind a mutex, NORMAL", strategy(&["--way=mutex", "--normal"])),
            variant("group commit, NORMAL", strategy(&["--way=group", "--normal"])),
            variant("deferred transactions on a pool, FULL", strategy(&["--way=deferred"])),
            variant("immediate transactions, busy_timeout, FULL", strategy(&["--way=immediate"])),
            variant("one connection behind a mutex, FULL", strategy(&["--way=mutex"])),
            variant("group commit, FULL (current)", strategy(&["--way=group"])),
        ],
    },
    Comparison {
        name: Name::Servers,
        title: "Servers",
        endpoints: &["posts_index", "post_create"],
        variants: &[
            variant("stock rouille", Executable::Bench { name: "stock-rouille", arguments: &[] }),
            variant(
                "stock rouille with TCP_NODELAY",
                Executable::Bench { name: "stock-rouille", arguments: &["--no-delay"] },
            ),
            variant("lorem-http (current)", Executable::Built(Build::Release)),
        ],
    },
    Comparison {
        name: Name::Builds,
        title: "Build profiles",
        endpoints: &["posts_index", "post_create"],
        variants: &[
            variant("debug", Executable::Built(Build::Debug)),
            variant("release", Executable::Built(Build::DefaultRelease)),
            variant("release, fat LTO (current)", Executable::Built(Build::Release)),
        ],
    },
];

const fn variant(name: &'static str, executable: Executable<'static>) -> Variant {
    Variant { name, executable }
}

/// The site on this project's server, with another write strategy.
const fn strategy(arguments: &'static [&'static str]) -> Executable<'static> {
    Executable::Bench { name: "ablation", arguments }
}

/// The result of a comparison at one endpoint: for each variant the measurements of all rounds.
struct Rounds {
    endpoint: &'static str,
    by_variant: Vec<Vec<Measurement>>,
}

/// Runs the comparisons, prints them, and writes the documents when it has run all of them.
pub fn run(options: &Options) -> Result<()> {
    let chosen: Vec<&Comparison> = COMPARISONS
        .iter()
        .filter(|comparison| options.only.is_none_or(|only| only == comparison.name))
        .collect();
    let per_round = |comparison: &&Comparison| comparison.endpoints.len() * comparison.variants.len();
    let mut progress = Progress::new(chosen.iter().map(per_round).sum::<usize>() * options.rounds() as usize);
    let mut databases = Databases::new()?;
    let (mut tables, mut headline) = (String::new(), Vec::new());
    for comparison in chosen {
        tables += &format!("**{}**\n\n", comparison.title);
        for endpoint in comparison.endpoints {
            let rounds = compare(&mut databases, comparison, endpoint, options, &mut progress)?;
            let rows = rows(comparison, &rounds);
            tables += &format!("`{}`:\n\n{}\n", rounds.endpoint, table(COLUMNS, &rows));
            if rounds.endpoint == HEADLINE_ENDPOINT {
                headline.extend(rows.into_iter().map(headline_row));
            }
        }
    }
    print!("{tables}");
    if options.only.is_none() {
        let headings =
            [&format!("`{HEADLINE_ENDPOINT}`, {CLIENTS} clients"), COLUMNS[1], COLUMNS[5], COLUMNS[8]];
        document::write(Section::Ablation, &options.command(), &tables, &table(headings, &headline))?;
    }
    Ok(())
}

fn compare(
    databases: &mut Databases,
    comparison: &Comparison,
    name: &str,
    options: &Options,
    progress: &mut Progress,
) -> Result<Rounds> {
    let endpoint = endpoint::named(name).with_context(|| format!("there is no endpoint {name}"))?;
    let mut by_variant: Vec<Vec<Measurement>> = comparison.variants.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.rounds() {
        for (variant, measurements) in comparison.variants.iter().zip(&mut by_variant) {
            let server = ServerOptions {
                executable: variant.executable,
                no_slow_log: true,
                ..ServerOptions::default()
            };
            let workload = Workload {
                endpoint,
                connections: CLIENTS,
                seconds: options.seconds(),
                expected_throughput: None,
            };
            let measurement = measure(databases, &workload, &server)
                .with_context(|| format!("{name}, {}", variant.name))?;
            progress.done(&format!(
                "{name}, {}: {} answers with 200 per second",
                variant.name,
                grouped(measurement.load.ok_throughput)
            ));
            measurements.push(measurement);
        }
    }
    Ok(Rounds { endpoint: endpoint.name, by_variant })
}

const COLUMNS: [&str; 9] = [
    "variant",
    "200s/s",
    "ratio to the first",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "maximum ms",
    "server CPU µs/request",
    "not 200",
];

/// A row for each variant, with the medians of the rounds. A ratio is the median of the ratios in each round.
fn rows(comparison: &Comparison, rounds: &Rounds) -> Vec<[String; 9]> {
    let first = rounds.by_variant.first().map_or(&[][..], Vec::as_slice);
    comparison
        .variants
        .iter()
        .zip(&rounds.by_variant)
        .map(|(variant, measurements)| {
            let median_of = |value: fn(&Measurement) -> Option<f64>| {
                median(measurements.iter().filter_map(value).collect())
            };
            let ratios = measurements
                .iter()
                .zip(first)
                .map(|(own, first)| own.load.ok_throughput / first.load.ok_throughput);
            let cpu = |measurement: &Measurement| measurement.cpu_per_request.map(|time| time.as_secs_f64());
            [
                variant.name.to_owned(),
                median_of(|measurement| Some(measurement.load.ok_throughput))
                    .map_or_else(format::unknown, grouped),
                format::ratio(median(ratios.collect())),
                milliseconds(median_of(|measurement| measurement.load.p50)),
                milliseconds(median_of(|measurement| measurement.load.p99)),
                milliseconds(median_of(|measurement| measurement.load.p999)),
                milliseconds(median_of(|measurement| measurement.load.maximum)),
                microseconds(median_of(cpu).map(Duration::from_secs_f64)),
                failure_ratios(measurements),
            ]
        })
        .collect()
}

/// The columns of a row that the headline has.
fn headline_row(row: [String; 9]) -> [String; 4] {
    let [variant, ok_throughput, _, _, _, p999, _, _, failures] = row;
    [variant, ok_throughput, p999, failures]
}

/// Calls that were not answered with 200, as ratios to all calls of all rounds.
fn failure_ratios(measurements: &[Measurement]) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in measurements.iter().flat_map(|measurement| &measurement.load.failures) {
        *counts.entry(name).or_default() += count;
    }
    let ok = measurements.iter().map(|measurement| measurement.load.ok).sum::<u64>();
    let all = ok + counts.values().sum::<u64>();
    let ratio = |(name, count): (&str, u64)| format!("{:.1} % {name}", 100.0 * count as f64 / all as f64);
    if counts.is_empty() {
        "0".to_owned()
    } else {
        counts.into_iter().map(ratio).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::LoadReport;

    fn measurement(ok_throughput: f64, ok: u64, failures: &[(&str, u64)]) -> Measurement {
        let failures = failures.iter().map(|&(name, count)| (name.to_owned(), count)).collect();
        let load = LoadReport {
            throughput: f64::NAN,
            ok_throughput,
            p50: Some(0.001),
            p99: None,
            p999: None,
            maximum: None,
            body_bytes: None,
            ok,
            failures,
        };
        Measurement {
            endpoint: "post_create",
            connections: 20,
            load,
            cpu_per_request: None,
            nothing_to_destroy: None,
        }
    }

    #[test]
    fn calls_that_were_not_answered_with_200_are_ratios_to_all_calls() {
        let measurements = [measurement(250.0, 250, &[("503", 750)]), measurement(400.0, 1000, &[])];
        assert_eq!(failure_ratios(&measurements), "37.5 % 503");
        assert_eq!(failure_ratios(&measurements[1..]), "0");
    }

    #[test]
    fn variants_are_compared_with_the_first_round_by_round() {
        // The machine was twice as fast in the second round, and four times in the third, for both variants.
        let measurements =
            |factor: f64| [1.0, 2.0, 4.0].map(|speed| measurement(100.0 * factor * speed, 10, &[])).into();
        let variant = |name| variant(name, Executable::default());
        let variants: &'static [Variant] = Box::leak(Box::new([variant("slow"), variant("fast")]));
        let comparison = Comparison { name: Name::Servers, title: "", endpoints: &[], variants };
        let rounds =
            Rounds { endpoint: "post_create", by_variant: vec![measurements(1.0), measurements(3.0)] };
        let rows = rows(&comparison, &rounds);
        assert_eq!(rows[1][..5], ["fast", "600", "3.00", "1.00", "–"], "{rows:?}");
    }

    #[test]
    fn each_comparison_has_known_endpoints_and_ends_with_the_current_program() {
        for comparison in &COMPARISONS {
            assert!(comparison.endpoints.iter().all(|name| endpoint::named(name).is_some()));
            assert!(comparison.endpoints.contains(&HEADLINE_ENDPOINT));
            assert!(comparison.variants.last().is_some_and(|variant| variant.name.ends_with("(current)")));
        }
    }
}
