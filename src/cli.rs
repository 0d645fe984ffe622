//! The command line: one module per command or group of options.

mod database;
mod doctor;
mod environment;
mod export;
mod healthcheck;
mod import;
mod interval;
mod logger;
mod manual;
mod output;
mod rate_limits;
mod replica;
mod replica_options;
mod restore;
mod seed;
mod serve;
mod settings;
mod signals;
mod statements;
mod user;
mod version;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use database::DatabaseOption;
use doctor::DoctorOptions;
use export::ExportOptions;
use healthcheck::HealthcheckOptions;
use manual::{CompletionOptions, ManOptions};
use seed::SeedOptions;
use serve::ServeOptions;
use statements::StatementsOptions;
use user::UserOptions;
use version::VersionOptions;

use crate::errors;

/// The levels of the log without `RUST_LOG`.
const DEFAULT_LEVELS: &str = "info";

/// A Hacker-News style site in one binary on SQLite.
#[derive(Parser, Debug)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve a site with demo data, which the first start creates; the benchmarking endpoints are on
    Demo {
        #[command(flatten)]
        serve: ServeOptions,
        #[command(flatten)]
        seed: SeedOptions,
    },
    /// Serve the site
    Serve(ServeOptions),
    /// Migrate the database to this version's schema; create it if it is missing
    Migrate(DatabaseOption),
    /// Fill an empty database with demo data
    Seed {
        #[command(flatten)]
        database: DatabaseOption,
        #[command(flatten)]
        seed: SeedOptions,
    },
    /// Change a user: admin rights, password, or a link to set one; the server may be running
    User {
        #[command(flatten)]
        database: DatabaseOption,
        #[command(flatten)]
        change: UserOptions,
    },
    /// Import posts, comments and users of another site; the server may be running
    #[command(subcommand)]
    Import(import::Command),
    /// Write all public posts, comments and users to a ZIP file; the server may be running
    Export(ExportOptions),
    #[command(flatten)]
    Replica(replica::Command),
    #[command(flatten)]
    Restore(restore::Command),
    /// Check the database and the machine, and say what to do about each fault; exit code 1: there is one
    Doctor {
        #[command(flatten)]
        database: DatabaseOption,
        #[command(flatten)]
        doctor: DoctorOptions,
    },
    /// Run SQL on the database, by the SQLite of this program; the server may be running
    Sql {
        #[command(flatten)]
        database: DatabaseOption,
        #[command(flatten)]
        statements: StatementsOptions,
    },
    /// Ask a server on this machine whether it is up; exit code 1: it is not
    Healthcheck(HealthcheckOptions),
    /// Print the versions of the program, of the schema and of SQLite
    Version(VersionOptions),
    /// Print a script with which a shell completes the command line
    Completions(CompletionOptions),
    /// Print the manual page, or write those of all commands
    Man(ManOptions),
}

impl Cli {
    /// The command line and the environment of this process. `--help`, `--version` and a command line that is
    /// not understood end the program.
    #[must_use]
    pub fn from_environment() -> Cli {
        let command = environment::without_empty(Cli::command(), environment::is_empty);
        let matches = command.try_get_matches().unwrap_or_else(|error| match error.kind() {
            // The help names all variables.
            ErrorKind::DisplayHelp => Cli::command().get_matches(),
            _ => error.exit(),
        });
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut Cli::command()).exit())
    }
}

impl Command {
    /// The database of the command; `None`: it opens none, or the server starts it.
    fn database(&self) -> Option<&DatabaseOption> {
        match self {
            Command::Demo { serve, .. } | Command::Serve(serve) => Some(serve.database()),
            Command::Migrate(database)
            | Command::Seed { database, .. }
            | Command::User { database, .. }
            | Command::Sql { database, .. }
            | Command::Doctor { database, .. } => Some(database),
            Command::Import(command) => Some(command.database()),
            Command::Export(options) => Some(options.database()),
            Command::Replica(command) => command.database(),
            Command::Restore(command) => Some(command.database()),
            Command::Healthcheck(_) | Command::Version(_) | Command::Completions(_) | Command::Man(_) => None,
        }
    }
}

/// Prints why the command failed.
pub fn report(error: &anyhow::Error) {
    output::error_line(format_args!("lorem-news: {}", errors::one_line(error)));
}

/// Runs the command.
///
/// # Errors
/// The reason, for the operator, see [`one_line`](crate::errors::one_line).
pub fn run(cli: Cli) -> Result<()> {
    // While the process has one thread, and before it creates a file.
    if let Some(database) = cli.command.database() {
        database.file_mode().apply();
    }
    start_log();
    match cli.command {
        Command::Demo { serve, seed } => serve::demo(serve, &seed),
        Command::Serve(options) => serve::serve(options),
        Command::Migrate(database) => database.migrate(),
        Command::Seed { database, seed } => seed.run(&database),
        Command::User { database, change } => change.run(&database),
        Command::Import(command) => command.run(),
        Command::Export(options) => options.run(),
        Command::Replica(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::Doctor { database, doctor } => doctor.run(&database),
        Command::Sql { database, statements } => statements.run(&database),
        Command::Healthcheck(options) => options.run(),
        Command::Version(options) => options.run(),
        Command::Completions(options) => {
            options.run(&Cli::command());
            Ok(())
        }
        Command::Man(options) => options.run(Cli::command()),
    }
}

/// Logs to the standard error, at the levels of `RUST_LOG` and in the style of `RUST_LOG_STYLE`. A part of
/// `RUST_LOG` that is not understood is left out, and logged: env_logger would print it, and panic where it
/// cannot.
fn start_log() {
    let variable = |name| environment::variable(name).and_then(|value| value.into_string().ok());
    let levels = variable("RUST_LOG").unwrap_or_else(|| DEFAULT_LEVELS.to_owned());
    let is_understood = |part: &&str| env_filter::Builder::new().try_parse(part).is_ok();
    let (understood, other): (Vec<&str>, Vec<&str>) = levels.split(',').partition(is_understood);
    let mut log = env_logger::Builder::new();
    log.parse_filters(&if understood.is_empty() { DEFAULT_LEVELS.to_owned() } else { understood.join(",") });
    if let Some(style) = variable("RUST_LOG_STYLE") {
        log.parse_write_style(&style);
    }
    logger::install(log.build());
    if !other.is_empty() {
        log::warn!("RUST_LOG: {:?} is not understood", other.join(","));
    }
}
