//! Progress on stderr: the completed steps, their total, and the estimated time for the rest.

use std::time::{Duration, Instant};

use crate::format;

/// The progress of a run whose steps take about equally long.
pub struct Progress {
    began: Instant,
    done: usize,
    total: usize,
}

impl Progress {
    /// Begins now, with `total` steps to do.
    pub fn new(total: usize) -> Progress {
        Progress { began: Instant::now(), done: 0, total }
    }

    /// Counts a step as done and reports its result.
    pub fn done(&mut self, result: &str) {
        self.done += 1;
        let left = time_left(self.began.elapsed(), self.done, self.total);
        eprintln!("{:>3} of {}: {result}; about {} left", self.done, self.total, format::duration(left));
    }
}

/// The time for the remaining steps at the rate so far.
fn time_left(elapsed: Duration, done: usize, total: usize) -> Duration {
    elapsed.mul_f64(total.saturating_sub(done) as f64 / done as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_from_the_steps_done() {
        assert_eq!(time_left(Duration::from_secs(30), 10, 40), Duration::from_secs(90));
        assert_eq!(time_left(Duration::from_secs(30), 40, 40), Duration::ZERO);
    }
}
