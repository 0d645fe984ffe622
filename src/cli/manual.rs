//! `lorem-news completions` and `man`: what a package puts beside the program.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::Shell;

use super::output;

#[derive(Args, Debug)]
pub(crate) struct CompletionOptions {
    /// The shell
    shell: Shell,
}

impl CompletionOptions {
    /// Prints the script that completes the command line.
    pub(crate) fn run(&self, command: &Command) {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut visible(command), env!("CARGO_PKG_NAME"), &mut script);
        output::line(String::from_utf8_lossy(&script).trim_end());
    }
}

/// The command line without what only the server starts: the script for bash would offer it.
fn visible(all: &Command) -> Command {
    let visible = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    Command::new(env!("CARGO_PKG_NAME")).version(env!("CARGO_PKG_VERSION")).subcommands(visible)
}

#[derive(Args, Debug)]
pub(crate) struct ManOptions {
    /// Write a page for each command into this folder, which is created if it is missing
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

impl ManOptions {
    /// Prints the manual page of the program, or writes those of all commands.
    pub(crate) fn run(&self, command: Command) -> Result<()> {
        let Some(folder) = &self.to else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            output::line(String::from_utf8_lossy(&page).trim_end());
            return Ok(());
        };
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        clap_mangen::generate_to(command, folder)
            .with_context(|| format!("cannot write manual pages into {}", folder.display()))
    }
}
