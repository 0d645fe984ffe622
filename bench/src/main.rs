//! Times the server: `bin/bench` builds the release server, finds oha (the load generator) and runs this.
//!
//! Every figure is of a server of its own on a fresh database, so that none depends on what was timed
//! before it. Tables go to stdout, progress goes to stderr, and the figures of a whole run go to
//! `docs/benchmarks.md`, into the section of the command that made them.

mod ablation;
mod cell;
mod database;
mod document;
mod endpoint;
mod grid;
mod limits;
mod load;
mod plot;
mod process;
mod progress;
mod replica;
mod report;
mod scale;
mod server;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Time the ten benchmarking endpoints of a release build.
#[derive(Parser, Debug)]
#[command(bin_name = "bin/bench", args_conflicts_with_subcommands = true)]
struct Bench {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    grid: grid::Options,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Time each step that led here: ways to write, servers, builds
    Ablation(ablation::Options),
    /// Compare the server with its work alone, and see what it takes of the machine
    Limits(limits::Options),
    /// Time pages with a million posts and with a thousand, and votes beside sign-ins
    Scale(scale::Options),
    /// Time the ten endpoints with a replica and without one, by turns
    Replica(replica::Options),
}

fn main() -> ExitCode {
    match run(&Bench::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(bench: &Bench) -> Result<()> {
    process::stop_on_signals()?;
    match &bench.command {
        None => grid::run(&bench.grid),
        Some(Command::Ablation(options)) => ablation::run(options),
        Some(Command::Limits(options)) => limits::run(options),
        Some(Command::Scale(options)) => scale::run(options),
        Some(Command::Replica(options)) => replica::run(options),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_has_options_of_its_own() {
        Bench::command().debug_assert();
        let parse = |arguments: &[&str]| Bench::try_parse_from(["bench"].iter().chain(arguments));
        assert!(parse(&["--quick"]).is_ok_and(|bench| bench.command.is_none()));
        assert!(parse(&["ablation", "--quick", "--only", "writing"]).is_ok());
        assert!(parse(&["limits", "--quick"]).is_ok() && parse(&["limits", "--seconds", "1"]).is_err());
        assert!(parse(&["scale"]).is_ok() && parse(&["replica"]).is_ok());
        assert!(parse(&["--quick", "ablation"]).is_err(), "whose option would that be?");
        assert!(parse(&["--endpoints", "unknown"]).is_err());
    }
}
