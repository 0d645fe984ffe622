//! What the accept loop and the connections share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::options::Options;
use crate::registry::Registry;

/// What the accept loop and the connections share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) stopping: AtomicBool,
    pub(crate) registry: Registry,
    pub(crate) next_request: AtomicU64,
    /// See [`Load`].
    pub(crate) turned_away: AtomicU64,
    pub(crate) malformed: AtomicU64,
}

impl Shared {
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// How long a connection may be idle, as things stand.
    pub(crate) fn idle_time(&self) -> Duration {
        let limits = &self.options.limits;
        if self.registry.is_scarce() { limits.idle_time_when_scarce } else { limits.idle_time }
    }

    /// A number that no other request of this process has: high bits random, low bits counting.
    pub(crate) fn request_id(&self) -> u64 {
        self.next_request.fetch_add(1, Ordering::Relaxed)
    }
}
