//! `bin/bench ablation`: what each step gives that led to the program as it is. All steps of a comparison
//! run the same handlers and statements on copies of the same database, and one thing differs.
//!
//! They are timed by turns: what one sees of a noisy machine the others see as well. A call that is not
//! answered with 200 is counted, not a failure: some of the steps are here because of those.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cell::{self, Cell, Load};
use crate::database::Databases;
use crate::document::{machine, write_section};
use crate::endpoint;
use crate::progress::Progress;
use crate::server::{Build, How, Program};
use crate::{Result, report};

/// Time each step that led here
#[derive(Args, Debug)]
pub struct Options {
    /// Done within three minutes: fewer and shorter turns
    #[arg(long)]
    quick: bool,
    /// How long a step is loaded in a turn [default: 5, quick: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: Option<u64>,
    /// How often each step has its turn [default: 5, quick: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,
    /// Only this comparison; then docs/benchmarks.md stays as it is
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

    /// What to type for the same.
    fn command(&self) -> String {
        let quick = if self.quick { " --quick" } else { "" };
        let seconds = self.seconds.map(|seconds| format!(" --seconds {seconds}")).unwrap_or_default();
        let rounds = self.rounds.map(|rounds| format!(" --rounds {rounds}")).unwrap_or_default();
        format!("bin/bench ablation{quick}{seconds}{rounds}")
    }
}

/// The seed's story was told with as many.
const CLIENTS: u64 = 20;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    Writing,
    Servers,
    Builds,
}

/// Steps that are compared with the first of them.
struct Comparison {
    name: Name,
    title: &'static str,
    endpoints: &'static [&'static str],
    steps: &'static [Step],
}

struct Step {
    name: &'static str,
    program: Program<'static>,
}

const COMPARISONS: [Comparison; 3] = [
    Comparison {
        name: Name::Writing,
        title: "Ways to write",
        endpoints: &["post_create"],
        steps: &[
            step("deferred transactions on a pool, NORMAL", written(&["--way=deferred", "--normal"])),
            step("immediate ones, busy_timeout, NORMAL", written(&["--way=immediate", "--normal"])),
            step("one connection, a mutex, NORMAL", written(&["--way=mutex", "--normal"])),
            step("group commit, NORMAL", written(&["--way=group", "--normal"])),
            step("deferred transactions on a pool, FULL", written(&["--way=deferred"])),
            step("immediate ones, busy_timeout, FULL", written(&["--way=immediate"])),
            step("one connection, a mutex, FULL", written(&["--way=mutex"])),
            step("group commit, FULL: as it is", written(&["--way=group"])),
        ],
    },
    Comparison {
        name: Name::Servers,
        title: "Servers",
        endpoints: &["posts_index", "post_create"],
        steps: &[
            step("stock rouille", Program::Bench("stock-rouille", &[])),
            step("with TCP_NODELAY", Program::Bench("stock-rouille", &["--no-delay"])),
            step("our own: as it is", Program::Released),
        ],
    },
    Comparison {
        name: Name::Builds,
        title: "Builds",
        endpoints: &["posts_index", "post_create"],
        steps: &[
            step("debug", Program::Built(Build::Debug)),
            step("release", Program::Built(Build::Usual)),
            step("release, fat LTO: as it is", Program::Built(Build::Release)),
        ],
    },
];

const fn step(name: &'static str, program: Program<'static>) -> Step {
    Step { name, program }
}

/// Our own server, with another way to write.
const fn written(options: &'static [&'static str]) -> Program<'static> {
    Program::Bench("ablation", options)
}

/// One endpoint of a comparison: for each step the cells of all rounds.
struct Table {
    endpoint: &'static str,
    turns: Vec<Vec<Cell>>,
}

/// Runs the comparisons, prints them, and writes the section when they are all there are.
pub fn run(options: &Options) -> Result<()> {
    let chosen: Vec<&Comparison> = COMPARISONS
        .iter()
        .filter(|comparison| options.only.is_none_or(|only| only == comparison.name))
        .collect();
    let turns = |comparison: &&Comparison| comparison.endpoints.len() * comparison.steps.len();
    let mut progress = Progress::new(chosen.iter().map(turns).sum::<usize>() * options.rounds() as usize);
    let mut databases = Databases::new()?;
    let mut text = String::new();
    for comparison in chosen {
        text += &format!("**{}**\n\n", comparison.title);
        for endpoint in comparison.endpoints {
            let table = compare(&mut databases, comparison, endpoint, options, &mut progress)?;
            text += &format!("`{}`:\n\n{}\n", table.endpoint, written_down(comparison, &table));
        }
    }
    print!("{text}");
    if options.only.is_none() {
        write_section("ablation", &format!("{text}{}", machine(&options.command())?))?;
    }
    Ok(())
}

