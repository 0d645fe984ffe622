//! How a server behaves, apart from what it serves.

use std::net::IpAddr;

use crate::limits::Limits;

/// How a [`Server`] behaves, apart from what it serves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What a client may cost.
    pub limits: Limits,
    /// Peers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. The handler sees neither these
    /// headers nor anybody else's: it sees the client's address, with port 0 where the request was said to come
    /// from somebody else than the peer, whoever said so.
    pub trusted_proxies: Vec<IpAddr>,
}
