//! Child processes that do not outlive this one, and waiting for them.

use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::Result;

/// How often something that is waited for is looked at. No figure depends on it.
const LOOK: Duration = Duration::from_millis(20);

/// Set by a signal. A signal must not simply end the program: nothing would be dropped then.
static SIGNALLED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on a signal makes every [`wait_for`] and [`unless_signalled`] an error.
pub fn stop_on_signals() -> Result<()> {
    let signalled = SIGNALLED.get_or_init(Arc::default);
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(signalled))?;
    }
    Ok(())
}

/// An error once a signal has come.
pub fn unless_signalled() -> Result<()> {
    match SIGNALLED.get() {
        Some(signalled) if signalled.load(Ordering::Relaxed) => Err("stopped by a signal".into()),
        _ => Ok(()),
    }
}

/// Looks until there is something, at most for `patience`.
pub fn wait_for<T>(patience: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        unless_signalled()?;
        if let Some(found) = look()? {
            return Ok(found);
        }
        if began.elapsed() > patience {
            return Err(format!("not done after {} s", patience.as_secs()).into());
        }
        thread::sleep(LOOK);
    }
}

/// A child process that is killed when this is dropped.
pub struct Process(Child);

impl Process {
    /// Starts it.
    pub fn start(command: &mut Command) -> Result<Process> {
        let program = command.get_program().display().to_string();
        let child = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
        Ok(Process(child))
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// Waits until it has ended well.
    pub fn finish(mut self, patience: Duration) -> Result<()> {
        let status = wait_for(patience, || self.ended())?;
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}").into()) }
    }

    /// Asks it to end, by SIGTERM. The standard library can only kill.
    pub fn terminate(&self) -> Result<()> {
        Ok(kill_process(Pid::from_child(&self.0), Signal::TERM)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what they are for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
