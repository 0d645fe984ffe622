//! Who may compute now. A thread a request means that dozens can want the processor at once, and the
//! operating system is in no hurry to be fair among them: some finish early, some very late. So only
//! as many as the processor can really run read and render at a time, in the order in which they
//! came (docs/decisions/0008-turns.md).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// So long a request waits for its turn before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same for a password's hash: a turn is some tens of milliseconds then, and who signs in would
/// rather wait than begin anew.
const PATIENCE_WITH_HASHES: Duration = Duration::from_secs(5);
/// Hashes at once on a machine with many cores: each fills 19 MiB, and the rest of the site goes on.
const MOST_HASHES: usize = 4;

/// A number of turns, given in the order of asking.
pub struct Turns {
    state: Mutex<State>,
    patience: Duration,
}

struct State {
    free: usize,
    waiting: VecDeque<Arc<Waiter>>,
}

struct Waiter {
    thread: Thread,
    /// The turn is this waiter's.
    called: AtomicBool,
}

/// The right to compute, until it is dropped.
pub struct Turn<'t>(&'t Turns);

impl Turns {
    /// One more than there are cores, so that none is idle while a turn changes hands.
    #[must_use]
    pub fn for_this_machine() -> Turns {
        Turns::new(cores() + 1, PATIENCE)
    }

    /// As many as there are cores, four at most, for passwords: a hash is all processor and memory.
    #[must_use]
    pub fn for_hashing() -> Turns {
        Turns::new(cores().clamp(1, MOST_HASHES), PATIENCE_WITH_HASHES)
    }

    /// So many at a time; who has waited for `patience` goes without.
    #[must_use]
    pub fn new(count: usize, patience: Duration) -> Turns {
        Turns { state: Mutex::new(State { free: count, waiting: VecDeque::new() }), patience }
    }

    /// Waits for a turn; `None` when it did not come in time.
    #[must_use]
    pub fn take(&self) -> Option<Turn<'_>> {
        let mut state = self.lock();
        if state.free > 0 {
            state.free -= 1;
            return Some(Turn(self));
        }
        let waiter = Arc::new(Waiter { thread: thread::current(), called: AtomicBool::new(false) });
        state.waiting.push_back(Arc::clone(&waiter));
        drop(state);
        let deadline = Instant::now() + self.patience;
        while !waiter.called.load(Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() && self.give_up(&waiter) {
                return None;
            }
            thread::park_timeout(left);
        }
        Some(Turn(self))
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Leaves the queue. `false`: the turn has come meanwhile.
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

/// The next in the queue has the turn at once: nobody who comes now can be before them.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        match state.waiting.pop_front() {
            Some(next) => {
                next.called.store(true, Ordering::Release);
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
    fn so_many_compute_at_once_and_no_more() {
        let turns = Turns::new(3, LONG);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let turn = turns.take().expect("it comes");
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(turn);
                    }
                });
            }
        });
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
        assert_eq!(turns.lock().free, 3);
    }

    #[test]
    fn turns_come_in_the_order_of_asking() {
        let turns = Turns::new(1, LONG);
        let order = Mutex::new(Vec::new());
        let first = turns.take().expect("it is free");
        thread::scope(|scope| {
            for number in 0..8 {
                let (turns, order) = (&turns, &order);
                scope.spawn(move || {
                    let _turn = turns.take().expect("it comes");
                    order.lock().expect("held for a moment").push(number);
                });
                while turns.waiting() <= number {
                    thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(order.into_inner().expect("all have left"), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn who_waits_in_vain_leaves_the_queue() {
        let turns = Turns::new(1, Duration::from_millis(1));
        let first = turns.take().expect("it is free");
        assert!(turns.take().is_none());
        assert!(turns.lock().waiting.is_empty());
        drop(first);
        assert!(turns.take().is_some());
    }
}
