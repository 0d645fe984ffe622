//! Child processes that end with this program, and waiting for them.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How often a wait looks at its condition. No measurement depends on it.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Set by a signal. A signal's default action would end this program without its destructors, which end the child
/// processes and remove the databases.
static STOP_REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on SIGHUP, SIGINT and SIGTERM make each [`wait_for`] and [`check_stop_signal`] fail.
pub fn stop_on_signals() -> Result<()> {
    let requested = STOP_REQUESTED.get_or_init(Arc::default);
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(requested))?;
    }
    Ok(())
}

/// Whether a signal has asked this program to stop.
pub fn stop_requested() -> bool {
    STOP_REQUESTED.get().is_some_and(|requested| requested.load(Ordering::Relaxed))
}

/// Fails once a signal has asked this program to stop. A step without a [`wait_for`] calls this as it goes.
pub fn check_stop_signal() -> Result<()> {
    if stop_requested() {
        bail!("stopped by a signal");
    }
    Ok(())
}

/// Polls `check` until it returns a value; fails after `timeout`, and when a signal asks to stop.
pub fn wait_for<T>(timeout: Duration, mut check: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        check_stop_signal()?;
        if let Some(value) = check()? {
            return Ok(value);
        }
        if began.elapsed() > timeout {
            bail!("not done after {} s", timeout.as_secs());
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Runs a command with its stdout in the file `output`, and returns that.
pub fn capture(command: &mut Command, output: &Path, timeout: Duration) -> Result<String> {
    command.stdout(File::create(output)?);
    Process::start(command)?.finish(timeout)?;
    Ok(fs::read_to_string(output)?)
}

/// A child process. It is killed when this value is dropped.
pub struct Process {
    child: Child,
    program: String,
}

impl Process {
    /// Starts a command.
    pub fn start(command: &mut Command) -> Result<Process> {
        let program = Path::new(command.get_program())
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        Ok(Process { child, program })
    }

    /// Starts a command that writes to the file `log`, and waits until `ready` finds in that file that it is ready.
    pub fn start_until_ready<T>(
        command: &mut Command,
        log: &Path,
        timeout: Duration,
        ready: impl Fn(&str) -> Option<T>,
    ) -> Result<(Process, T)> {
        let mut process = Process::start(command)?;
        let value = wait_for(timeout, || {
            if let Some(status) = process.exit_status()? {
                bail!("{} did not start: {status}", process.program);
            }
            Ok(ready(&fs::read_to_string(log)?))
        })?;
        Ok((process, value))
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for the process to exit with status 0.
    pub fn finish(mut self, timeout: Duration) -> Result<()> {
        let status = wait_for(timeout, || self.exit_status()).with_context(|| self.program.clone())?;
        if !status.success() {
            bail!("{} ended with {status}", self.program);
        }
        Ok(())
    }

    /// Sends SIGTERM, which the standard library cannot.
    pub fn terminate(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::TERM)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when the process has been waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
