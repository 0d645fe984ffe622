//! Metrics of the writer, timings of a write, and the state of the database.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::histogram::{DURATION_BOUNDS, Histogram};

/// Bounds for the number of writes in a commit; the last is the largest batch.
const BATCH_SIZE_BOUNDS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// Counts of the writer since the database was opened.
pub struct WriterMetrics {
    /// The number of callers' writes in each successful commit.
    pub batch_sizes: Histogram<{ BATCH_SIZE_BOUNDS.len() }>,
    /// The duration of each successful commit, its flush included, in nanoseconds.
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

    /// Counts a commit of this many callers' writes.
    pub(crate) fn observe_commit(&self, writes: usize, duration: Duration) {
        self.batch_sizes.observe(writes as u64);
        self.commit_durations.observe_duration(duration);
    }

    /// Counts a commit that failed when the disk was to flush it.
    pub(crate) fn observe_failed_flush(&self) {
        self.failed_flushes.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of commits that failed because the disk could not flush them. The WAL contained each of
    /// them for a moment, until the writer overwrote it: a program that copies the WAL may have copied it.
    #[must_use]
    pub fn failed_flushes(&self) -> u64 {
        self.failed_flushes.load(Ordering::Relaxed)
    }

    pub(crate) fn set_wal_pages(&self, pages: i32) {
        self.wal_pages.store(pages, Ordering::Relaxed);
    }

    /// The number of pages in the WAL after the last commit. It falls when the WAL begins at its start again.
    #[must_use]
    pub fn wal_pages(&self) -> i32 {
        self.wal_pages.load(Ordering::Relaxed)
    }
}

/// The state of the database at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseStats {
    /// Writes in the queue.
    pub queued_writes: usize,
    /// Read-only connections in the pool.
    pub readers: u32,
    /// Those of them that no read uses.
    pub idle_readers: u32,
}

/// The parts of the time that a caller waited for its write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteTimings {
    /// From the call to the beginning of the transaction.
    pub queue: Duration,
    /// The closures of all callers that share the transaction.
    pub work: Duration,
    /// The commit, its flush, and the time until the caller had the result.
    pub commit: Duration,
}

/// The moments at which a transaction reached its stages.
#[derive(Clone, Copy)]
pub(crate) struct BatchTimeline {
    /// The transaction began.
    pub(crate) began: Instant,
    /// The last closure had run.
    pub(crate) work_done: Instant,
}

impl BatchTimeline {
    /// For a write whose transaction never began.
    pub(crate) fn not_begun() -> BatchTimeline {
        let now = Instant::now();
        BatchTimeline { began: now, work_done: now }
    }

    /// The timings of a caller whose call was at `called` and who has the result now. A call during the
    /// transaction did not wait for its beginning.
    pub(crate) fn timings_since(self, called: Instant) -> WriteTimings {
        let began = self.began.max(called);
        let work_done = self.work_done.max(began);
        WriteTimings { queue: began - called, work: work_done - began, commit: work_done.elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_that_joins_a_transaction_late_waits_only_for_its_rest() {
        let second = Duration::from_secs(1);
        let called = Instant::now();
        let timeline = BatchTimeline { began: called + second, work_done: called + 3 * second };
        let timings = timeline.timings_since(called);
        assert_eq!((timings.queue, timings.work, timings.commit), (second, 2 * second, Duration::ZERO));
        let timings = timeline.timings_since(called + 2 * second);
        assert_eq!((timings.queue, timings.work), (Duration::ZERO, second));
        let timings = timeline.timings_since(called + 5 * second);
        assert_eq!((timings.queue, timings.work), (Duration::ZERO, Duration::ZERO));
    }
}
