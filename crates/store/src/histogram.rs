//! Histograms as Prometheus has them (<https://prometheus.io/docs/concepts/metric_types/#histogram>), counted
//! without locks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bounds for durations, in nanoseconds: from 0.25 ms, a fast request, to 10 s, a caller's usual time-out.
pub const DURATION_BOUNDS: [u64; 15] = {
    const MICROS: u64 = 1_000;
    const MILLIS: u64 = 1_000_000;
    [
        250 * MICROS,
        500 * MICROS,
        MILLIS,
        2_500 * MICROS,
        5 * MILLIS,
        10 * MILLIS,
        25 * MILLIS,
        50 * MILLIS,
        100 * MILLIS,
        250 * MILLIS,
        500 * MILLIS,
        1_000 * MILLIS,
        2_500 * MILLIS,
        5_000 * MILLIS,
        10_000 * MILLIS,
    ]
};

/// The number of values between each two of `N` bounds, and the sum of all values.
///
/// A reader may see a value that is being observed in the buckets and not yet in the sum.
pub struct Histogram<const N: usize> {
    bounds: &'static [u64; N],
    /// One count a bound: values that are at most the bound and above the one before.
    counts: [AtomicU64; N],
    above_last_bound: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    /// An empty histogram. `bounds` are inclusive and ascend.
    #[must_use]
    pub const fn new(bounds: &'static [u64; N]) -> Histogram<N> {
        Histogram {
            bounds,
            counts: [const { AtomicU64::new(0) }; N],
            above_last_bound: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts `value`.
    pub fn observe(&self, value: u64) {
        let bucket = self.bounds.iter().position(|bound| value <= *bound);
        bucket.map_or(&self.above_last_bound, |at| &self.counts[at]).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts `duration` in nanoseconds.
    pub fn observe_duration(&self, duration: Duration) {
        self.observe(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Each bound with the number of values that are at most that bound.
    pub fn cumulative_buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        let counted = self.bounds.iter().zip(&self.counts);
        counted.scan(0, |sum, (bound, count)| {
            *sum += count.load(Ordering::Relaxed);
            Some((*bound, *sum))
        })
    }

    /// The number of values above the last bound.
    #[must_use]
    pub fn above_last_bound(&self) -> u64 {
        self.above_last_bound.load(Ordering::Relaxed)
    }

    /// The sum of all values.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }

    /// Whether no value was observed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cumulative_buckets().all(|(_, count)| count == 0) && self.above_last_bound() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_in_the_first_bucket_whose_bound_it_does_not_exceed() {
        static BOUNDS: [u64; 3] = [1, 10, 100];
        let histogram = Histogram::new(&BOUNDS);
        assert!(histogram.is_empty());
        for value in [0, 1, 2, 10, 11, 100, 101, 1000] {
            histogram.observe(value);
        }
        assert_eq!(histogram.cumulative_buckets().collect::<Vec<_>>(), [(1, 2), (10, 4), (100, 6)]);
        assert_eq!((histogram.above_last_bound(), histogram.sum()), (2, 1225));
        assert!(!histogram.is_empty());
        let above = Histogram::new(&BOUNDS);
        above.observe(101);
        assert!(!above.is_empty());
    }

    #[test]
    fn a_duration_is_counted_in_nanoseconds() {
        let histogram = Histogram::new(&DURATION_BOUNDS);
        histogram.observe_duration(Duration::from_micros(250));
        histogram.observe_duration(Duration::from_secs(10) + Duration::from_nanos(1));
        assert_eq!(histogram.cumulative_buckets().next(), Some((250_000, 1)));
        assert_eq!((histogram.above_last_bound(), histogram.sum()), (1, 10_000_250_001));
        assert!(DURATION_BOUNDS.is_sorted());
    }
}
