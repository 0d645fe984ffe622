//! The options of `bin/bench pages`.

use std::path::PathBuf;

use clap::Args;

/// Compare pages with nginx and with another build of the program
#[derive(Args, Debug)]
pub struct Options {
    /// Seconds of load for each page in each round
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    pub seconds: u64,
    /// Rounds, in each of which all servers run once
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Another build of the program
    #[arg(long, value_name = "FILE")]
    pub beside: Option<PathBuf>,
}
