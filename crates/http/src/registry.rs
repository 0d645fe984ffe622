//! The open connections, and the choice of the one that is closed when the connection limit is reached.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::{BODY_EVICTION_MILLIS, DRAIN_BODY_TIMEOUT, DRAIN_GRACE_PERIOD, DRAIN_IDLE_MILLIS};

/// Time in which the thread of a closed connection must leave; it usually takes microseconds, since the close
/// ends its read. Beyond it a new connection is rejected, and a drain returns without waiting further.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// All open connections, at most `capacity` of them.
pub(crate) struct Registry {
    capacity: usize,
    start: Instant,
    open: Mutex<Open>,
    /// The number of open connections, outside the lock because every request reads it.
    count: AtomicUsize,
    left: Condvar,
    /// Milliseconds from `start` to the beginning of the stop; 0 before it.
    stopped_at: AtomicU64,
}

struct Open {
    slots: HashMap<u64, Arc<Slot>>,
    next_id: u64,
}

/// One connection: its socket, and whether it may be closed for a new one.
pub(crate) struct Slot {
    id: u64,
    pub(crate) stream: TcpStream,
    /// [`BUSY`], [`EVICTED`], or the milliseconds from the registry's start at which the connection began to
    /// wait for its client: for a request's head, or plus [`RECEIVING_BODY`] for its body.
    state: AtomicU64,
    /// A stop has shut down its reading, so the end of its stream does not mean that the client has closed.
    is_read_shut_down: AtomicBool,
}

/// In a request, which will be answered.
const BUSY: u64 = u64::MAX;
/// Closed for a new connection: what its client sends from now on is not read.
const EVICTED: u64 = u64::MAX - 1;
/// Added to the time of a connection that waits for a body, so that it is evicted after those that wait for a
/// head.
const RECEIVING_BODY: u64 = 1 << 62;

impl Registry {
    pub(crate) fn new(capacity: usize) -> Registry {
        Registry {
            capacity,
            start: Instant::now(),
            open: Mutex::new(Open { slots: HashMap::with_capacity(capacity.min(1024)), next_id: 0 }),
            count: AtomicUsize::new(0),
            left: Condvar::new(),
            stopped_at: AtomicU64::new(0),
        }
    }

    /// Returns a slot for the new connection, if necessary that of the connection that has waited longest.
    ///
    /// # Errors
    /// Returns the stream when every other connection is in a request.
    pub(crate) fn admit(&self, stream: TcpStream) -> Result<Arc<Slot>, TcpStream> {
        let mut open = self.lock();
        while open.slots.len() >= self.capacity {
            if !self.evict(&open) {
                return Err(stream);
            }
            let (guard, wait) = self
                .left
                .wait_timeout_while(open, LEAVE_TIMEOUT, |open| open.slots.len() >= self.capacity)
                .unwrap_or_else(PoisonError::into_inner);
            open = guard;
            if wait.timed_out() {
                return Err(stream);
            }
        }
        let id = open.next_id;
        open.next_id += 1;
        let slot = Arc::new(Slot {
            id,
            stream,
            state: AtomicU64::new(self.now()),
            is_read_shut_down: AtomicBool::new(false),
        });
        open.slots.insert(id, Arc::clone(&slot));
        self.count.store(open.slots.len(), Ordering::Relaxed);
        Ok(slot)
    }

    /// Frees the slot of a connection that has ended.
    pub(crate) fn leave(&self, slot: &Slot) {
        let mut open = self.lock();
        open.slots.remove(&slot.id);
        self.count.store(open.slots.len(), Ordering::Relaxed);
        drop(open);
        self.left.notify_all();
    }

    /// Closes the connection that has waited longest for its client, if any waits.
    pub(crate) fn evict_longest_waiting(&self) {
        self.evict(&self.lock());
    }

    /// Returns whether a connection was closed, so that a slot comes free.
    fn evict(&self, open: &Open) -> bool {
        loop {
            let longest = open
                .slots
                .values()
                .map(|slot| (slot.state.load(Ordering::SeqCst), slot))
                .filter(|(state, _)| *state < EVICTED && self.is_evictable(*state))
                .min_by_key(|(since, _)| *since);
            let Some((since, slot)) = longest else {
                // A connection that was evicted before and has not left yet frees a slot as well.
                return open.slots.values().any(|slot| slot.state.load(Ordering::SeqCst) == EVICTED);
            };
            // It may have become busy meanwhile: then it stays, and the search is repeated.
            if slot.state.compare_exchange(since, EVICTED, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                let _ = slot.stream.shutdown(Shutdown::Both);
                return true;
            }
        }
    }

