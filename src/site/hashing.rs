//! Hashing passwords: a limited number at a time, in memory that waiting hashes pass on to each other.
//!
//! A hash takes 19 MiB. Memory that each request allocates and frees does not return to the system: glibc's
//! allocator serves threads from many arenas, and after the first such allocation keeps up to twice its size
//! in each (`M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD` in mallopt(3)). Some hundred sign-ins left 700 MB.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Block;

use super::semaphore::{Priority, Semaphore};
use crate::types::id::UserId;

/// The least size of an allocation, of which only the used part takes memory. Above glibc's greatest
/// `M_MMAP_THRESHOLD`, 32 MiB, an allocation is always a mapping of its own, which freeing returns to the system.
const MIN_ALLOCATED_BLOCKS: usize = 33 * 1024;

/// The memory of one hash at a time. It is allocated by its first use.
#[derive(Default)]
pub struct HashMemory(Vec<Block>);

impl HashMemory {
    /// `count` blocks of 1 KiB, with any content.
    pub fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            // Not by growing, which would copy.
            self.0 = Vec::with_capacity(count.max(MIN_ALLOCATED_BLOCKS));
            self.0.resize(count, Block::new());
        }
        &mut self.0[..count]
    }
}

/// The permits to hash, and the memory that the hashes use.
pub struct Hashing {
    permits: Semaphore,
    /// Memory for requests that wait for a permit; empty when none waits.
    idle: Mutex<Vec<HashMemory>>,
    /// The users of whom a hash has priority.
    first: Mutex<HashSet<UserId>>,
}

impl Hashing {
    /// Hashing with these permits.
    #[must_use]
    pub fn new(permits: Semaphore) -> Hashing {
        Hashing { permits, idle: Mutex::default(), first: Mutex::default() }
    }

    /// Waits for a permit and runs `work`; `None`: no permit came in time, and `work` has not run. `known` is the user
    /// in whose known browser or session the request was made: it goes before others, unless another request of the
    /// user does so already. A user can have many sessions, and would otherwise fill the front of the queue.
    pub fn run<T>(&self, known: Option<UserId>, work: impl FnOnce(&mut HashMemory) -> T) -> Option<T> {
        let first = known.and_then(|user| self.first(user));
        let priority = if first.is_some() { Priority::High } else { Priority::Normal };
        let _permit = self.permits.acquire_with(priority)?;
        let mut memory = self.idle().pop().unwrap_or_default();
        let result = work(&mut memory);
        let mut idle = self.idle();
        if self.permits.waiting() > 0 {
            idle.push(memory);
        } else {
            idle.clear();
        }
        Some(result)
    }

    /// The permits.
    #[must_use]
    pub fn permits(&self) -> &Semaphore {
        &self.permits
    }

    /// `None`: another request of the user has priority.
    fn first(&self, user: UserId) -> Option<First<'_>> {
        let is_first = lock(&self.first).insert(user);
        is_first.then(|| First { hashing: self, user })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<HashMemory>> {
        lock(&self.idle)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The priority of a user's hash, until it is dropped.
struct First<'h> {
    hashing: &'h Hashing,
    user: UserId,
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        lock(&self.hashing.first).remove(&self.user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn waiting_hashes_share_as_much_memory_as_there_are_permits_and_none_stays() {
        let hashing = Hashing::new(Semaphore::new(2, Duration::from_secs(60)));
        let addresses = Mutex::new(HashSet::new());
        let work = |memory: &mut HashMemory| {
            let at = memory.blocks(64).as_ptr().addr();
            addresses.lock().expect("held for a moment").insert(at);
        };
        let held = [(); 2].map(|()| hashing.permits.acquire().expect("it is free"));
        thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| hashing.run(None, work).expect("a permit comes"));
            }
            while hashing.permits.waiting() < 32 {
                thread::yield_now();
            }
            // The one permit passes through all of them.
            let [first, _second] = held;
            drop(first);
            while hashing.permits.waiting() > 0 {
                thread::yield_now();
            }
        });
        assert_eq!(addresses.into_inner().expect("all have left").len(), 1);
        assert!(hashing.idle().is_empty(), "it is freed");
    }

    #[test]
    fn one_hash_of_a_user_goes_before_those_of_others() {
        let hashing = Hashing::new(Semaphore::new(1, Duration::from_secs(60)));
        let (one, other) = (UserId::new(1), UserId::new(2));
        let order = Mutex::new(Vec::new());
        let held = hashing.permits.acquire().expect("it is free");
        thread::scope(|scope| {
            let users = [None, Some(one), Some(one), Some(one), None, Some(other)];
            for (number, user) in users.into_iter().enumerate() {
                let (hashing, order) = (&hashing, &order);
                scope.spawn(move || hashing.run(user, |_| lock(order).push(number)).expect("a permit comes"));
                while hashing.permits.waiting() <= number {
                    thread::yield_now();
                }
            }
            drop(held);
        });
        assert_eq!(order.into_inner().expect("all have left"), [1, 5, 0, 2, 3, 4]);
        assert!(lock(&hashing.first).is_empty());
    }

    #[test]
    fn memory_serves_hashes_of_any_size() {
        let mut memory = HashMemory::default();
        for count in [64, 19 * 1024, 8, 40 * 1024] {
            assert_eq!(memory.blocks(count).len(), count);
        }
    }
}
