//! The programs that `bin/bench` has built.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// A profile of Cargo.
#[derive(Clone, Copy)]
pub enum Build {
    Debug,
    /// The release profile as Cargo has it by default (`profile.usual` in Cargo.toml).
    DefaultRelease,
    /// The release profile of this project.
    Release,
}

impl Build {
    /// The folder into which Cargo puts the programs of this profile. This program is in the `debug` beside it,
    /// wherever Cargo's target folder is.
    pub fn folder(self) -> Result<PathBuf> {
        let name = match self {
            Build::Debug => "debug",
            Build::DefaultRelease => "usual",
            Build::Release => "release",
        };
        let program = env::current_exe()?;
        let target = program.ancestors().nth(2).context("this program is in no build folder")?;
        Ok(target.join(name))
    }

    /// `lorem-news`, see [`isolated`].
    pub fn lorem_news(self) -> Result<Command> {
        Ok(isolated(&self.lorem_news_file()?))
    }

    /// The file of `lorem-news`.
    pub fn lorem_news_file(self) -> Result<PathBuf> {
        Ok(self.folder()?.join("lorem-news"))
    }
}

/// A command with an empty environment, so that no variable of this one changes what it does. It has only the
/// `PATH`, on which the server finds Litestream.
pub fn isolated(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_isolated_program_has_only_the_path_in_its_environment() {
        let output = isolated(Path::new("env")).output().expect("there is an env");
        let printed = String::from_utf8(output.stdout).expect("a path is text");
        let names: Vec<&str> = printed.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        assert_eq!(names, ["PATH"]);
    }
}
