//! What the database counts about itself.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::histogram::{Histogram, TIMES};

/// How many share a commit: bounds up to the most that can.
const BATCHES: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// What the writer has done since it was started.
pub struct Written {
    /// How many callers' writes each commit brought to the disk.
    pub batches: Histogram<{ BATCHES.len() }>,
    /// How long each commit took, in nanoseconds.
    pub commits: Histogram<{ TIMES.len() }>,
    wal_pages: AtomicI32,
    refused: AtomicU64,
}

impl Written {
    pub(crate) const fn new() -> Written {
        let (batches, commits) = (Histogram::new(&BATCHES), Histogram::new(&TIMES));
        Written { batches, commits, wal_pages: AtomicI32::new(0), refused: AtomicU64::new(0) }
    }

    /// Notes a commit of so many callers' writes.
    pub(crate) fn note(&self, writes: usize, took: Duration) {
        self.batches.note(writes as u64);
        self.commits.note_time(took);
    }

    /// Notes a commit that the disk did not take: it stands in the WAL as a whole.
    pub(crate) fn note_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Commits that the disk did not take when they were flushed.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(crate) fn note_wal_pages(&self, pages: i32) {
        self.wal_pages.store(pages, Ordering::Relaxed);
    }

    /// Pages in the WAL after the last commit.
    #[must_use]
    pub fn wal_pages(&self) -> i32 {
        self.wal_pages.load(Ordering::Relaxed)
    }
}

/// How the database is at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Writes that the writer has not taken yet.
    pub waiting_writes: usize,
    /// Readers that are open.
    pub readers: u32,
    /// Those of them that nobody uses.
    pub idle_readers: u32,
}

/// What a write's time was spent on, as its caller saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Until its transaction had begun.
    pub queue: Duration,
    /// The work of all who share the transaction.
    pub work: Duration,
    /// From then on: the commit, until the caller knew of it.
    pub commit: Duration,
}

/// When a transaction had come so far.
#[derive(Clone, Copy)]
pub(crate) struct Stages {
    pub(crate) began: Instant,
    pub(crate) worked: Instant,
}

impl Stages {
    /// Of what ends here without having begun.
    pub(crate) fn none() -> Stages {
        let now = Instant::now();
        Stages { began: now, worked: now }
    }

    /// What was spent by who asked at that time, and is told now. Who asked when the transaction had begun already
    /// did not wait for its beginning.
    pub(crate) fn spent_since(self, asked: Instant) -> Spent {
        let began = self.began.max(asked);
        let worked = self.worked.max(began);
        Spent { queue: began - asked, work: worked - began, commit: worked.elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_late_pays_only_for_what_is_left() {
        let second = Duration::from_secs(1);
        let asked = Instant::now();
        let stages = Stages { began: asked + second, worked: asked + 3 * second };
        let spent = stages.spent_since(asked);
        assert_eq!((spent.queue, spent.work, spent.commit), (second, 2 * second, Duration::ZERO));
        let spent = stages.spent_since(asked + 2 * second);
        assert_eq!((spent.queue, spent.work), (Duration::ZERO, second));
        let spent = stages.spent_since(asked + 5 * second);
        assert_eq!((spent.queue, spent.work), (Duration::ZERO, Duration::ZERO));
    }
}
