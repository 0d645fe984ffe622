//! Resource limits: sizes in bytes, durations and counts, each with what happens beyond it.
//!
//! An operator may set the fields of [`Limits`]. The constants are fixed.

use std::time::Duration;

/// The limits that an operator or a test may set.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections, each with a thread; at least 1, and at most what the file descriptors allow (see
    /// [`Server::bind`](crate::Server::bind)). Beyond it a connection that waits for its client is closed for
    /// the new one, see [`BODY_SHARE`] and [`EVICTION_MILLIS`]. When every connection is in a request, the new
    /// one is answered 503.
    pub max_connections: usize,
    /// Connections of one IPv4 address, or of one IPv6 /64, while three quarters of
    /// [`max_connections`](Limits::max_connections) are open; `None`: a quarter of them. Beyond it that
    /// address's connection that has waited longest for its client is closed for its new one. It applies neither
    /// to this machine nor to trusted proxies.
    pub connections_per_address: Option<usize>,
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

impl Limits {
    /// [`connections_per_address`](Limits::connections_per_address) as a number, at least 1.
    #[must_use]
    pub fn per_address(&self) -> usize {
        self.connections_per_address.unwrap_or(self.max_connections / 4).max(1)
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_connections: 1024,
            connections_per_address: None,
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

/// Milliseconds without progress, see [`PROGRESS_BYTES`], after which a connection that waits for a request's
/// body, or for a client that reads a response, may be closed for a new one. Without it, clients that send half a
/// request each, or read a byte a second, could keep all others out.
pub const EVICTION_MILLIS: u64 = 2_000;
/// Bytes that are progress: of a body that arrive, or of a response that the system takes. A client that needs
/// longer than [`EVICTION_MILLIS`] for them, 8 KiB/s, stands still. A byte is no progress, since a client that
/// reads one now and then costs a thread as well; a mobile connection of the second generation has some 10 KiB/s.
pub const PROGRESS_BYTES: usize = 16 * 1024;
/// The time after which a waiting write returns, so that the bytes taken until then count as progress.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);
/// The fraction of the connections that may wait for bodies, 1/4, while connections are scarce. Beyond it the one
/// that has waited longest is closed, after a 503. Most bodies arrive with their heads and are never waited for.
/// With [`READER_SHARE`] it leaves a quarter of the connections to clients that have just come.
pub const BODY_SHARE: usize = 4;
/// The fraction of the connections that may wait for clients that read, 1/2, while connections are scarce. Beyond
/// it the one without progress for the longest time is reset. A response of 40 KB needs no waiting: the system
/// takes it whole.
pub const READER_SHARE: usize = 2;
/// Milliseconds without a request after which an idle connection is closed before clients that stand still.
/// Before that the client's request may be on its way: a second is several times the way round the world.
pub const IDLE_MILLIS: u64 = 1_000;
/// Bytes of bodies and responses of all connections together that are in memory because a client is waited for.
/// Beyond it the connection with such bytes and the longest time without progress is closed, scarce or not. It is a
/// hundred responses of half a megabyte.
pub const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;

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
