//! How a server behaves, apart from its handler.

use std::net::IpAddr;

use crate::limits::Limits;
use crate::network::Network;

/// How a [`Server`](crate::Server) behaves, apart from its handler.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The resource limits.
    pub limits: Limits,
    /// Peers whose forwarding headers are believed: the handler sees the client's address in
    /// [`rouille::Request::remote_addr`] and the scheme in [`rouille::Request::is_secure`].
    ///
    /// `Forwarded` and `X-Forwarded-For`, `-Proto` and `-Host` are removed from every request, trusted or not.
    /// A request that had any of them has port 0 in `remote_addr`, so a handler can tell a direct peer from a
    /// forwarded request.
    pub trusted_proxies: Vec<Network>,
    /// The forwarding headers of trusted proxies that are believed.
    pub proxy_headers: ProxyHeaders,
}

impl Options {
    /// Whether the address is a trusted proxy's.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }
}

/// The forwarding headers that trusted proxies set. A proxy that sets one kind passes on the other as the
/// client has sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyHeaders {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, and `Forwarded` in a request that has neither. A client of a
    /// proxy that sets only `Forwarded` can then choose its address.
    #[default]
    Auto,
    /// `X-Forwarded-For` and `X-Forwarded-Proto` only.
    XForwarded,
    /// `Forwarded` (RFC 7239) only.
    Forwarded,
}
