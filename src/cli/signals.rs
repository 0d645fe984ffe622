//! SIGTERM and SIGINT.

use std::thread;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `stop` at the first SIGTERM or SIGINT. A second one ends the program at once.
///
/// # Errors
/// The operating system's error.
pub(crate) fn on_stop_signal(stop: impl FnOnce() + Send + 'static) -> Result<()> {
    const FAILED: &str = "cannot wait for signals";
    let mut signals = Signals::new([SIGTERM, SIGINT]).context(FAILED)?;
    let wait = move || {
        let mut signals = signals.forever();
        if signals.next().is_some() {
            log::info!("stopping: finishing the work in progress");
            stop();
        }
        if signals.next().is_some() {
            log::warn!("stopped at once");
            std::process::exit(1);
        }
    };
    thread::Builder::new().name("signals".into()).spawn(wait).context(FAILED)?;
    Ok(())
}
