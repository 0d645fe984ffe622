//! The driver of `bin/bench`, which builds the release server, installs oha (the load generator) and runs this.
//!
//! Each measurement starts a server of its own on a fresh database, so that no measurement depends on an earlier
//! one. Tables go to stdout, progress goes to stderr. A whole run also writes its tables into
//! `docs/benchmarks/results.md` and its headline rows into `docs/benchmarks.md`.

// From the top layer to the bottom: a module uses only modules further down.
mod commands;

mod measurement;
mod plot;

mod server;

mod database;
mod document;
mod endpoint;
mod pause;
mod progress;

mod executable;
mod format;
mod load;
mod statistics;

mod process;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;
use commands::endpoints;

/// Measure the ten benchmarking endpoints of a release build.
#[derive(Parser, Debug)]
#[command(bin_name = "bin/bench", args_conflicts_with_subcommands = true, max_term_width = 100)]
struct Bench {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    endpoints: endpoints::Options,
}

fn main() -> ExitCode {
    match run(&Bench::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(bench: &Bench) -> anyhow::Result<()> {
    process::stop_on_signals()?;
    let result = match &bench.command {
        None => endpoints::run(&bench.endpoints),
        Some(command) => command.run(),
    };
    // A signal also shows as the failure of what it interrupted, such as an SQL statement.
    process::check_stop_signal().and(result)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn each_command_accepts_only_its_own_options() {
        Bench::command().debug_assert();
        let parse = |arguments: &[&str]| Bench::try_parse_from(["bench"].iter().chain(arguments));
        assert!(parse(&["--quick"]).is_ok_and(|bench| bench.command.is_none()));
        assert!(parse(&["ablation", "--quick", "--only", "writing"]).is_ok());
        assert!(parse(&["limits", "--quick"]).is_ok() && parse(&["limits", "--seconds", "1"]).is_err());
        assert!(
            parse(&["crowd", "--only", "half-bodies"]).is_ok()
                && parse(&["scale"]).is_ok()
                && parse(&["replica"]).is_ok()
        );
        assert!(parse(&["--quick", "ablation"]).is_err(), "the option could belong to either command");
        assert!(parse(&["--endpoints", "unknown"]).is_err());
    }
}
