//! Pauses that the machine makes by itself: a lower bound of the maximum latency of any server on it.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::process::{check_stop_signal, stop_requested};

/// The longest time in which the machine did not run a thread that wanted to run, observed for `duration` on all
/// cores at once, since a pause may affect one core only.
pub fn longest(duration: Duration) -> Result<Duration> {
    let cores = thread::available_parallelism()?.get();
    let longest = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| longest_of_thread(duration))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).max()
    });
    check_stop_signal()?;
    longest.context("no thread has observed the clock")
}

/// The longest time between two looks at the clock by a thread that does nothing else.
fn longest_of_thread(duration: Duration) -> Duration {
    let began = Instant::now();
    let (mut last, mut longest) = (began, Duration::ZERO);
    while last - began < duration && !stop_requested() {
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    longest
}
