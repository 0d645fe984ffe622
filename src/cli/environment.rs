//! The environment. An empty variable counts as unset: container tools pass one for each that an operator
//! leaves blank.

use std::ffi::{OsStr, OsString};

use anyhow::{Context, Result, bail, ensure};
use clap::Command;
use clap::builder::Resettable;

/// The value of a variable; `None`: it is unset or empty.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The value of an environment variable, or of the file that `NAME_FILE` names. A flag would show a
/// secret in the list of processes.
pub(crate) fn variable_or_file(name: &str) -> Result<Option<String>> {
    let read = |name: &str| match variable(name).map(OsString::into_string).transpose() {
        Ok(value) => Ok(value),
        Err(_) => bail!("{name} is no text"),
    };
    let file = format!("{name}_FILE");
    match (read(name)?, read(&file)?) {
        (Some(_), Some(_)) => bail!("{name} and {file} both say it: one is enough"),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(&path).with_context(|| format!("{file}: {path}"))?;
            let text = text.trim_end_matches(['\r', '\n']);
            ensure!(!text.is_empty(), "{file}: {path} is empty");
            Ok(Some(text.to_owned()))
        }
        (value, None) => Ok(value),
    }
}

/// Whether a variable is set and empty.
pub(crate) fn is_empty(name: &OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty())
}

/// The command in which no option, nor one of its subcommands, has a variable for which `is_empty` is true.
pub(crate) fn without_empty(command: Command, is_empty: fn(&OsStr) -> bool) -> Command {
    command
        .mut_args(|option| match option.get_env() {
            Some(name) if is_empty(name) => option.env(Resettable::Reset),
            _ => option,
        })
        .mut_subcommands(|subcommand| without_empty(subcommand, is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    /// The number of variables of a command and its subcommands.
    fn count(command: &Command) -> usize {
        let own = command.get_arguments().filter(|option| option.get_env().is_some()).count();
        own + command.get_subcommands().map(count).sum::<usize>()
    }

    #[test]
    fn every_option_of_every_command_ignores_an_empty_variable() {
        let all = count(&Cli::command());
        assert!(all > 40, "{all}");
        assert_eq!(count(&without_empty(Cli::command(), |_| true)), 0);
        assert_eq!(count(&without_empty(Cli::command(), |_| false)), all);
        let one = count(&without_empty(Cli::command(), |name| name == "LISTEN"));
        assert_eq!(one, all - 3, "serve, demo and healthcheck have it");
    }
}
