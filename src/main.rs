//! The `lorem-news` program. `lorem-news --help` lists its commands; `lib.rs` lists the modules.

use std::process::ExitCode;

use lorem_news::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::from_environment()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::report(&error);
            ExitCode::FAILURE
        }
    }
}
