//! `bin/bench`: the ten endpoints, each with one client, two, four … 256.

use std::fs;

use anyhow::{Context, Result, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::database::Databases;
use crate::document::{self, Section, command_line};
use crate::endpoint;
use crate::format::{self, grouped, microseconds, milliseconds, table, wide_table};
use crate::measurement::{Measurement, Workload, measure};
use crate::plot::{self, Line, Panel};
use crate::progress::Progress;
use crate::server::ServerOptions;

/// Measure the ten endpoints
#[derive(Args, Debug)]
pub struct Options {
    /// Take less than three minutes: fewer numbers of clients, one second each
    #[arg(long)]
    quick: bool,
    /// Seconds of load for each endpoint and number of clients [default: 5, quick: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: Option<u64>,
    /// Numbers of clients, each of which sends one request after the other on a connection that is kept open; the
    /// documents are not written [default: 1,2,4,8,16,20,32,64,128,256, quick: 1,4,16,64,256]
    #[arg(long, value_delimiter = ',', value_name = "N,…", value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: Vec<u64>,
    /// Measure these endpoints only; the documents are not written
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = PossibleValuesParser::new(endpoint::names()))]
    endpoints: Vec<String>,
}

impl Options {
    /// The numbers of clients, each once, in ascending order.
    fn levels(&self) -> Vec<u64> {
        let mut levels = match (self.connections.as_slice(), self.quick) {
            ([], false) => vec![1, 2, 4, 8, 16, 20, 32, 64, 128, 256],
            ([], true) => vec![1, 4, 16, 64, 256],
            (requested, _) => requested.to_vec(),
        };
        levels.sort_unstable();
        levels.dedup();
        levels
    }

    fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(if self.quick { 1 } else { 5 })
    }

    /// Whether it measures everything that the documents show.
    fn is_whole(&self) -> bool {
        self.connections.is_empty() && self.endpoints.is_empty()
    }

    /// The command line of a whole run.
    fn command(&self) -> String {
        command_line(&[
            self.quick.then(|| "--quick".to_owned()),
            self.seconds.map(|seconds| format!("--seconds {seconds}")),
        ])
    }
}

/// The folder of the plots, relative to the repository.
const PLOTS: &str = "docs/benchmarks";
/// The headline is of the largest number of clients up to this one.
const HEADLINE_CLIENTS: u64 = 20;

/// A column of the headline, and a table of the results.
struct Metric {
    name: &'static str,
    value: fn(&Measurement) -> String,
}

const METRICS: [Metric; 5] = [
    Metric { name: "Requests/s", value: |measurement| grouped(measurement.load.throughput) },
    Metric { name: "Median, ms", value: |measurement| milliseconds(measurement.load.p50) },
    Metric { name: "99th percentile, ms", value: |measurement| milliseconds(measurement.load.p99) },
    Metric { name: "99.9th percentile, ms", value: |measurement| milliseconds(measurement.load.p999) },
    Metric {
        name: "Server CPU time, µs/request",
        value: |measurement| microseconds(measurement.cpu_per_request),
    },
];

/// Measures, prints all measurements, and writes plots and documents after a whole run.
pub fn run(options: &Options) -> Result<()> {
    let measurements = measure_all(options)?;
    print!("{}", all_columns(&measurements));
    if options.is_whole() {
        draw(&measurements)?;
        let tables = tables(options, &measurements);
        document::write(Section::Endpoints, &options.command(), &tables, &headline(options, &measurements))?;
    }
    let failed: Vec<&Measurement> =
        measurements.iter().filter(|measurement| !measurement.load.failures.is_empty()).collect();
    if let Some(first) = failed.first() {
        bail!(
            "in {} of {} measurements not all calls were answered with 200, first in {} with {} connections: {}",
            failed.len(),
            measurements.len(),
            first.endpoint,
            first.connections,
            format::counts(&first.load.failures),
        );
    }
    Ok(())
}

