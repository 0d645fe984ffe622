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

/// The most permits in a row that overtake a waiter of normal priority, so that it is delayed and not shut out.
const MAX_OVERTAKES: u32 = 8;

/// The order in which waiters get their permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Before all waiters of normal priority, up to eight times in a row. A rate limit must bound how often a
    /// client gets it.
    High,
    /// In the order of their requests.
    Normal,
}

/// A number of permits, granted in the order in which they are requested, those with priority first.
pub struct Semaphore {
    state: Mutex<State>,
    timeout: Duration,
}

struct State {
    free: usize,
    waiting: VecDeque<Arc<Waiter>>,
    /// Those with priority.
    waiting_first: VecDeque<Arc<Waiter>>,
    /// The permits in a row for which a waiter of normal priority was overtaken.
    overtakes: u32,
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

    /// A semaphore for writing people's own data: one at a time leaves the other cores to pages.
    #[must_use]
    pub fn for_downloads() -> Semaphore {
        Semaphore::new(1, REQUEST_TIMEOUT)
    }

    /// A semaphore of `count` permits; a waiter gives up after `timeout`.
    #[must_use]
    pub fn new(count: usize, timeout: Duration) -> Semaphore {
        let (waiting, waiting_first) = (VecDeque::new(), VecDeque::new());
        Semaphore { state: Mutex::new(State { free: count, waiting, waiting_first, overtakes: 0 }), timeout }
    }

    /// Waits for a permit; `None`: none came within the timeout.
    #[must_use]
    pub fn acquire(&self) -> Option<Permit<'_>> {
        self.acquire_with(Priority::Normal)
    }

    /// Waits for a permit as [`acquire`](Semaphore::acquire) does, with a priority.
    #[must_use]
    pub fn acquire_with(&self, priority: Priority) -> Option<Permit<'_>> {
        let mut state = self.lock();
        if state.free > 0 {
            state.free -= 1;
            return Some(Permit(self));
        }
        let waiter = Arc::new(Waiter { thread: thread::current(), granted: AtomicBool::new(false) });
        state.queue(priority).push_back(Arc::clone(&waiter));
        drop(state);
        let deadline = Instant::now() + self.timeout;
        while !waiter.granted.load(Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() && self.give_up(priority, &waiter) {
                return None;
            }
            thread::park_timeout(left);
        }
        Some(Permit(self))
    }

    /// The number of waiting threads.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let state = self.lock();
        state.waiting.len() + state.waiting_first.len()
    }

    /// Leaves the queue. `false`: the permit came meanwhile.
    fn give_up(&self, priority: Priority, waiter: &Arc<Waiter>) -> bool {
        let mut state = self.lock();
        let queue = state.queue(priority);
        let position = queue.iter().position(|other| Arc::ptr_eq(other, waiter));
        position.and_then(|position| queue.remove(position)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn queue(&mut self, priority: Priority) -> &mut VecDeque<Arc<Waiter>> {
        match priority {
            Priority::High => &mut self.waiting_first,
            Priority::Normal => &mut self.waiting,
        }
    }

    /// Takes the waiter out of its queue that gets the next permit.
    fn next(&mut self) -> Option<Arc<Waiter>> {
        let overtakes = !self.waiting.is_empty() && !self.waiting_first.is_empty();
        if overtakes && self.overtakes < MAX_OVERTAKES {
            self.overtakes += 1;
            return self.waiting_first.pop_front();
        }
        self.overtakes = 0;
        self.waiting.pop_front().or_else(|| self.waiting_first.pop_front())
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// Passes the permit directly to the next waiter, so that no later request can overtake it.
impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        match state.next() {
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

    /// The order in which waiters get the one permit. They arrive in the order of their priorities here.
    fn order_of(priorities: &[Priority]) -> Vec<usize> {
        let semaphore = Semaphore::new(1, LONG);
        let order = Mutex::new(Vec::new());
        let first = semaphore.acquire().expect("it is free");
        thread::scope(|scope| {
            for (number, &priority) in priorities.iter().enumerate() {
                let (semaphore, order) = (&semaphore, &order);
                scope.spawn(move || {
                    let _permit = semaphore.acquire_with(priority).expect("it comes");
                    order.lock().expect("held for a moment").push(number);
                });
                while semaphore.waiting() <= number {
                    thread::yield_now();
                }
            }
            drop(first);
        });
        order.into_inner().expect("all have left")
    }

    #[test]
    fn a_waiter_with_priority_gets_the_next_permit() {
        let mut priorities = vec![Priority::Normal; 100];
        priorities.push(Priority::High);
        let mut expected = vec![100];
        expected.extend(0..100);
        assert_eq!(order_of(&priorities), expected);
        // Among themselves they keep their order.
        use Priority::{High, Normal};
        assert_eq!(order_of(&[Normal, High, Normal, High]), [1, 3, 0, 2]);
        assert_eq!(order_of(&[High, High]), [0, 1]);
    }

    #[test]
    fn a_waiter_of_normal_priority_is_overtaken_at_most_eight_times_in_a_row() {
        let mut priorities = vec![Priority::High; 20];
        priorities.extend([Priority::Normal; 2]);
        let order = order_of(&priorities);
        assert_eq!((order[8], order[17]), (20, 21), "{order:?}");
        assert!(order.iter().filter(|&&number| number < 20).is_sorted());
    }

    #[test]
    fn a_waiter_that_times_out_leaves_the_queue() {
        let semaphore = Semaphore::new(1, Duration::from_millis(1));
        let first = semaphore.acquire().expect("it is free");
        assert!(semaphore.acquire().is_none());
        assert!(semaphore.acquire_with(Priority::High).is_none());
        assert_eq!(semaphore.waiting(), 0);
        drop(first);
        assert!(semaphore.acquire().is_some());
    }
}
