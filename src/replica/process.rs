//! How Litestream's processes start: Litestream begins as this program ([`become_litestream`]), asks the
//! kernel to send it a signal when its parent dies (`PR_SET_PDEATHSIG`), and then executes Litestream. So
//! none is left behind when the parent is killed.
//!
//! The kernel watches the parent's *thread*, not its process: a server, whose threads end while it runs,
//! cannot be that parent. See [`shim`](super::shim).

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, Signal, getppid};

/// The signal that Litestream gets when its parent dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGTERM: it makes a last copy, and ends.
    Term,
    /// SIGKILL: it ends at once.
    Kill,
}

impl StopSignal {
    /// Its name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StopSignal::Term => "TERM",
            StopSignal::Kill => "KILL",
        }
    }

    /// Reads a [`name`](StopSignal::name).
    ///
    /// # Errors
    /// The signal is another one.
    pub fn parse(name: &str) -> Result<StopSignal> {
        let known = [StopSignal::Term, StopSignal::Kill];
        let found = known.into_iter().find(|signal| signal.name() == name);
        found.with_context(|| format!("no signal {name}"))
    }
}

/// This program with these arguments.
pub(crate) fn own_program(arguments: &[&str]) -> io::Result<Command> {
    let program = std::env::current_exe()?;
    // An upgrade may have replaced the file: a running program must start its own version.
    let program = if program.exists() { program } else { PathBuf::from("/proc/self/exe") };
    let mut command = Command::new(program);
    command.arg0("lorem-news").args(arguments);
    Ok(command)
}

/// A Litestream that gets `signal` when the calling thread ends. The caller adds Litestream's own arguments.
pub(crate) fn litestream_command(program: &Path, signal: StopSignal) -> io::Result<Command> {
    let parent = std::process::id().to_string();
    let mut command = own_program(&["become-litestream", signal.name(), &parent])?;
    command.arg(program);
    Ok(command)
}

/// Replaces this process with Litestream, which gets `signal` when the process `parent` dies.
///
/// # Errors
/// Returns only on failure: the signal cannot be requested, the parent is gone already, or the program cannot
/// be executed.
pub fn become_litestream(
    signal: StopSignal,
    parent: u32,
    program: &Path,
    arguments: &[impl AsRef<OsStr>],
) -> anyhow::Error {
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    {
        let number = match signal {
            StopSignal::Term => Signal::TERM,
            StopSignal::Kill => Signal::KILL,
        };
        if let Err(error) = rustix::process::set_parent_process_death_signal(Some(number)) {
            return anyhow::Error::new(error).context("cannot ask for a signal");
        }
    }
    // The parent may have died before the request.
    if getppid().map(Pid::as_raw_pid) != i32::try_from(parent).ok() {
        return anyhow!("{parent} is gone, and so is {}", signal.name());
    }
    let error = Command::new(program).args(arguments).exec();
    anyhow::Error::new(error).context(format!("{} cannot be run", program.display()))
}