fn measure_all(options: &Options) -> Result<Vec<Measurement>> {
    let mut databases = Databases::new()?;
    let (endpoints, levels) = (endpoint::chosen(&options.endpoints), options.levels());
    let mut progress = Progress::new(endpoints.len() * levels.len());
    let mut measurements: Vec<Measurement> = Vec::new();
    for endpoint in endpoints {
        // The next level answers about as much as the one before.
        let mut expected_throughput = endpoint.initial_throughput();
        for &connections in &levels {
            let workload =
                Workload { endpoint, connections, seconds: options.seconds(), expected_throughput };
            let measurement = measure(&mut databases, &workload, &ServerOptions::default())
                .with_context(|| format!("{}, {connections} connections", endpoint.name))?;
            expected_throughput = Some(measurement.load.throughput);
            progress.done(&summary(&measurement));
            measurements.push(measurement);
        }
    }
    Ok(measurements)
}

fn summary(measurement: &Measurement) -> String {
    let Measurement { endpoint, connections, load, .. } = measurement;
    format!(
        "{endpoint}, {connections} connections: {} requests/s, p50 {} ms, p99.9 {} ms, not 200: {}",
        grouped(load.throughput),
        milliseconds(load.p50),
        milliseconds(load.p999),
        format::counts(&load.failures),
    )
}

/// A table with a row for each measurement.
fn all_columns(measurements: &[Measurement]) -> String {
    let row = |measurement: &Measurement| {
        let load = &measurement.load;
        [
            measurement.endpoint.to_owned(),
            measurement.connections.to_string(),
            grouped(load.throughput),
            milliseconds(load.p50),
            milliseconds(load.p99),
            milliseconds(load.p999),
            milliseconds(load.maximum),
            microseconds(measurement.cpu_per_request),
            load.body_bytes.map_or_else(format::unknown, grouped),
            format::counts(&load.failures),
            measurement.nothing_to_destroy.map_or_else(format::unknown, |count| count.to_string()),
        ]
    };
    table(
        [
            "endpoint",
            "connections",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "maximum ms",
            "server CPU µs/request",
            "page bytes",
            "not 200",
            "nothing to destroy",
        ],
        &measurements.iter().map(row).collect::<Vec<_>>(),
    )
}

/// The measurements of each endpoint.
fn by_endpoint(measurements: &[Measurement]) -> impl Iterator<Item = &[Measurement]> {
    measurements.chunk_by(|one, next| one.endpoint == next.endpoint)
}

fn draw(measurements: &[Measurement]) -> Result<()> {
    fs::create_dir_all(PLOTS)?;
    let lines = |value: fn(&Measurement) -> Option<f64>| -> Vec<Line> {
        by_endpoint(measurements).map(|row| line(row[0].endpoint, row, value)).collect()
    };
    let requests = Panel {
        title: "Requests/s".to_owned(),
        lines: lines(|measurement| Some(measurement.load.throughput)),
    };
    plot::chart(&format!("{PLOTS}/requests.svg"), &requests)?;
    let cpu = |measurement: &Measurement| measurement.cpu_per_request.map(|time| time.as_secs_f64() * 1e6);
    let processor = Panel { title: "Server CPU time, µs/request".to_owned(), lines: lines(cpu) };
    plot::chart(&format!("{PLOTS}/processor.svg"), &processor)?;
    let panels: Vec<Panel> = by_endpoint(measurements)
        .map(|row| Panel {
            title: format!("{}, ms", row[0].endpoint),
            lines: vec![
                line("p99.9", row, |measurement| measurement.load.p999.map(|seconds| seconds * 1e3)),
                line("p99", row, |measurement| measurement.load.p99.map(|seconds| seconds * 1e3)),
                line("p50", row, |measurement| measurement.load.p50.map(|seconds| seconds * 1e3)),
            ],
        })
        .collect();
    plot::panels(&format!("{PLOTS}/latency.svg"), &panels)
}

fn line(name: &str, measurements: &[Measurement], value: fn(&Measurement) -> Option<f64>) -> Line {
    let points = measurements
        .iter()
        .filter_map(|measurement| Some((measurement.connections as f64, value(measurement)?)))
        .collect();
    Line { name: name.to_owned(), points }
}

/// A table for each metric, by endpoint and number of clients.
fn tables(options: &Options, measurements: &[Measurement]) -> String {
    let mut text = String::new();
    for Metric { name, value } in METRICS {
        let levels = options.levels().into_iter().map(|clients| clients.to_string());
        let headings = ["clients".to_owned()].into_iter().chain(levels);
        let rows = by_endpoint(measurements).map(|row| {
            [row[0].endpoint.to_owned()].into_iter().chain(row.iter().map(value)).collect::<Vec<String>>()
        });
        text += &format!("**{name}**\n\n{}\n", wide_table(headings.collect(), rows.collect()));
    }
    text + &answered(measurements)
}

