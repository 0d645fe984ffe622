//! The choice of the connection that is closed for another one.
//!
//! A thread that waits for its client can be taken back; one that works on a request cannot. Clients that send or
//! read next to nothing may hold a share of the connections, [`BODY_SHARE`] and [`READER_SHARE`], so that the
//! rest is left to clients that have just come, however fast the slow ones arrive.

use crate::limits::{BODY_SHARE, EVICTION_MILLIS, IDLE_MILLIS, READER_SHARE};
use crate::slot::{State, Wait};

/// The number of connections that wait for a body or for a reader.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Waiting {
    bodies: usize,
    readers: usize,
}

impl Waiting {
    pub(crate) fn count(states: impl Iterator<Item = State>) -> Waiting {
        let mut waiting = Waiting::default();
        for state in states {
            match state {
                State::Waiting(Wait::Body, _) => waiting.bodies += 1,
                State::Waiting(Wait::Reader, _) => waiting.readers += 1,
                _ => {}
            }
        }
        waiting
    }

    /// Whether more connections than their share of `capacity` wait for this. Heads have no share: a connection
    /// that waits for one is closed without harm.
    pub(crate) fn exceeds_share(self, wait: Wait, capacity: usize) -> bool {
        match wait {
            Wait::Head | Wait::Stream => false,
            Wait::Body => self.bodies > (capacity / BODY_SHARE).max(1),
            Wait::Reader => self.readers > (capacity / READER_SHARE).max(1),
        }
    }
}

/// The order in which connections are closed when all are in use, the smallest first. `None`: it may not be
/// closed. `now` is in milliseconds from the registry's start, as the times of states are.
///
/// 1. beyond their share: the body or reader that has been waited for longest;
/// 2. idle for [`IDLE_MILLIS`], which costs the client nothing, and one that listens to a stream a new connection;
/// 3. a body or reader without progress for [`EVICTION_MILLIS`];
/// 4. idle for a shorter time: the client's request may be on its way.
pub(crate) fn rank(state: State, waiting: Waiting, capacity: usize, now: u64) -> Option<(u8, u64)> {
    let State::Waiting(wait, since) = state else {
        return None;
    };
    let waited = now.saturating_sub(since);
    let class = match wait {
        _ if waiting.exceeds_share(wait, capacity) => 1,
        Wait::Head | Wait::Stream if waited >= IDLE_MILLIS => 2,
        Wait::Body | Wait::Reader if waited >= EVICTION_MILLIS => 3,
        Wait::Head | Wait::Stream => 4,
        Wait::Body | Wait::Reader => return None,
    };
    Some((class, since))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 100_000;

    fn waiting(wait: Wait, millis: u64) -> State {
        State::Waiting(wait, NOW - millis)
    }

    /// The place of the connection that is closed first.
    fn first(states: &[State], capacity: usize) -> Option<usize> {
        let counts = Waiting::count(states.iter().copied());
        let ranked = states.iter().enumerate();
        let ranked = ranked.filter_map(|(place, state)| Some((rank(*state, counts, capacity, NOW)?, place)));
        ranked.min().map(|(_, place)| place)
    }

    #[test]
    fn the_connection_that_has_waited_longest_is_closed_first() {
        let idle = [waiting(Wait::Head, 10), waiting(Wait::Head, 30), State::Busy, waiting(Wait::Head, 20)];
        assert_eq!(first(&idle, 100), Some(1));
        assert_eq!(first(&[State::Busy, State::Evicted], 100), None);
    }

    #[test]
    fn a_slow_client_has_its_time_and_is_closed_after_the_idle_and_before_the_new() {
        for slow in [Wait::Body, Wait::Reader] {
            assert_eq!(first(&[waiting(slow, EVICTION_MILLIS - 1)], 100), None, "{slow:?}");
            assert_eq!(first(&[waiting(slow, EVICTION_MILLIS)], 100), Some(0), "{slow:?}");
            let idle = [waiting(slow, EVICTION_MILLIS), waiting(Wait::Head, IDLE_MILLIS)];
            assert_eq!(first(&idle, 100), Some(1), "{slow:?}");
            let new = [waiting(Wait::Head, IDLE_MILLIS - 1), waiting(slow, EVICTION_MILLIS)];
            assert_eq!(first(&new, 100), Some(1), "{slow:?}");
        }
    }

    #[test]
    fn beyond_their_share_the_slow_are_closed_first_and_at_once() {
        for (slow, share) in [(Wait::Body, 100 / BODY_SHARE), (Wait::Reader, 100 / READER_SHARE)] {
            let mut states = vec![waiting(Wait::Head, 60_000)];
            states.extend((0..share).map(|number| waiting(slow, number as u64)));
            assert_eq!(first(&states, 100), Some(0), "{slow:?}: the share is not exceeded");
            states.push(waiting(slow, 0));
            assert_eq!(first(&states, 100), Some(share), "{slow:?}: the longest of them");
        }
    }

    #[test]
    fn a_server_with_few_connections_leaves_one_to_the_slow() {
        assert_eq!(first(&[waiting(Wait::Body, 0)], 1), None);
        assert_eq!(first(&[waiting(Wait::Body, 0), waiting(Wait::Body, 5)], 3), Some(1));
    }
}
