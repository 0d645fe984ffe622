//! Statistics of a running server.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::shared::Shared;

/// Statistics of a server, from [`Server::stats`](crate::Server::stats). A clone shows the same server; its
/// counters stay readable after the server has stopped.
#[derive(Clone)]
pub struct ServerStats {
    pub(crate) shared: Arc<Shared>,
}

impl ServerStats {
    /// The number of open connections.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.shared.registry.open()
    }

    /// The number of open connections that are in a request or whose clients read its response. Takes the
    /// registry's lock and visits every connection: for a metrics page, not for each request.
    #[must_use]
    pub fn busy_connections(&self) -> usize {
        self.shared.registry.busy()
    }

    /// The number of open connections whose clients are waited for in the middle of a request: for the rest of
    /// its body, or until they have read its response. Takes the registry's lock and visits every connection.
    #[must_use]
    pub fn stalled_connections(&self) -> usize {
        self.shared.registry.stalled()
    }

    /// The largest number of open connections: [`Limits::max_connections`](crate::Limits::max_connections) as
    /// far as the file descriptors allow.
    #[must_use]
    pub fn max_connections(&self) -> usize {
        self.shared.options.limits.max_connections
    }

    /// Connections since the start that were not served because the connection limit was reached or no thread
    /// could be started. Each was answered 503 or closed.
    #[must_use]
    pub fn rejected_connections(&self) -> u64 {
        self.shared.rejected_connections.load(Ordering::Relaxed)
    }

    /// Requests since the start that were refused before the handler: malformed, too large or too slow. Each
    /// was answered with a 4xx or 5xx status.
    #[must_use]
    pub fn malformed_requests(&self) -> u64 {
        self.shared.malformed_requests.load(Ordering::Relaxed)
    }
}
