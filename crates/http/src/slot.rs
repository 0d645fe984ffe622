//! One open connection, as other threads see it: for what its thread waits, and since when.

use std::net::{IpAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// One connection: its socket, and whether it may be closed for a new one.
pub(crate) struct Slot {
    pub(crate) id: u64,
    pub(crate) stream: TcpStream,
    /// The network to which [`Limits::connections_per_address`](crate::Limits::connections_per_address) applies;
    /// `None`: it does not apply.
    pub(crate) network: Option<IpAddr>,
    /// A [`State`] in one number.
    state: AtomicU64,
    /// Bytes of a request's body or of a response that are in memory because the client is waited for.
    pub(crate) held: AtomicUsize,
    /// It ends with the response that it sends. The client may have read that, and be back, before its thread has
    /// left.
    pub(crate) is_ending: AtomicBool,
    /// A stop has shut down its reading, so the end of its stream does not mean that the client has closed.
    pub(crate) is_read_shut_down: AtomicBool,
}

/// What a connection's thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It works on a request, which will be answered.
    Busy,
    /// It waits for its client since this number of milliseconds from the registry's start, or since its client's
    /// last progress.
    Waiting(Wait, u64),
    /// It was closed for another connection, and ends.
    Evicted,
}

/// That for which a thread waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A request's head.
    Head,
    /// A request's body.
    Body,
    /// That the client reads: a response, or `100 Continue`.
    Reader,
    /// Something to send to a client that listens.
    Stream,
}

const BUSY: u64 = u64::MAX;
const EVICTED: u64 = u64::MAX - 1;
/// The bits of the time; above them is the kind of wait.
const TIME_BITS: u32 = 60;

impl State {
    fn encode(self) -> u64 {
        match self {
            State::Busy => BUSY,
            State::Evicted => EVICTED,
            State::Waiting(wait, since) => (wait as u64) << TIME_BITS | since,
        }
    }

    fn decode(number: u64) -> State {
        let wait = match number >> TIME_BITS {
            0 => Wait::Head,
            1 => Wait::Body,
            2 => Wait::Reader,
            3 => Wait::Stream,
            _ if number == EVICTED => return State::Evicted,
            _ => return State::Busy,
        };
        State::Waiting(wait, number & ((1 << TIME_BITS) - 1))
    }
}

impl Slot {
    /// A new connection, which waits for its first head since `now`.
    pub(crate) fn new(id: u64, stream: TcpStream, network: Option<IpAddr>, now: u64) -> Slot {
        Slot {
            id,
            stream,
            network,
            state: AtomicU64::new(State::Waiting(Wait::Head, now).encode()),
            held: AtomicUsize::new(0),
            is_ending: AtomicBool::new(false),
            is_read_shut_down: AtomicBool::new(false),
        }
    }

    pub(crate) fn state(&self) -> State {
        State::decode(self.state.load(Ordering::SeqCst))
    }

    pub(crate) fn is_evicted(&self) -> bool {
        self.state() == State::Evicted
    }

    /// Changes `from` into `to`. Returns `false`, and changes nothing, if the state is another one.
    pub(crate) fn change(&self, from: State, to: State) -> bool {
        self.state.compare_exchange(from.encode(), to.encode(), Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Sets the state, unless the connection was evicted. Returns whether it was set.
    pub(crate) fn set(&self, to: State) -> bool {
        let set = |state| (state != EVICTED).then_some(to.encode());
        self.state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, set).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_its_number() {
        for state in [
            State::Busy,
            State::Evicted,
            State::Waiting(Wait::Head, 0),
            State::Waiting(Wait::Body, 7),
            State::Waiting(Wait::Reader, (1 << TIME_BITS) - 1),
            State::Waiting(Wait::Stream, 7),
        ] {
            assert_eq!(State::decode(state.encode()), state);
        }
    }
}
