//! `lorem-news`: see `lorem-news --help`, and `lib.rs` for the map of the code.

use std::process::ExitCode;

use clap::Parser;
use lorem_news::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("lorem-news: {sentence}");
            ExitCode::FAILURE
        }
    }
}
