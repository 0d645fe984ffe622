//! `bin/bench`: the ten endpoints, each under one client, two, four … 256.

use std::fs;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cell::{self, Cell, Load};
use crate::database::Databases;
use crate::document::{machine, write_section};
use crate::endpoint::{self, ENDPOINTS};
use crate::plot::{self, Line, Panel};
use crate::progress::Progress;
use crate::server::How;
use crate::{Result, report};

/// Time the ten endpoints
#[derive(Args, Debug)]
pub struct Options {
    /// Done within three minutes: fewer numbers of clients, and a second each
    #[arg(long)]
    quick: bool,
    /// How long each endpoint is loaded by each number of clients [default: 5, quick: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: Option<u64>,
    /// How many clients send one request after the other, each on a connection that is kept open; then
    /// docs/benchmarks.md stays as it is [default: 1,2,4,8,16,20,32,64,128,256, quick: 1,4,16,64,256]
    #[arg(long, value_delimiter = ',', value_name = "N,…", value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: Vec<u64>,
    /// Only these; then docs/benchmarks.md stays as it is
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = PossibleValuesParser::new(ENDPOINTS.map(|endpoint| endpoint.name)))]
    endpoints: Vec<String>,
}

impl Options {
    /// Numbers of clients, each once, the smallest first.
    fn levels(&self) -> Vec<u64> {
        let mut levels = match (self.connections.as_slice(), self.quick) {
            ([], false) => vec![1, 2, 4, 8, 16, 20, 32, 64, 128, 256],
            ([], true) => vec![1, 4, 16, 64, 256],
            (asked, _) => asked.to_vec(),
        };
        levels.sort_unstable();
        levels.dedup();
        levels
    }

    fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(if self.quick { 1 } else { 5 })
    }

    /// Whether it times all that the document shows.
    fn is_whole(&self) -> bool {
        self.connections.is_empty() && self.endpoints.is_empty()
    }

    /// What to type for the same.
    fn command(&self) -> String {
        let quick = if self.quick { " --quick" } else { "" };
        let seconds = self.seconds.map(|seconds| format!(" --seconds {seconds}")).unwrap_or_default();
        format!("bin/bench{quick}{seconds}")
    }
}

/// Plots are there, seen from the repository's root.
const PLOTS: &str = "docs/benchmarks";

/// A figure of a cell, and how it is headed.
struct Figure {
    heading: &'static str,
    of: fn(&Cell) -> String,
}

const FIGURES: [Figure; 5] = [
    Figure { heading: "Requests a second", of: |cell| report::grouped(cell.answers.per_second) },
    Figure { heading: "Median, ms", of: |cell| report::milliseconds(cell.answers.p50) },
    Figure { heading: "99th percentile, ms", of: |cell| report::milliseconds(cell.answers.p99) },
    Figure { heading: "99.9th percentile, ms", of: |cell| report::milliseconds(cell.answers.p999) },
    Figure {
        heading: "Processor time of the server, µs a request",
        of: |cell| report::microseconds(cell.processor),
    },
];

/// Times all cells, prints them, and writes the section when they are all there are.
pub fn run(options: &Options) -> Result<()> {
    let cells = time(options)?;
    print!("{}", report::cells(&cells));
    if options.is_whole() {
        draw(&cells)?;
        write_section("grid", &section(options, &cells)?)?;
    }
    let failed: Vec<&Cell> = cells.iter().filter(|cell| !cell.answers.others.is_empty()).collect();
    match failed.first() {
        None => Ok(()),
        Some(first) => Err(format!(
            "in {} of {} cells not all calls were answered with 200, first in {} with {} connections: {}",
            failed.len(),
            cells.len(),
            first.endpoint,
            first.connections,
            report::counts(&first.answers.others),
        )
        .into()),
    }
}

fn time(options: &Options) -> Result<Vec<Cell>> {
    let mut databases = Databases::new()?;
    let (endpoints, levels) = (endpoint::chosen(&options.endpoints), options.levels());
    let mut progress = Progress::new(endpoints.len() * levels.len());
    let mut cells: Vec<Cell> = Vec::new();
    for endpoint in endpoints {
        // One client, of whom nothing is known yet, is slower than many.
        let mut rate = endpoint.fewest_a_second();
        for &connections in &levels {
            let load = Load { endpoint, connections, seconds: options.seconds(), rate };
            let cell = cell::time(&mut databases, &load, &How::default())
                .map_err(|error| format!("{}, {connections} connections: {error}", endpoint.name))?;
            rate = Some(cell.answers.per_second);
            progress.done(&line(&cell));
            cells.push(cell);
        }
    }
    Ok(cells)
}

