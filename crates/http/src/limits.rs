//! Resource limits: sizes in bytes, durations and counts, each with what happens beyond it.
//!
//! An operator may set the fields of [`Limits`]. The constants are fixed.

use std::time::Duration;

/// The limits that an operator or a test may set.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections, each with a thread; at least 1, and at most what the file descriptors allow (see
    /// [`Server::bind`](crate::Server::bind)). Beyond it the connection that has waited longest for its
    /// client is closed for the new one. When every connection is in a request, the new one is answered 503.
    pub max_connections: usize,
    /// Time from the first byte of a request to the end of its head. Beyond it: 408.
    pub head_timeout: Duration,
    /// Time from the end of the head to the end of the body. Beyond it: 408.
    pub body_timeout: Duration,
    /// Time between two requests on a connection. Beyond it the connection is closed without an answer.
    pub idle_timeout: Duration,
    /// Replaces [`idle_timeout`](Limits::idle_timeout) while three quarters of
    /// [`max_connections`](Limits::max_connections) are open.
    pub idle_timeout_when_scarce: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_connections: 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            idle_timeout_when_scarce: Duration::from_secs(2),
        }
    }
}

/// Bytes of a request line and its headers together. Beyond it: 414 while the request line has no end yet,
/// else 431 (RFC 6585 §5).
pub const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Header lines of a request. Beyond it: 431.
pub const MAX_HEADERS: usize = 64;
/// Bytes of a request body after its framing is removed. Beyond it: 413.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Bytes of one chunk's size line with its extensions, and of all trailers together. Beyond it: 400.
pub const MAX_CHUNK_LINE_BYTES: usize = 1024;

/// Time without progress while a response is written. Beyond it the connection is closed.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a whole response, so that a client that reads a byte a second does not hold a thread for ever.
/// Beyond it the connection is closed.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Time in which the server reads and discards what a client still sends after an early last answer. A close
/// with unread bytes is a reset, which can destroy the answer on its way (RFC 9112 §9.6). Beyond it the
/// connection is closed.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
/// Bytes that are discarded within [`LINGER_TIMEOUT`]. Beyond it the connection is closed.
pub const MAX_LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Time that a stop waits for open requests. Beyond it their connections are cut and counted in
/// [`Drained::aborted`](crate::Drained::aborted).
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Time that a stop waits for a request body that was on its way. Shorter than [`DRAIN_TIMEOUT`], so that the
/// answer is sent before the connections are cut. Beyond it: 408.
pub const DRAIN_BODY_TIMEOUT: Duration = Duration::from_secs(9);
/// Time that a stop still reads from a connection that was in use less than [`DRAIN_IDLE_MILLIS`] before,
/// since its next request may be on its way. Beyond it the connection is closed, after a 408 if part of a
/// head has arrived.
pub const DRAIN_GRACE_PERIOD: Duration = Duration::from_millis(500);
/// Milliseconds of idleness after which a stop closes a connection without [`DRAIN_GRACE_PERIOD`].
pub const DRAIN_IDLE_MILLIS: u64 = 1_000;

/// Milliseconds that a client has for its request's body before its connection may be closed for a new one.
/// Without it, clients that send half a request each could keep all others out.
pub const BODY_EVICTION_MILLIS: u64 = 2_000;

/// Connections that the kernel holds between two accepts. Beyond it the kernel ignores attempts to connect,
/// which clients repeat. Linux lowers it to `net.core.somaxconn`.
pub const LISTEN_BACKLOG: i32 = 1024;
/// Bytes of a connection thread's stack, which the handler runs on. Beyond it the process is aborted. It is
/// address space: only touched pages take memory. A handler that renders pages from SQLite needs a tenth.
pub const THREAD_STACK_BYTES: usize = 1024 * 1024;
/// Bytes of response buffer that an idle connection keeps for its next response. A larger buffer is freed.
pub const MAX_KEPT_BUFFER_BYTES: usize = 64 * 1024;
/// File descriptors that are left to the rest of the process when [`Limits::max_connections`] is fitted to
/// the process's limit.
pub const RESERVED_DESCRIPTORS: u64 = 64;
