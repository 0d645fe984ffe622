//! Copies of what is made from the database, each with the time and the changes up to which it is right.

use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, Weighter};

use crate::changes::{Changes, Shown, Since};
use crate::types::time::Timestamp;

/// The bytes that a key or a copy takes beside its place in tables.
pub trait Size {
    /// Their number.
    fn bytes(&self) -> usize;
}

/// A copy.
#[derive(Debug)]
pub struct KeptCopy<T> {
    /// What is kept.
    pub value: T,
    /// What it shows.
    pub shown: Shown,
    /// Since when nothing of that may have changed.
    pub since: Since,
    /// The moments at which it is right, without the last: its ages are in words.
    pub times: Range<Timestamp>,
}

impl<T> KeptCopy<T> {
    fn is_right(&self, changes: &Changes, now: Timestamp) -> bool {
        self.times.contains(&now) && changes.has_none(&self.shown, &self.since)
    }
}

/// The bytes that a copy takes beside itself, its key and what it shows: places in tables.
const BESIDE_BYTES: usize = 128;

#[derive(Debug, Clone)]
struct ByBytes;

impl<K: Size, T: Size> Weighter<K, Arc<KeptCopy<T>>> for ByBytes {
    fn weight(&self, key: &K, copy: &Arc<KeptCopy<T>>) -> u64 {
        (BESIDE_BYTES + key.bytes() + copy.shown.bytes() + copy.value.bytes()) as u64
    }
}

/// Counts the copies that leave to make room.
#[derive(Debug, Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl<K, T> Lifecycle<K, Arc<KeptCopy<T>>> for Evictions {
    type RequestState = ();

    // `on_evict` would also count a copy that is replaced by a newer one.
    fn before_evict(&self, (): &mut (), _: &K, _: &mut Arc<KeptCopy<T>>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Copies by their keys. The cache keeps out what is asked for once: a crawler of many addresses does not push out the
/// front page.
pub struct Copies<K, T> {
    cache: Cache<K, Arc<KeptCopy<T>>, ByBytes, DefaultHashBuilder, Evictions>,
    evictions: Evictions,
}

impl<K: Hash + Eq + Size, T: Size> Copies<K, T> {
    /// Room for this many bytes, of copies that usually have `usual_bytes`.
    #[must_use]
    pub fn new(bytes: u64, usual_bytes: u64) -> Copies<K, T> {
        let evictions = Evictions::default();
        let copies = usize::try_from(bytes / usual_bytes).unwrap_or(usize::MAX);
        let cache = Cache::with(copies, bytes, ByBytes, DefaultHashBuilder::default(), evictions.clone());
        Copies { cache, evictions }
    }

    /// The copy, if it is what would be made now.
    #[must_use]
    pub fn find<Q>(&self, key: &Q, changes: &Changes, now: Timestamp) -> Option<Arc<KeptCopy<T>>>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.cache.get(key).filter(|copy| copy.is_right(changes, now))
    }

    /// The copy, if it is what would be made from the caller's snapshot, which has begun, after `before`.
    #[must_use]
    pub fn find_in<Q>(
        &self,
        key: &Q,
        changes: &Changes,
        before: &Since,
        now: Timestamp,
    ) -> Option<Arc<KeptCopy<T>>>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let is_right = |copy: &Arc<KeptCopy<T>>| {
            copy.times.contains(&now) && changes.has_none_in(before, &copy.shown, &copy.since)
        };
        self.cache.get(key).filter(is_right)
    }

    /// Keeps a copy, if it is right at this moment, and returns whether it is.
    pub fn keep(&self, key: K, copy: &Arc<KeptCopy<T>>, changes: &Changes, now: Timestamp) -> bool {
        let is_right = copy.is_right(changes, now);
        if is_right {
            self.cache.insert(key, Arc::clone(copy));
        }
        is_right
    }

    /// The bytes that the copies take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.cache.weight()
    }

    /// The number of copies that have left to make room for others.
    #[must_use]
    pub fn evictions(&self) -> u64 {
        self.evictions.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Size for i64 {
        fn bytes(&self) -> usize {
            0
        }
    }

    impl Size for Vec<u8> {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    fn copy(changes: &Changes, bytes: usize) -> Arc<KeptCopy<Vec<u8>>> {
        let since = changes.since_now();
        let times = Timestamp::EPOCH..Timestamp::MAX;
        Arc::new(KeptCopy { value: vec![0; bytes], shown: Shown::of(&[], None), since, times })
    }

    #[test]
    fn a_crawler_of_many_addresses_does_not_push_out_the_front_page() {
        let (copies, changes, now) = (Copies::new(1_000_000, 4_000), Changes::default(), Timestamp::EPOCH);
        for _ in 0..2 {
            copies.keep(-1, &copy(&changes, 4_000), &changes, now);
        }
        assert_eq!(copies.evictions(), 0, "a newer copy is no eviction");
        for number in 0..20_000_i64 {
            copies.keep(number, &copy(&changes, 4_000), &changes, now);
            assert!(copies.find(&-1, &changes, now).is_some(), "after {number} others");
        }
        assert!(copies.bytes() <= 1_000_000 && copies.evictions() > 10_000);
        copies.keep(-2, &copy(&changes, 2_000_000), &changes, now);
        assert!(copies.find(&-2, &changes, now).is_none() && copies.bytes() <= 1_000_000);
    }

    #[test]
    fn a_copy_is_found_at_its_times_alone() {
        let (copies, changes) = (Copies::new(1_000_000, 4_000), Changes::default());
        let at = Timestamp::from_micros;
        let copy =
            KeptCopy { times: at(10)..at(20), ..Arc::into_inner(copy(&changes, 1)).expect("one owner") };
        assert!(copies.keep(1, &Arc::new(copy), &changes, at(10)));
        for (now, is_found) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(copies.find(&1, &changes, at(now)).is_some(), is_found, "{now}");
            let before = changes.since_now();
            assert_eq!(copies.find_in(&1, &changes, &before, at(now)).is_some(), is_found, "{now}");
        }
    }
}
