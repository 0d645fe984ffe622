//! A fair semaphore. With a thread for each request, dozens compete for the processor, and the operating
//! system does not schedule them in their order: some finish early, some very late. The semaphore lets only
//! as many requests read and render at a time as the processor can run, in the order of their arrival
//! (docs/decisions/0008-turns.md).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a request waits for its permit before it is answered 503.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the hash of a password waits. A permit is held for some tens of milliseconds, and a user who
/// signs in would rather wait than start over.
const HASH_TIMEOUT: Duration = Duration::from_secs(5);
/// The most hashes at once, on a machine with many cores: each takes 19 MiB and a core.
const MAX_HASHES: usize = 4;

/// A number of permits, granted in the order in which they are requested.
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
    /// The permit has been passed to this waiter.
    granted: AtomicBool,
}

/// A permit; dropping it passes it on.
pub struct Permit<'t>(&'t Semaphore);

impl Semaphore {
    /// A semaphore with one permit more than there are cores, so that no core is idle while a permit is
    /// passed on.
    #[must_use]
    pub fn for_requests() -> Semaphore {
        Semaphore::new(cores() + 1, REQUEST_TIMEOUT)
    }

    /// A semaphore for hashing passwords, with a permit for each core, at most four.
    #[must_use]
    pub fn for_hashing() -> Semaphore {
        Semaphore::new(cores().clamp(1, MAX_HASHES), HASH_TIMEOUT)
    }

    /// A semaphore of `count` permits; a waiter gives up after `timeout`.
    #[must_use]
    pub fn new(count: usize, timeout: Duration) -> Semaphore {
        Semaphore { state: Mutex::new(State { free: count, waiting: VecDeque::new() }), timeout }
    }

    /// Waits for a permit; `None`: none came within the timeout.
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

    /// The number of waiting threads.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Leaves the queue. `false`: the permit came meanwhile.
    fn give_up(&self, waiter: &Arc<Waiter>) -> bool {
        let mut state = self.lock();
        let position = state.waiting.iter().position(|other| Arc::ptr_eq(other, waiter));
        position.and_then(|position| state.waiting.remove(position)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// Passes the permit directly to the first waiter, so that no later request can overtake it.
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
    fn at_most_count_permits_are_held_at_once() {
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
