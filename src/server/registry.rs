//! Who is connected, and who has to go when a newcomer finds the house full.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::limits;

/// All open connections, at most `capacity` of them.
pub(super) struct Registry {
    capacity: usize,
    start: Instant,
    open: Mutex<Open>,
    /// How many are open: asked by every request, so without the lock.
    count: AtomicUsize,
    someone_left: Condvar,
    /// Milliseconds after `start` at which the stop began; 0 while there is none.
    stopped_at: AtomicU64,
}

struct Open {
    slots: HashMap<u64, Arc<Slot>>,
    next: u64,
}

/// One connection: its socket, and whether it may be closed for someone else.
pub(super) struct Slot {
    id: u64,
    pub(super) stream: TcpStream,
    /// [`BUSY`], [`EVICTED`], or since when it has waited for its client, in milliseconds.
    state: AtomicU64,
    /// Its reading was shut down by a stop: the end of its stream says nothing about the client.
    hushed: AtomicBool,
}

/// In a request: it will be answered.
const BUSY: u64 = u64::MAX;
/// Closed for a newcomer: what it sends from here on is not read.
const EVICTED: u64 = u64::MAX - 1;

impl Registry {
    pub(super) fn new(capacity: usize) -> Registry {
        Registry {
            capacity,
            start: Instant::now(),
            open: Mutex::new(Open { slots: HashMap::with_capacity(capacity.min(1024)), next: 0 }),
            count: AtomicUsize::new(0),
            someone_left: Condvar::new(),
            stopped_at: AtomicU64::new(0),
        }
    }

    /// A slot for the newcomer, if need be that of the connection which has waited longest.
    /// An error gives the newcomer back: every slot is in a request.
    pub(super) fn admit(&self, stream: TcpStream) -> Result<Arc<Slot>, TcpStream> {
        let mut open = self.lock();
        while open.slots.len() >= self.capacity {
            if !self.evict(&open) {
                return Err(stream);
            }
            // Its thread was blocked in a read that has just ended: it leaves within microseconds.
            let (guard, wait) = self
                .someone_left
                .wait_timeout_while(open, Duration::from_secs(1), |open| open.slots.len() >= self.capacity)
                .unwrap_or_else(PoisonError::into_inner);
            open = guard;
            if wait.timed_out() {
                return Err(stream);
            }
        }
        let id = open.next;
        open.next += 1;
        let slot =
            Arc::new(Slot { id, stream, state: AtomicU64::new(self.now()), hushed: AtomicBool::new(false) });
        open.slots.insert(id, Arc::clone(&slot));
        self.count.store(open.slots.len(), Ordering::Relaxed);
        Ok(slot)
    }

    /// The connection is over: its slot is free.
    pub(super) fn leave(&self, slot: &Slot) {
        let mut open = self.lock();
        open.slots.remove(&slot.id);
        self.count.store(open.slots.len(), Ordering::Relaxed);
        drop(open);
        self.someone_left.notify_all();
    }

    /// Closes the connection that has waited longest for its client, if any waits.
    pub(super) fn evict_longest_waiting(&self) {
        self.evict(&self.lock());
    }

    fn evict(&self, open: &Open) -> bool {
        loop {
            let longest = open
                .slots
                .values()
                .map(|slot| (slot.state.load(Ordering::SeqCst), slot))
                .filter(|(state, _)| *state < EVICTED)
                .min_by_key(|(since, _)| *since);
            let Some((since, slot)) = longest else {
                // Everyone is in a request, or on the way out already: the latter is as good.
                return open.slots.values().any(|slot| slot.state.load(Ordering::SeqCst) == EVICTED);
            };
            // It may have become busy since: then it stays and another is looked for.
            if slot.state.compare_exchange(since, EVICTED, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                let _ = slot.stream.shutdown(Shutdown::Both);
                return true;
            }
        }
    }

    /// Three quarters of the slots are taken.
    pub(super) fn is_scarce(&self) -> bool {
        self.count.load(Ordering::Relaxed) * 4 >= self.capacity * 3
    }

    /// The slot waits for its client from now on.
    pub(super) fn set_waiting(&self, slot: &Slot) {
        let _ = slot.state.compare_exchange(BUSY, self.now(), Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The slot has a whole request head. `false`: it was closed for someone else a moment before.
    pub(super) fn set_busy(&self, slot: &Slot) -> bool {
        slot.state
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| (state != EVICTED).then_some(BUSY))
            .is_ok()
    }

    /// The stop has begun: connections that wait for their client are woken to see it. Reading is
    /// shut down, not writing, and what has arrived can still be read.
    pub(super) fn stop(&self, now: Instant) {
        self.stopped_at.store(self.millis(now).max(1), Ordering::SeqCst);
        for slot in self.lock().slots.values() {
            if slot.state.load(Ordering::SeqCst) < EVICTED {
                slot.hushed.store(true, Ordering::SeqCst);
                let _ = slot.stream.shutdown(Shutdown::Read);
            }
        }
    }

    /// How long after a stop a connection is still listened to: not at all if it had been idle for
    /// a second, else until [`limits::DRAIN_GRACE`] is over. `None` while there is no stop, and for
    /// a request whose body was on its way when the stop came: it has the time it always has.
    pub(super) fn grace(&self, slot: &Slot) -> Option<Duration> {
        let stopped_at = match self.stopped_at.load(Ordering::SeqCst) {
            0 => return None,
            at => at,
        };
        let state = slot.state.load(Ordering::SeqCst);
        if state == BUSY && !slot.hushed.load(Ordering::SeqCst) {
            return None;
        }
        if state == EVICTED || (state < EVICTED && state + 1000 < stopped_at) {
            return Some(Duration::ZERO);
        }
        let over = Duration::from_millis(stopped_at) + limits::DRAIN_GRACE;
        Some(over.saturating_sub(self.start.elapsed()))
    }

    /// Waits until everyone has left, at most `patience`; then cuts the rest and says how many.
    pub(super) fn drain(&self, patience: Duration) -> usize {
        let (open, _) = self
            .someone_left
            .wait_timeout_while(self.lock(), patience, |open| !open.slots.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        for slot in open.slots.values() {
            let _ = slot.stream.shutdown(Shutdown::Both);
        }
        open.slots.len()
    }

    fn now(&self) -> u64 {
        self.millis(Instant::now())
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_millis()).unwrap_or(EVICTED - 1)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Nothing panics while it is held; if it did, the map would still be whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
