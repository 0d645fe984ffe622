//! The commands of `bin/bench`, a module each.

mod ablation;
mod crowd;
pub mod endpoints;
mod limits;
mod pages;
mod replica;
mod scale;

use anyhow::Result;
use clap::Subcommand;

/// What to measure instead of the ten endpoints by the number of clients.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Compare write strategies, servers and build profiles
    Ablation(ablation::Options),
    /// Compare the server with its work alone, and measure memory and start-up time
    Limits(limits::Options),
    /// Compare pages with nginx, which sends their bytes from files, and with another build
    Pages(pages::Options),
    /// Compare pages with a million posts and with a thousand, and votes with sign-ins
    Scale(scale::Options),
    /// Measure what others see while hostile clients read or send next to nothing
    Crowd(crowd::Options),
    /// Compare the ten endpoints with a replica and without one, interleaved
    Replica(replica::Options),
}

impl Command {
    /// Measures, prints the tables, and writes them into the documents.
    ///
    /// # Errors
    /// When a step cannot be started, measured or written, or a signal requests a stop.
    pub fn run(&self) -> Result<()> {
        match self {
            Command::Ablation(options) => ablation::run(options),
            Command::Limits(options) => limits::run(options),
            Command::Pages(options) => pages::run(options),
            Command::Scale(options) => scale::run(options),
            Command::Crowd(options) => crowd::run(options),
            Command::Replica(options) => replica::run(options),
        }
    }
}
