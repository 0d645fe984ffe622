//! What the operator decides, in one place, wherever it was said.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::server::Limits;

/// How the site is served.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database file.
    pub database: PathBuf,
    /// Answer `POST /benchmarking/*`.
    pub benchmarking: bool,
    /// Cookies without `Secure`, for plain HTTP.
    pub relax_ssl: bool,
    /// Peers whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// What a client may cost.
    pub limits: Limits,
}
