//! The `lorem-news` program. `lorem-news --help` lists its commands; `lib.rs` lists the modules.

use std::process::ExitCode;

use clap::Parser;
use lorem_news::cli::{self, Cli};
use lorem_news::errors;

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lorem-news: {}", errors::one_line(&error));
            ExitCode::FAILURE
        }
    }
}
