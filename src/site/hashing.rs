//! Hashing passwords: a limited number at a time, in memory that waiting hashes pass on to each other.
//!
//! A hash takes 19 MiB. Memory that each request allocates and frees does not return to the system: glibc's
//! allocator serves threads from many arenas, and after the first such allocation keeps up to twice its size
//! in each (`M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD` in mallopt(3)). Some hundred sign-ins left 700 MB.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Block;

use super::semaphore::{Priority, Semaphore};

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
}

impl Hashing {
    /// Hashing with these permits.
    #[must_use]
    pub fn new(permits: Semaphore) -> Hashing {
        Hashing { permits, idle: Mutex::default() }
    }

    /// Waits for a permit and runs `work`; `None`: no permit came in time, and `work` has not run.
    pub fn run<T>(&self, priority: Priority, work: impl FnOnce(&mut HashMemory) -> T) -> Option<T> {
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

    fn idle(&self) -> MutexGuard<'_, Vec<HashMemory>> {
        // Nothing panics while it is held.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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
                scope.spawn(|| hashing.run(Priority::Normal, work).expect("a permit comes"));
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
    fn memory_serves_hashes_of_any_size() {
        let mut memory = HashMemory::default();
        for count in [64, 19 * 1024, 8, 40 * 1024] {
            assert_eq!(memory.blocks(count).len(), count);
        }
    }
}
