//! How a server behaves, apart from its handler.

use std::net::IpAddr;

use crate::limits::Limits;

/// How a [`Server`](crate::Server) behaves, apart from its handler.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The resource limits.
    pub limits: Limits,
    /// Peers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: the handler sees the client's
    /// address in [`rouille::Request::remote_addr`] and the scheme in [`rouille::Request::is_secure`].
    ///
    /// `X-Forwarded-For`, `-Proto` and `-Host` are removed from every request, trusted or not. A request
    /// that had any of them has port 0 in `remote_addr`, so a handler can tell a direct peer from a forwarded
    /// request.
    pub trusted_proxies: Vec<IpAddr>,
}
