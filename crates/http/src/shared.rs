//! The state that the accept loop and the connection threads share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::options::Options;
use crate::registry::Registry;

/// One per server.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) stopping: AtomicBool,
    pub(crate) registry: Registry,
    next_request_id: AtomicU64,
    /// See [`ServerStats::rejected_connections`](crate::ServerStats::rejected_connections).
    pub(crate) rejected_connections: AtomicU64,
    /// See [`ServerStats::malformed_requests`](crate::ServerStats::malformed_requests).
    pub(crate) malformed_requests: AtomicU64,
}

impl Shared {
    pub(crate) fn new(options: Options) -> Shared {
        Shared {
            registry: Registry::new(&options.limits),
            options,
            stopping: AtomicBool::new(false),
            next_request_id: AtomicU64::new(rand::random::<u64>() & !0xffff_ffff),
            rejected_connections: AtomicU64::new(0),
            malformed_requests: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// How long a connection may be idle at the present number of connections.
    pub(crate) fn idle_timeout(&self) -> Duration {
        let limits = &self.options.limits;
        if self.registry.is_scarce() { limits.idle_timeout_when_scarce } else { limits.idle_timeout }
    }

    /// Returns an id that no other request of this process has: random high bits, counting low bits.
    pub(crate) fn request_id(&self) -> u64 {
        self.next_request_id.fetch_add(1, Ordering::Relaxed)
    }
}
