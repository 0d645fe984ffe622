//! A fair semaphore. A thread a request means that dozens want the processor at once, and the operating system is
//! in no hurry to be fair among them: some finish early, some very late. So only as many requests as the processor
//! can run read and render at a time, in the order of their arrival (docs/decisions/0008-turns.md).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// A request that has waited this long for its permit is answered 503.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// The limit for a password's hash: a permit is held for some tens of milliseconds, and a person who signs in
/// would rather wait than begin anew.
const HASH_TIMEOUT: Duration = Duration::from_secs(5);
/// Hashes at once on a machine with many cores: each fills 19 MiB, and the rest of the site goes on.
const MAX_HASHES: usize = 4;

/// A number of permits, granted in the order of the requests for them.
pub struct Semaphore {
    state: Mutex<State>,
    timeout: Duration,
}

struct State {
    free: usize,
    waiting: VecDeque<Arc<Waiter>>,
}

struct Waiter {
    thread: Thread,
    /// The permit is this waiter's.
    granted: AtomicBool,
}

/// The right to compute, until it is dropped.
pub struct Permit<'t>(&'t Semaphore);

impl Semaphore {
    /// One more than there are cores, so that none is idle while a permit changes hands.
    #[must_use]
    pub fn for_requests() -> Semaphore {
        Semaphore::new(cores() + 1, REQUEST_TIMEOUT)
    }

    /// As many as there are cores, four at most, for passwords: a hash is all processor and memory.
    #[must_use]
    pub fn for_hashing() -> Semaphore {
        Semaphore::new(cores().clamp(1, MAX_HASHES), HASH_TIMEOUT)
    }

    /// So many at a time; who has waited for `timeout` goes without.
    #[must_use]
    pub fn new(count: usize, timeout: Duration) -> Semaphore {
        Semaphore { state: Mutex::new(State { free: count, waiting: VecDeque::new() }), timeout }
    }

    /// Waits for a turn; `None` when it did not come in time.
    #[must_use]
    pub fn acquire(&self) -> Option<Permit<'_>> {
        let mut state = self.lock();
        if state.free > 0 {
            state.free -= 1;
            return Some(Permit(self));
        }
        let waiter = Arc::new(Waiter { thread: thread::current(), granted: AtomicBool::new(false) });
        state.waiting.push_back(Arc::clone(&waiter));
        drop(state);
        let deadline = Instant::now() + self.timeout;
        while !waiter.granted.load(Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() && self.give_up(&waiter) {
                return None;
            }
            thread::park_timeout(left);
        }
        Some(Permit(self))
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Leaves the queue. `false`: the permit has come meanwhile.
    fn give_up(&self, waiter: &Arc<Waiter>) -> bool {
        let mut state = self.lock();
        let place = state.waiting.iter().position(|other| Arc::ptr_eq(other, waiter));
        place.and_then(|place| state.waiting.remove(place)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// The next in the queue has the permit at once: nobody who comes now can be before them.
impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        match state.waiting.pop_front() {
            Some(next) => {
                next.granted.store(true, Ordering::Release);
                drop(state);
                next.thread.unpark();
            }
            None => state.free += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn no_more_permits_than_there_are_are_held_at_once() {
        let semaphore = Semaphore::new(3, LONG);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let permit = semaphore.acquire().expect("it comes");
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
        assert_eq!(semaphore.lock().free, 3);
    }

    #[test]
    fn permits_come_in_the_order_of_the_requests() {
        let semaphore = Semaphore::new(1, LONG);
        let order = Mutex::new(Vec::new());
        let first = semaphore.acquire().expect("it is free");
        thread::scope(|scope| {
            for number in 0..8 {
                let (semaphore, order) = (&semaphore, &order);
                scope.spawn(move || {
                    let _permit = semaphore.acquire().expect("it comes");
                    order.lock().expect("held for a moment").push(number);
                });
                while semaphore.waiting() <= number {
                    thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(order.into_inner().expect("all have left"), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_waiter_that_times_out_leaves_the_queue() {
        let semaphore = Semaphore::new(1, Duration::from_millis(1));
        let first = semaphore.acquire().expect("it is free");
        assert!(semaphore.acquire().is_none());
        assert!(semaphore.lock().waiting.is_empty());
        drop(first);
        assert!(semaphore.acquire().is_some());
    }
}