    /// Whether a waiting connection may be closed: at once if it waits for a head, after
    /// [`BODY_EVICTION_MILLIS`] if it waits for a body.
    fn is_evictable(&self, state: u64) -> bool {
        state < RECEIVING_BODY || state - RECEIVING_BODY + BODY_EVICTION_MILLIS < self.now()
    }

    /// The number of open connections.
    pub(crate) fn open(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The number of connections that are in a request.
    pub(crate) fn busy(&self) -> usize {
        self.lock().slots.values().filter(|slot| slot.state.load(Ordering::Relaxed) == BUSY).count()
    }

    /// Whether three quarters of the slots are taken.
    pub(crate) fn is_scarce(&self) -> bool {
        self.count.load(Ordering::Relaxed) * 4 >= self.capacity * 3
    }

    /// The connection waits for its client from now on.
    pub(crate) fn set_waiting(&self, slot: &Slot) {
        let _ = slot.state.compare_exchange(BUSY, self.now(), Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The connection waits for a request's body from now on.
    pub(crate) fn set_receiving_body(&self, slot: &Slot) {
        let since = RECEIVING_BODY + self.now();
        let _ = slot.state.compare_exchange(BUSY, since, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The connection has a complete head, or a complete request. Returns `false` if it was evicted before.
    pub(crate) fn set_busy(&self, slot: &Slot) -> bool {
        slot.state
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |state| (state != EVICTED).then_some(BUSY))
            .is_ok()
    }

    /// Begins the stop: wakes the connections that wait for a head, by shutting down their reading. Bytes
    /// that have arrived can still be read, and an answer can still be written.
    pub(crate) fn stop(&self, now: Instant) {
        self.stopped_at.store(self.millis(now).max(1), Ordering::SeqCst);
        for slot in self.lock().slots.values() {
            if slot.state.load(Ordering::SeqCst) < RECEIVING_BODY {
                slot.is_read_shut_down.store(true, Ordering::SeqCst);
                let _ = slot.stream.shutdown(Shutdown::Read);
            }
        }
    }

    /// How long a connection is still read from during a stop: not at all if it had been idle for
    /// [`DRAIN_IDLE_MILLIS`], until [`DRAIN_BODY_TIMEOUT`] if a body was on its way, else until
    /// [`DRAIN_GRACE_PERIOD`]. `None` before a stop.
    pub(crate) fn drain_grace(&self, slot: &Slot) -> Option<Duration> {
        let stopped_at = match self.stopped_at.load(Ordering::SeqCst) {
            0 => return None,
            at => at,
        };
        let grace = match slot.state.load(Ordering::SeqCst) {
            EVICTED => Duration::ZERO,
            RECEIVING_BODY..EVICTED if !slot.is_read_shut_down.load(Ordering::SeqCst) => DRAIN_BODY_TIMEOUT,
            since if since < RECEIVING_BODY && since + DRAIN_IDLE_MILLIS < stopped_at => Duration::ZERO,
            _ => DRAIN_GRACE_PERIOD,
        };
        Some((Duration::from_millis(stopped_at) + grace).saturating_sub(self.start.elapsed()))
    }

    /// Waits until all connections have left, at most `timeout`; then cuts the others and returns their
    /// number.
    pub(crate) fn drain(&self, timeout: Duration) -> usize {
        let wait = |open, timeout| {
            self.left
                .wait_timeout_while(open, timeout, |open: &mut Open| !open.slots.is_empty())
                .unwrap_or_else(PoisonError::into_inner)
                .0
        };
        let open = wait(self.lock(), timeout);
        let aborted = open.slots.len();
        for slot in open.slots.values() {
            let _ = slot.stream.shutdown(Shutdown::Both);
        }
        drop(wait(open, LEAVE_TIMEOUT));
        aborted
    }

    fn now(&self) -> u64 {
        self.millis(Instant::now())
    }

    /// Milliseconds from the registry's start to `at`.
    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_millis()).unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // No code panics while it holds the lock; if it did, the map would still be whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
