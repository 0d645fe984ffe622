//! How busy a server is, for those who watch it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::shared::Shared;

/// A look at a server; it can be had as long as anybody wants it.
#[derive(Clone)]
pub struct Load {
    pub(super) shared: Arc<Shared>,
}

impl Load {
    /// Connections that are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.shared.registry.open()
    }

    /// Those of them that are in a request.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.shared.registry.busy()
    }

    /// How many there can be at once.
    #[must_use]
    pub fn most(&self) -> usize {
        self.shared.options.limits.connections
    }

    /// Newcomers that found no place, since the start.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.shared.turned_away.load(Ordering::Relaxed)
    }

    /// What was sent and was no request that could be served: damaged, too long or too slow; since the start.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.shared.malformed.load(Ordering::Relaxed)
    }
}
