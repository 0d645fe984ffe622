//! The open connections, and the choice of the one that is closed when the connection limit is reached.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::eviction::{Waiting, rank};
use crate::limits::{
    DRAIN_BODY_TIMEOUT, DRAIN_GRACE_PERIOD, DRAIN_IDLE_MILLIS, IDLE_MILLIS, Limits, MAX_HELD_BYTES,
};
use crate::slot::{Slot, State, Wait};

/// Time in which the thread of a closed connection must leave; it usually takes microseconds, since the close
/// ends its read or write. Beyond it a new connection is rejected, and a drain returns without waiting further.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// All open connections, at most `capacity` of them.
pub(crate) struct Registry {
    capacity: usize,
    /// See [`Limits::connections_per_address`].
    per_address: usize,
    start: Instant,
    open: Mutex<Open>,
    /// The number of open connections, outside the lock because every request reads it.
    count: AtomicUsize,
    /// The sum of the slots' `held`, see [`MAX_HELD_BYTES`].
    held: AtomicUsize,
    left: Condvar,
    /// Milliseconds from `start` to the beginning of the stop; 0 before it.
    stopped_at: AtomicU64,
}

struct Open {
    slots: HashMap<u64, Arc<Slot>>,
    next_id: u64,
}

impl Registry {
    pub(crate) fn new(limits: &Limits) -> Registry {
        let capacity = limits.max_connections;
        Registry {
            capacity,
            per_address: limits.per_address(),
            start: Instant::now(),
            open: Mutex::new(Open { slots: HashMap::with_capacity(capacity.min(1024)), next_id: 0 }),
            count: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            left: Condvar::new(),
            stopped_at: AtomicU64::new(0),
        }
    }

