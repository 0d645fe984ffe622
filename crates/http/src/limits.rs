//! What one client may cost: the sizes, times and numbers, each with what happens beyond it.

use std::time::Duration;

/// Limits that an operator or a test may want to change; the rest of this module is fixed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once, each with a thread. Beyond it the one that has waited longest for its
    /// client is closed for the newcomer; when all are in a request, the newcomer gets 503.
    pub connections: usize,
    /// From the first byte of a request to the end of its headers; beyond it 408.
    pub head_time: Duration,
    /// From the end of the headers to the end of the body; beyond it 408.
    pub body_time: Duration,
    /// Between two requests on one connection; beyond it the connection is closed.
    pub idle_time: Duration,
    /// The same when three quarters of the connections are taken.
    pub idle_time_when_scarce: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 1024,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            idle_time_when_scarce: Duration::from_secs(2),
        }
    }
}

/// Request line and headers together, in bytes; beyond it 414 (no end of the request line yet) or 431.
pub const HEAD: usize = 16 * 1024;
/// Header lines; beyond it 431.
pub const HEADERS: usize = 64;
/// Request body in bytes, however it is framed; beyond it 413.
pub const BODY: usize = 1024 * 1024;
/// One line of chunked framing (size and extensions), and all trailers together, in bytes; beyond it 400.
pub const CHUNK_LINE: usize = 1024;

/// Without progress while a response is written; beyond it the connection is closed.
pub const WRITE_TIME: Duration = Duration::from_secs(10);
/// A whole response, so that a client who reads a byte a second does not hold a thread for ever.
pub const RESPONSE_TIME: Duration = Duration::from_secs(30);
/// After an early answer the rest of what the client sends is read and thrown away for so long, and
/// up to [`LINGER_BYTES`]: a close with unread bytes is a reset, which can destroy the answer on its way.
pub const LINGER: Duration = Duration::from_secs(1);
/// See [`LINGER`].
pub const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// How long a stop waits for requests in flight.
pub const DRAIN: Duration = Duration::from_secs(10);
/// How long a stop goes on listening on a connection that was in use a moment ago, whose next
/// request may be on its way.
pub const DRAIN_GRACE: Duration = Duration::from_millis(500);

/// Newcomers that the system holds for us between two accepts.
pub const BACKLOG: i32 = 1024;
/// A connection thread's stack in bytes: SQLite and the views need a tenth of it. It is address
/// space, not memory: only pages that are touched count.
pub const STACK: usize = 1024 * 1024;
/// The response buffer that an idle connection keeps, in bytes.
pub const KEPT_BUFFER: usize = 64 * 1024;

/// As many of the `wanted` connections as there are file descriptors for, after raising the soft
/// limit as far as the system lets us (often 1,024 by default). 64 stay for the database and the rest.
pub(super) fn affordable(wanted: usize) -> usize {
    const OTHERS: u64 = 64;
    let wanted = wanted.max(1);
    match rlimit::increase_nofile_limit(wanted as u64 + OTHERS) {
        Ok(descriptors) => {
            let affordable = descriptors.saturating_sub(OTHERS).max(1);
            let affordable = usize::try_from(affordable).unwrap_or(usize::MAX);
            if affordable < wanted {
                log::warn!("{descriptors} file descriptors allow {affordable} connections, not {wanted}");
            }
            wanted.min(affordable)
        }
        Err(error) => {
            log::warn!("the limit of file descriptors is unknown: {error}");
            wanted
        }
    }
}