/// All metrics of each endpoint at one number of clients.
fn headline(options: &Options, measurements: &[Measurement]) -> String {
    let levels = options.levels();
    let clients = levels.iter().rfind(|&&clients| clients <= HEADLINE_CLIENTS).or(levels.first());
    let clients = clients.copied().unwrap_or_default();
    let names = METRICS.map(|metric| metric.name.to_owned());
    let headings = [format!("{clients} clients")].into_iter().chain(names).collect();
    let rows =
        measurements.iter().filter(|measurement| measurement.connections == clients).map(|measurement| {
            let values = METRICS.iter().map(|metric| (metric.value)(measurement));
            [measurement.endpoint.to_owned()].into_iter().chain(values).collect()
        });
    wide_table(headings, rows.collect())
}

/// The number of answers and of failures, in a sentence.
fn answered(measurements: &[Measurement]) -> String {
    let ok: u64 = measurements.iter().map(|measurement| measurement.load.ok).sum();
    let others: u64 = measurements.iter().flat_map(|measurement| measurement.load.failures.values()).sum();
    let nothing: u64 = measurements.iter().filter_map(|measurement| measurement.nothing_to_destroy).sum();
    let [ok, others, nothing] = [ok, others, nothing].map(|number| grouped(number as f64));
    format!("Answered with 200: {ok} calls. Not answered with 200: {others}. Nothing to destroy: {nothing}.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::Parser;

    use super::*;
    use crate::load::LoadReport;

    #[derive(Parser)]
    struct Bench {
        #[command(flatten)]
        options: Options,
    }

    fn options(arguments: &[&str]) -> Options {
        Bench::try_parse_from(["bench"].iter().chain(arguments))
            .map(|bench| bench.options)
            .expect("they are known")
    }

    #[test]
    fn levels_are_the_requested_ones_each_once_and_in_order() {
        assert_eq!(options(&["--connections", "256,1,20,20"]).levels(), [1, 20, 256]);
        assert_eq!(options(&["--quick", "--connections", "7"]).levels(), [7]);
        assert_eq!(options(&[]).levels(), [1, 2, 4, 8, 16, 20, 32, 64, 128, 256]);
        assert_eq!(options(&["--quick"]).levels(), [1, 4, 16, 64, 256]);
    }

    #[test]
    fn only_a_whole_run_is_written_with_its_command_line() {
        assert!(
            options(&[]).is_whole()
                && options(&["--quick"]).is_whole()
                && options(&["--seconds=2"]).is_whole()
        );
        assert!(!options(&["--connections=1"]).is_whole() && !options(&["--endpoints=balanced"]).is_whole());
        assert_eq!(options(&["--quick", "--seconds=2"]).command(), "bin/bench --quick --seconds 2");
        assert_eq!((options(&[]).seconds(), options(&["--quick"]).seconds()), (5, 1));
    }

    #[test]
    fn the_headline_is_of_20_clients_or_the_next_lower_level() {
        let measurement = |endpoint: &'static str, connections| Measurement {
            endpoint,
            connections,
            load: LoadReport {
                throughput: connections as f64 * 1_000.0,
                ok_throughput: f64::NAN,
                p50: Some(0.002),
                p99: None,
                p999: None,
                maximum: None,
                body_bytes: None,
                ok: 1,
                failures: BTreeMap::new(),
            },
            cpu_per_request: None,
            nothing_to_destroy: None,
        };
        let measurements: Vec<Measurement> = ["balanced", "user_show"]
            .into_iter()
            .flat_map(|endpoint| [4, 16, 20, 64].map(|clients| measurement(endpoint, clients)))
            .collect();
        for (arguments, clients) in [(&[][..], "20"), (&["--quick"], "16")] {
            let text = headline(&options(arguments), &measurements);
            let rows: Vec<Vec<&str>> =
                text.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
            assert_eq!(rows.len(), 4, "{text}");
            assert_eq!(rows[0][1], format!("{clients} clients"), "{text}");
            assert_eq!(rows[3][1..=4], ["user_show", &format!("{clients},000"), "2.00", "–"], "{text}");
        }
    }
}