    /// Returns a slot for the new connection from `network` (`None`: it has no limit of its own), if necessary
    /// that of a connection that waits for its client.
    ///
    /// # Errors
    /// Returns the stream when every other connection is in a request.
    pub(crate) fn admit(&self, stream: TcpStream, network: Option<IpAddr>) -> Result<Arc<Slot>, TcpStream> {
        let mut open = self.lock();
        let mut has_evicted = false;
        if network.is_some() && self.is_scarce() && open.of(network) >= self.per_address {
            let (now, is_full) = (self.now(), open.slots.len() >= self.capacity);
            // While slots are free, a connection of a moment ago stays: its request may be on the way.
            has_evicted = self.evict(&open, |slot, state| {
                let is_old = |since: &u64| is_full || now.saturating_sub(*since) >= IDLE_MILLIS;
                since(state).filter(is_old).filter(|_| slot.network == network)
            });
            if !has_evicted && is_full {
                return Err(stream);
            }
        }
        while open.slots.len() >= self.capacity {
            if !has_evicted && !self.evict_any(&open) {
                return Err(stream);
            }
            has_evicted = false;
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
        let slot = Arc::new(Slot::new(id, stream, network, self.now()));
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
        self.release(slot);
        self.left.notify_all();
    }

    /// Closes a connection that waits for its client, if any waits.
    pub(crate) fn evict_longest_waiting(&self) {
        self.evict_any(&self.lock());
    }

    /// Closes the first connection by [`rank`]. Returns whether a slot comes free.
    fn evict_any(&self, open: &Open) -> bool {
        let waiting = Waiting::count(open.states());
        let now = self.now();
        // A connection that was evicted before and has not left yet frees a slot as well.
        self.evict(open, |_, state| rank(state, waiting, self.capacity, now))
            || open.states().any(|state| state == State::Evicted)
    }

    /// Closes the connection for which `order` is smallest. Returns `false` if it is `None` for all.
    fn evict<K: Ord>(&self, open: &Open, order: impl Fn(&Slot, State) -> Option<K>) -> bool {
        loop {
            let ordered = open.slots.values().filter_map(|slot| {
                let state = slot.state();
                Some((order(slot, state)?, state, slot))
            });
            let Some((_, state, slot)) = ordered.min_by(|(one, ..), (other, ..)| one.cmp(other)) else {
                return false;
            };
            // Its state may have changed meanwhile: then it stays, and the search is repeated.
            if slot.change(state, State::Evicted) {
                self.release(slot);
                // Its thread can still answer a client that has received nothing of an answer.
                let is_answered = matches!(state, State::Waiting(Wait::Reader | Wait::Stream, _));
                let half = if is_answered { Shutdown::Both } else { Shutdown::Read };
                let _ = slot.stream.shutdown(half);
                return true;
            }
        }
    }

    /// The number of open connections.
    pub(crate) fn open(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The number of connections that are in a request, or whose clients read a response.
    pub(crate) fn busy(&self) -> usize {
        let is_busy = |state: &State| matches!(state, State::Busy | State::Waiting(Wait::Reader, _));
        self.lock().states().filter(is_busy).count()
    }

    /// The number of connections that wait for a body or a reader.
    pub(crate) fn stalled(&self) -> usize {
        let is_stalled = |state: &State| matches!(state, State::Waiting(Wait::Body | Wait::Reader, _));
        self.lock().states().filter(is_stalled).count()
    }

    /// Whether three quarters of the slots are taken.
    pub(crate) fn is_scarce(&self) -> bool {
        self.count.load(Ordering::Relaxed) * 4 >= self.capacity * 3
    }

    /// The connection waits for the head of a request from now on.
    pub(crate) fn set_waiting(&self, slot: &Slot) {
        slot.change(State::Busy, State::Waiting(Wait::Head, self.now()));
    }

    /// The connection waits for a body or a reader from now on, unless it does already. While connections are
    /// scarce and too many wait for this, the one that has waited longest is closed.
    pub(crate) fn begin_wait(&self, slot: &Slot, wait: Wait) {
        if !slot.change(State::Busy, State::Waiting(wait, self.now())) || !self.is_scarce() {
            return;
        }
        let open = self.lock();
        if Waiting::count(open.states()).exceeds_share(wait, self.capacity) {
            self.evict(&open, |other, state| match state {
                State::Waiting(kind, since) if kind == wait && other.id != slot.id => Some(since),
                _ => None,
            });
        }
    }

    /// The client has made progress, see [`PROGRESS_BYTES`](crate::limits::PROGRESS_BYTES).
    pub(crate) fn set_progress(&self, slot: &Slot, wait: Wait) {
        slot.set(State::Waiting(wait, self.now()));
    }

    /// Counts bytes that the connection keeps because it waits for its client. If all connections keep too many,
    /// others are closed, those first that have waited longest.
    pub(crate) fn hold(&self, slot: &Slot, bytes: usize) {
        // The sum first: an eviction between the two additions must not subtract what is not in it.
        let total = self.held.fetch_add(bytes, Ordering::SeqCst) + bytes;
        slot.held.fetch_add(bytes, Ordering::SeqCst);
        if total <= MAX_HELD_BYTES {
            return;
        }
        let open = self.lock();
        let keeps = |other: &Slot| other.id != slot.id && other.held.load(Ordering::SeqCst) > 0;
        while self.held.load(Ordering::SeqCst) > MAX_HELD_BYTES
            && self.evict(&open, |other, state| since(state).filter(|_| keeps(other)))
        {}
    }

    /// The connection has freed the bytes that it [held](Registry::hold).
    fn release(&self, slot: &Slot) {
        if slot.held.load(Ordering::Relaxed) > 0 {
            self.held.fetch_sub(slot.held.swap(0, Ordering::SeqCst), Ordering::SeqCst);
        }
    }

    /// The connection has a complete head or a complete request, or its client has read a response. Returns
    /// `false` if it was evicted before.
    pub(crate) fn set_busy(&self, slot: &Slot) -> bool {
        self.release(slot);
        slot.set(State::Busy)
    }

    /// Begins the stop: wakes the connections that wait for a head, by shutting down their reading. Bytes
    /// that have arrived can still be read, and an answer can still be written.
    pub(crate) fn stop(&self, now: Instant) {
        self.stopped_at.store(self.millis(now).max(1), Ordering::SeqCst);
        for slot in self.lock().slots.values() {
            if matches!(slot.state(), State::Waiting(Wait::Head, _)) {
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
        let grace = match slot.state() {
            State::Evicted => Duration::ZERO,
            State::Waiting(Wait::Body, _) if !slot.is_read_shut_down.load(Ordering::SeqCst) => {
                DRAIN_BODY_TIMEOUT
            }
            State::Waiting(Wait::Head, since) if since + DRAIN_IDLE_MILLIS < stopped_at => Duration::ZERO,
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

impl Open {
    fn states(&self) -> impl Iterator<Item = State> {
        self.slots.values().map(|slot| slot.state())
    }

    /// The number of connections from the network, without those that are about to leave.
    fn of(&self, network: Option<IpAddr>) -> usize {
        let is_leaving = |slot: &Slot| match slot.state() {
            State::Evicted => true,
            State::Busy => slot.is_ending.load(Ordering::Relaxed),
            State::Waiting(..) => false,
        };
        self.slots.values().filter(|slot| slot.network == network && !is_leaving(slot)).count()
    }
}

/// The time since which the connection waits for its client.
fn since(state: State) -> Option<u64> {
    match state {
        State::Waiting(_, since) => Some(since),
        State::Busy | State::Evicted => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A registry, and connections to it whose slots leave when the test says so.
    struct Crowd {
        registry: Registry,
        listener: TcpListener,
        clients: Vec<TcpStream>,
    }

    impl Crowd {
        fn new(max_connections: usize) -> Crowd {
            let limits = Limits { max_connections, ..Limits::default() };
            let listener = TcpListener::bind("127.0.0.1:0").expect("port 0 is free");
            Crowd { registry: Registry::new(&limits), listener, clients: Vec::new() }
        }

        /// A connection that pretends to be from this address.
        fn admit(&mut self, network: Option<&str>) -> Option<Arc<Slot>> {
            let address = self.listener.local_addr().expect("it is bound");
            self.clients.push(TcpStream::connect(address).expect("the listener accepts"));
            let (stream, _) = self.listener.accept().expect("a client has connected");
            let network = network.map(|text| text.parse().expect("an address"));
            self.registry.admit(stream, network).ok()
        }

        /// A connection that waits, after every other that waits by the registry's clock.
        fn waiting(&mut self, network: Option<&str>, wait: Wait) -> Arc<Slot> {
            let slot = self.admit(network).expect("there is a free slot");
            let before = self.registry.now();
            while self.registry.now() == before {
                thread::yield_now();
            }
            assert!(self.registry.set_busy(&slot));
            match wait {
                Wait::Head => self.registry.set_waiting(&slot),
                _ => self.registry.begin_wait(&slot, wait),
            }
            slot
        }

        fn busy(&mut self, network: Option<&str>) -> Arc<Slot> {
            let slot = self.admit(network).expect("there is a free slot");
            assert!(self.registry.set_busy(&slot));
            slot
        }
    }

    const NONE: [usize; 0] = [];

    fn evicted(slots: &[Arc<Slot>]) -> Vec<usize> {
        (0..slots.len()).filter(|place| slots[*place].is_evicted()).collect()
    }

    #[test]
    fn while_connections_are_scarce_an_address_beyond_its_quarter_loses_its_own_slowest() {
        let mut crowd = Crowd::new(16);
        crowd.registry.start -= Duration::from_secs(10);
        let greedy = Some("203.0.113.7");
        let mut slots: Vec<_> = (0..6).map(|_| crowd.waiting(greedy, Wait::Head)).collect();
        assert_eq!(evicted(&slots), NONE, "connections are not scarce");
        let others: Vec<_> = (0..6).map(|_| crowd.waiting(Some("203.0.113.8"), Wait::Head)).collect();
        slots.push(crowd.admit(greedy).expect("there is a free slot"));
        assert_eq!(evicted(&slots), NONE, "the requests of the others may be on their way");
        for (wait, place, since) in [(Wait::Head, 2, 3), (Wait::Reader, 3, 2), (Wait::Body, 4, 4)] {
            slots[place].set(State::Waiting(wait, since));
        }
        slots.push(crowd.admit(greedy).expect("it takes the place of its own"));
        assert_eq!((evicted(&slots), evicted(&others)), (vec![3], vec![]));
        crowd.admit(Some("203.0.113.9")).expect("an address within its quarter loses none");
        assert_eq!((evicted(&slots), evicted(&others)), (vec![3], vec![]));
    }

    #[test]
    fn a_client_that_is_back_before_its_last_connection_has_left_is_no_further_one() {
        let mut crowd = Crowd::new(4);
        let address = Some("203.0.113.7");
        let ending = crowd.busy(address);
        ending.is_ending.store(true, Ordering::Relaxed);
        let others = ["203.0.113.8", "203.0.113.9"].map(|other| crowd.waiting(Some(other), Wait::Head));
        let back = crowd.waiting(address, Wait::Head);
        crowd.registry.leave(&others[0]);
        assert_eq!((crowd.registry.lock().of(back.network), evicted(&[back])), (1, vec![]));
    }

    #[test]
    fn at_the_limit_an_address_beyond_its_quarter_is_refused_if_all_its_connections_are_busy() {
        let mut crowd = Crowd::new(4);
        let busy: Vec<_> = (0..2).map(|_| crowd.busy(Some("203.0.113.7"))).collect();
        let others = ["203.0.113.8", "203.0.113.9"].map(|other| crowd.waiting(Some(other), Wait::Head));
        assert!(crowd.admit(Some("203.0.113.7")).is_none());
        assert_eq!((evicted(&busy), evicted(&others)), (vec![], vec![]));
    }

    #[test]
    fn this_machine_and_proxies_have_no_limit_of_their_own() {
        let mut crowd = Crowd::new(16);
        let slots: Vec<_> = (0..16).map(|_| crowd.waiting(None, Wait::Head)).collect();
        assert_eq!(evicted(&slots), NONE);
    }

    #[test]
    fn while_connections_are_scarce_the_slowest_beyond_the_share_is_closed() {
        for (wait, share) in [(Wait::Body, 4), (Wait::Reader, 8)] {
            let mut crowd = Crowd::new(16);
            let busy: Vec<_> = (0..12 - share).map(|_| crowd.busy(None)).collect();
            let mut slow: Vec<_> = (0..share).map(|_| crowd.waiting(None, wait)).collect();
            assert_eq!(evicted(&slow), NONE, "{wait:?}");
            crowd.registry.set_progress(&slow[0], wait);
            slow.push(crowd.waiting(None, wait));
            assert_eq!((evicted(&slow), evicted(&busy)), (vec![1], vec![]), "{wait:?}");
        }
    }

    #[test]
    fn while_connections_are_plentiful_any_number_is_waited_for() {
        let mut crowd = Crowd::new(16);
        let mut slow: Vec<_> = (0..11).map(|_| crowd.waiting(None, Wait::Body)).collect();
        assert_eq!(evicted(&slow), NONE);
        slow.push(crowd.waiting(None, Wait::Body));
        assert_eq!(evicted(&slow), [0], "three quarters of the connections are taken");
    }

    #[test]
    fn held_bytes_have_a_bound_for_all_connections_together() {
        let mut crowd = Crowd::new(100);
        let slots: Vec<_> = (0..10).map(|_| crowd.waiting(None, Wait::Reader)).collect();
        for slot in &slots[..4] {
            crowd.registry.hold(slot, MAX_HELD_BYTES / 4);
        }
        assert_eq!(evicted(&slots), NONE, "the bound is reached, not exceeded");
        crowd.registry.set_busy(&slots[0]);
        crowd.registry.hold(&slots[4], MAX_HELD_BYTES / 2);
        assert_eq!(evicted(&slots), [1], "the slowest goes, as far as necessary");
        crowd.registry.hold(&slots[5], MAX_HELD_BYTES * 2);
        assert_eq!(evicted(&slots), [1, 2, 3, 4], "those without bytes stay, and so does the last");
        slots.iter().for_each(|slot| crowd.registry.leave(slot));
        assert_eq!(crowd.registry.held.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn an_evicted_sender_can_still_be_answered() {
        let mut crowd = Crowd::new(1);
        let slot = crowd.waiting(None, Wait::Body);
        assert!(crowd.registry.evict(&crowd.registry.lock(), |_, state| since(state)));
        assert!(!crowd.registry.set_busy(&slot));
        crate::overload::answer(&slot.stream);
        crowd.registry.leave(&slot);
        drop(slot);
        let mut received = String::new();
        crowd.clients[0].read_to_string(&mut received).expect("a close, not a reset");
        assert!(received.starts_with("HTTP/1.1 503 "), "{received}");
    }
}
