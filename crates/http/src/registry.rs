//! Who is connected, and who has to go when a newcomer finds the house full.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::limits;

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
    /// [`BUSY`], [`EVICTED`], or since when it has waited for its client, in milliseconds: for a
    /// request's head, or plus [`RECEIVING`] for its body.
    state: AtomicU64,
    /// Its reading was shut down by a stop: the end of its stream says nothing about the client.
    hushed: AtomicBool,
}

/// In a request: it will be answered.
const BUSY: u64 = u64::MAX;
/// Added to the time of who waits for a body, so that those who wait for a head come first.
const RECEIVING: u64 = 1 << 62;
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
                .filter(|(state, _)| *state < EVICTED && self.may_be_evicted(*state))
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

    /// Who waits for a head always, who waits for a body when it has had two seconds: else clients
    /// that send half a request each could keep everybody out.
    fn may_be_evicted(&self, state: u64) -> bool {
        state < RECEIVING || state - RECEIVING + 2000 < self.now()
    }

    /// How many connections there are.
    pub(super) fn open(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// How many of them are in a request.
    pub(super) fn busy(&self) -> usize {
        self.lock().slots.values().filter(|slot| slot.state.load(Ordering::Relaxed) == BUSY).count()
    }

    /// Three quarters of the slots are taken.
    pub(super) fn is_scarce(&self) -> bool {
        self.count.load(Ordering::Relaxed) * 4 >= self.capacity * 3
    }

    /// The slot waits for its client from now on.
    pub(super) fn set_waiting(&self, slot: &Slot) {
        let _ = slot.state.compare_exchange(BUSY, self.now(), Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The slot waits for a request's body from now on.
    pub(super) fn set_receiving(&self, slot: &Slot) {
        let since = RECEIVING + self.now();
        let _ = slot.state.compare_exchange(BUSY, since, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The slot has a whole head, or a whole request. `false`: it was closed for someone else a moment before.
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
            if slot.state.load(Ordering::SeqCst) < RECEIVING {
                slot.hushed.store(true, Ordering::SeqCst);
                let _ = slot.stream.shutdown(Shutdown::Read);
            }
        }
    }

    /// How long after a stop a connection is still listened to: not at all if it had been idle for
    /// a second, almost until the drain ends if a body was on its way, else for
    /// [`limits::DRAIN_GRACE`]. `None` while there is no stop.
    pub(super) fn grace(&self, slot: &Slot) -> Option<Duration> {
        let stopped_at = match self.stopped_at.load(Ordering::SeqCst) {
            0 => return None,
            at => at,
        };
        let state = slot.state.load(Ordering::SeqCst);
        let grace = match state {
            EVICTED => Duration::ZERO,
            RECEIVING..EVICTED if !slot.hushed.load(Ordering::SeqCst) => {
                limits::DRAIN.saturating_sub(Duration::from_secs(1))
            }
            since if since < RECEIVING && since + 1000 < stopped_at => Duration::ZERO,
            _ => limits::DRAIN_GRACE,
        };
        Some((Duration::from_millis(stopped_at) + grace).saturating_sub(self.start.elapsed()))
    }

    /// Waits until everyone has left, at most `patience`; then cuts the rest and says how many.
    pub(super) fn drain(&self, patience: Duration) -> usize {
        let wait = |open, patience| {
            self.someone_left
                .wait_timeout_while(open, patience, |open: &mut Open| !open.slots.is_empty())
                .unwrap_or_else(PoisonError::into_inner)
                .0
        };
        let open = wait(self.lock(), patience);
        let cut = open.slots.len();
        for slot in open.slots.values() {
            let _ = slot.stream.shutdown(Shutdown::Both);
        }
        // Their threads were reading or writing: they see the end at once.
        drop(wait(open, Duration::from_secs(1)));
        cut
    }

    fn now(&self) -> u64 {
        self.millis(Instant::now())
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_millis()).unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Nothing panics while it is held; if it did, the map would still be whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