fn line(cell: &Cell) -> String {
    let Cell { endpoint, connections, answers, .. } = cell;
    format!(
        "{endpoint}, {connections} connections: {} requests/s, p50 {} ms, p99.9 {} ms, not 200: {}",
        report::grouped(answers.per_second),
        report::milliseconds(answers.p50),
        report::milliseconds(answers.p999),
        report::counts(&answers.others),
    )
}

/// All cells of an endpoint, one endpoint after the other.
fn rows(cells: &[Cell]) -> impl Iterator<Item = &[Cell]> {
    cells.chunk_by(|one, next| one.endpoint == next.endpoint)
}

fn draw(cells: &[Cell]) -> Result<()> {
    fs::create_dir_all(PLOTS)?;
    let lines = |figure: fn(&Cell) -> Option<f64>| -> Vec<Line> {
        rows(cells).map(|row| line_of(row[0].endpoint, row, figure)).collect()
    };
    let requests =
        Panel { title: "Requests a second".to_owned(), lines: lines(|cell| Some(cell.answers.per_second)) };
    plot::chart(&format!("{PLOTS}/requests.svg"), &requests)?;
    let microseconds = |cell: &Cell| cell.processor.map(|time| time.as_secs_f64() * 1e6);
    let processor =
        Panel { title: "Processor time of the server, µs a request".to_owned(), lines: lines(microseconds) };
    plot::chart(&format!("{PLOTS}/processor.svg"), &processor)?;
    let panels: Vec<Panel> = rows(cells)
        .map(|row| Panel {
            title: format!("{}, ms", row[0].endpoint),
            lines: vec![
                line_of("p99.9", row, |cell| cell.answers.p999.map(|seconds| seconds * 1e3)),
                line_of("p99", row, |cell| cell.answers.p99.map(|seconds| seconds * 1e3)),
                line_of("p50", row, |cell| cell.answers.p50.map(|seconds| seconds * 1e3)),
            ],
        })
        .collect();
    plot::panels(&format!("{PLOTS}/latency.svg"), &panels)
}

fn line_of(name: &str, cells: &[Cell], figure: fn(&Cell) -> Option<f64>) -> Line {
    let points = cells.iter().filter_map(|cell| Some((cell.connections as f64, figure(cell)?))).collect();
    Line { name: name.to_owned(), points }
}

fn section(options: &Options, cells: &[Cell]) -> Result<String> {
    let mut text = String::from(
        "![Requests a second of each endpoint, by the number of clients](benchmarks/requests.svg)\n\n\
         ![Median, 99th and 99.9th percentile of each endpoint, by the number of clients](benchmarks/latency.svg)\n\n\
         ![Processor time a request of each endpoint, by the number of clients](benchmarks/processor.svg)\n",
    );
    for Figure { heading, of } in FIGURES {
        let levels = options.levels().into_iter().map(|clients| clients.to_string());
        let headings = ["clients".to_owned()].into_iter().chain(levels);
        let lines = rows(cells).map(|row| {
            [row[0].endpoint.to_owned()].into_iter().chain(row.iter().map(of)).collect::<Vec<String>>()
        });
        let table = report::wide_table(headings.collect(), lines.collect());
        text += &format!("\n**{heading}**\n\n{table}");
    }
    text += &format!("\n{}\n\n{}", answered(cells), machine(&options.command())?);
    Ok(text)
}

/// What was answered, in a sentence.
fn answered(cells: &[Cell]) -> String {
    let ok: u64 = cells.iter().map(|cell| cell.answers.ok).sum();
    let others: u64 = cells.iter().flat_map(|cell| cell.answers.others.values()).sum();
    let nothing: u64 = cells.iter().filter_map(|cell| cell.found_nothing).sum();
    let [ok, others, nothing] = [ok, others, nothing].map(|number| report::grouped(number as f64));
    format!("Answered with 200: {ok} calls. Otherwise: {others}. Had nothing to destroy: {nothing}.")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

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
    fn levels_are_those_asked_for_each_once_and_in_order() {
        assert_eq!(options(&["--connections", "256,1,20,20"]).levels(), [1, 20, 256]);
        assert_eq!(options(&["--quick", "--connections", "7"]).levels(), [7]);
        assert_eq!(options(&[]).levels(), [1, 2, 4, 8, 16, 20, 32, 64, 128, 256]);
        assert_eq!(options(&["--quick"]).levels(), [1, 4, 16, 64, 256]);
    }

    #[test]
    fn only_a_whole_run_is_written_down_with_what_to_type_for_it() {
        assert!(
            options(&[]).is_whole()
                && options(&["--quick"]).is_whole()
                && options(&["--seconds=2"]).is_whole()
        );
        assert!(!options(&["--connections=1"]).is_whole() && !options(&["--endpoints=balanced"]).is_whole());
        assert_eq!(options(&["--quick", "--seconds=2"]).command(), "bin/bench --quick --seconds 2");
        assert_eq!((options(&[]).seconds(), options(&["--quick"]).seconds()), (5, 1));
    }
}
