//! The command line: one module per command or group of options.

mod database;
mod interval;
mod rate_limits;
mod replica;
mod replica_options;
mod restore;
mod seed;
mod serve;
mod signals;
mod user;

use anyhow::Result;
use clap::{Parser, Subcommand};

use database::DatabaseOption;
use seed::SeedOptions;
use serve::ServeOptions;
use user::UserChange;

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
    /// Change a user: admin rights, password; the server may be running
    User {
        #[command(flatten)]
        database: DatabaseOption,
        #[command(flatten)]
        change: UserChange,
    },
    #[command(flatten)]
    Replica(replica::Command),
    #[command(flatten)]
    Restore(restore::Command),
}

/// Runs the command.
///
/// # Errors
/// The reason, for the operator, see [`one_line`](crate::errors::one_line).
pub fn run(cli: Cli) -> Result<()> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    match cli.command {
        Command::Demo { serve, seed } => serve::demo(serve, &seed),
        Command::Serve(options) => serve::serve(options),
        Command::Migrate(database) => database.migrate(),
        Command::Seed { database, seed } => seed.run(&database),
        Command::User { database, change } => change.run(&database),
        Command::Replica(command) => command.run(),
        Command::Restore(command) => command.run(),
    }
}
