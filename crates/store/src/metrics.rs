//! What the database counts about itself.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::histogram::{DURATION_BOUNDS, Histogram};

/// How many share a commit: bounds up to the most that can.
const BATCH_SIZE_BOUNDS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// What the writer has done since it was started.
pub struct WriterMetrics {
    /// How many callers' writes each commit brought to the disk.
    pub batch_sizes: Histogram<{ BATCH_SIZE_BOUNDS.len() }>,
    /// How long each commit took, in nanoseconds.
    pub commit_durations: Histogram<{ DURATION_BOUNDS.len() }>,
    wal_pages: AtomicI32,
    failed_flushes: AtomicU64,
}

impl WriterMetrics {
    pub(crate) const fn new() -> WriterMetrics {
        let (batch_sizes, commit_durations) =
            (Histogram::new(&BATCH_SIZE_BOUNDS), Histogram::new(&DURATION_BOUNDS));
        WriterMetrics {
            batch_sizes,
            commit_durations,
            wal_pages: AtomicI32::new(0),
            failed_flushes: AtomicU64::new(0),
        }
    }

    /// Notes a commit of so many callers' writes.
    pub(crate) fn observe_commit(&self, writes: usize, took: Duration) {
        self.batch_sizes.observe(writes as u64);
        self.commit_durations.observe_duration(took);
    }

    /// Notes a commit that the disk did not take: it stands in the WAL as a whole.
    pub(crate) fn observe_failed_flush(&self) {
        self.failed_flushes.fetch_add(1, Ordering::Relaxed);
    }

    /// Commits that the disk did not take when they were flushed.
    #[must_use]
    pub fn failed_flushes(&self) -> u64 {
        self.failed_flushes.load(Ordering::Relaxed)
    }

    pub(crate) fn set_wal_pages(&self, pages: i32) {
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
pub struct DatabaseStats {
    /// Writes that the writer has not taken yet.
    pub waiting_writes: usize,
    /// Readers that are open.
    pub readers: u32,
    /// Those of them that nobody uses.
    pub idle_readers: u32,
}

/// What a write's time was spent on, as its caller saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteTimings {
    /// Until its transaction had begun.
    pub queue: Duration,
    /// The work of all who share the transaction.
    pub work: Duration,
    /// From then on: the commit, until the caller knew of it.
    pub commit: Duration,
}

/// When a transaction had come so far.
#[derive(Clone, Copy)]
pub(crate) struct BatchTimeline {
    pub(crate) began: Instant,
    pub(crate) worked: Instant,
}

impl BatchTimeline {
    /// Of what ends here without having begun.
    pub(crate) fn none() -> BatchTimeline {
        let now = Instant::now();
        BatchTimeline { began: now, worked: now }
    }

    /// What was spent by who asked at that time, and is told now. Who asked when the transaction had begun already
    /// did not wait for its beginning.
    pub(crate) fn timings_since(self, asked: Instant) -> WriteTimings {
        let began = self.began.max(asked);
        let worked = self.worked.max(began);
        WriteTimings { queue: began - asked, work: worked - began, commit: worked.elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_late_pays_only_for_what_is_left() {
        let second = Duration::from_secs(1);
        let asked = Instant::now();
        let stages = BatchTimeline { began: asked + second, worked: asked + 3 * second };
        let spent = stages.timings_since(asked);
        assert_eq!((spent.queue, spent.work, spent.commit), (second, 2 * second, Duration::ZERO));
        let spent = stages.timings_since(asked + 2 * second);
        assert_eq!((spent.queue, spent.work), (Duration::ZERO, second));
        let spent = stages.timings_since(asked + 5 * second);
        assert_eq!((spent.queue, spent.work), (Duration::ZERO, Duration::ZERO));
    }
}