fn compare(
    databases: &mut Databases,
    comparison: &Comparison,
    name: &str,
    options: &Options,
    progress: &mut Progress,
) -> Result<Table> {
    let endpoint = endpoint::named(name).ok_or("there is no such endpoint")?;
    let mut turns: Vec<Vec<Cell>> = comparison.steps.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.rounds() {
        for (step, cells) in comparison.steps.iter().zip(&mut turns) {
            let how = How { program: step.program, replica: None, has_no_slow_log: true };
            let load = Load { endpoint, connections: CLIENTS, seconds: options.seconds(), rate: None };
            let cell = cell::time(databases, &load, &how)
                .map_err(|error| format!("{name}, {}: {error}", step.name))?;
            progress.done(&format!(
                "{name}, {}: {} answered with 200 a second",
                step.name,
                report::grouped(cell.answers.good_per_second)
            ));
            cells.push(cell);
        }
    }
    Ok(Table { endpoint: endpoint.name, turns })
}

/// Medians of the rounds; the ratio is the median of each round's.
fn written_down(comparison: &Comparison, table: &Table) -> String {
    let first = table.turns.first().map_or(&[][..], Vec::as_slice);
    let rows: Vec<[String; 9]> = comparison
        .steps
        .iter()
        .zip(&table.turns)
        .map(|(step, cells)| {
            let median =
                |figure: fn(&Cell) -> Option<f64>| report::median(cells.iter().filter_map(figure).collect());
            let good = |cell: &Cell| cell.answers.good_per_second;
            let ratio =
                report::median(cells.iter().zip(first).map(|(its, first)| good(its) / good(first)).collect());
            [
                step.name.to_owned(),
                median(|cell| Some(cell.answers.good_per_second)).map_or_else(report::none, report::grouped),
                ratio.map_or_else(report::none, |ratio| format!("{ratio:.2}")),
                report::milliseconds(median(|cell| cell.answers.p50)),
                report::milliseconds(median(|cell| cell.answers.p99)),
                report::milliseconds(median(|cell| cell.answers.p999)),
                report::milliseconds(median(|cell| cell.answers.slowest)),
                report::microseconds(
                    median(|cell| cell.processor.map(|time| time.as_secs_f64())).map(Duration::from_secs_f64),
                ),
                shares(cells),
            ]
        })
        .collect();
    report::table(
        [
            "step",
            "200s a second",
            "× the first",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "slowest ms",
            "server CPU µs a request",
            "otherwise",
        ],
        &rows,
    )
}

/// What was not answered with 200, as shares of all calls of all rounds.
fn shares(cells: &[Cell]) -> String {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (what, count) in cells.iter().flat_map(|cell| &cell.answers.others) {
        *counts.entry(what).or_default() += count;
    }
    let all = cells.iter().map(|cell| cell.answers.ok).sum::<u64>() + counts.values().sum::<u64>();
    let share = |(what, count): (&str, u64)| format!("{:.1} % {what}", 100.0 * count as f64 / all as f64);
    if counts.is_empty() {
        "0".to_owned()
    } else {
        counts.into_iter().map(share).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Answers;

    fn cell(good_per_second: f64, ok: u64, others: &[(&str, u64)]) -> Cell {
        let others = others.iter().map(|&(what, count)| (what.to_owned(), count)).collect();
        let answers = Answers {
            per_second: f64::NAN,
            good_per_second,
            p50: Some(0.001),
            p99: None,
            p999: None,
            slowest: None,
            bytes: None,
            ok,
            others,
        };
        Cell { endpoint: "post_create", connections: 20, answers, processor: None, found_nothing: None }
    }

    #[test]
    fn what_was_not_answered_with_200_is_told_as_a_share() {
        let cells = [cell(250.0, 250, &[("503", 750)]), cell(400.0, 1000, &[])];
        assert_eq!(shares(&cells), "37.5 % 503");
        assert_eq!(shares(&cells[1..]), "0");
    }

    #[test]
    fn steps_are_compared_with_the_first_round_by_round() {
        // The machine was twice as fast in the second round, for both.
        let turns = |factor: f64| [1.0, 2.0, 4.0].map(|speed| cell(100.0 * factor * speed, 10, &[])).into();
        let step = |name| step(name, Program::Released);
        let steps: &'static [Step] = Box::leak(Box::new([step("slow"), step("fast")]));
        let comparison = Comparison { name: Name::Servers, title: "", endpoints: &[], steps };
        let table = Table { endpoint: "post_create", turns: vec![turns(1.0), turns(3.0)] };
        let text = written_down(&comparison, &table);
        let row: Vec<&str> =
            text.lines().last().map(|line| line.split('|').map(str::trim).collect()).unwrap_or_default();
        assert_eq!(row[1..=5], ["fast", "600", "3.00", "1.00", "–"], "{text}");
    }

    #[test]
    fn every_comparison_is_of_endpoints_that_exist_and_ends_with_the_program_as_it_is() {
        for comparison in &COMPARISONS {
            assert!(comparison.endpoints.iter().all(|name| endpoint::named(name).is_some()));
            assert!(comparison.steps.last().is_some_and(|step| step.name.ends_with("as it is")));
        }
    }
}
