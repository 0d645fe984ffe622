//! What whoever watches is told: what was done, how much of all that is, and how long the rest takes.

use std::time::{Duration, Instant};

use crate::report;

/// Of a run whose parts take about as long as each other.
pub struct Progress {
    began: Instant,
    done: usize,
    total: usize,
}

impl Progress {
    /// Begins now, with so many parts to do.
    pub fn new(total: usize) -> Progress {
        Progress { began: Instant::now(), done: 0, total }
    }

    /// One more is done, and this is what came of it.
    pub fn done(&mut self, what: &str) {
        self.done += 1;
        let left = left(self.began.elapsed(), self.done, self.total);
        eprintln!("{:>3} of {}: {what}; about {} left", self.done, self.total, report::duration(left));
    }
}

/// How long the rest takes if it goes on as it went.
fn left(elapsed: Duration, done: usize, total: usize) -> Duration {
    elapsed.mul_f64(total.saturating_sub(done) as f64 / done as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_by_what_is_done() {
        assert_eq!(left(Duration::from_secs(30), 10, 40), Duration::from_secs(90));
        assert_eq!(left(Duration::from_secs(30), 40, 40), Duration::ZERO);
    }
}
