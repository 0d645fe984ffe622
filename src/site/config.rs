//! What the operator decides, in one place, wherever it was said.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::limiter::RateLimits;
use super::origin::Origin;
use crate::replica;
use lorem_http::Limits;

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
    /// The site's own address; `None`: what each request was sent to.
    pub base_url: Option<Origin<'static>>,
    /// Peers whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// What a client may cost.
    pub limits: Limits,
    /// How often one may do what; `None`: as often as one likes.
    pub rates: Option<RateLimits>,
    /// Sign-ins that were not used for so many days are forgotten.
    pub session_days: u32,
    /// Show `/metrics` to everybody, not only to who asks from this machine.
    pub metrics: bool,
    /// Requests and statements that take so long are logged; `None`: none is.
    pub slow: Option<Duration>,
    /// Tell browsers where the time of a page went.
    pub server_timing: bool,
    /// Where the database is replicated to, if anywhere.
    pub replica: Option<replica::settings::Settings>,
}

impl Config {
    /// A site that is tried on this machine, by programs: benchmarking and plain HTTP, without rate limits,
    /// and with nothing that only people need.
    #[must_use]
    pub fn local(database: PathBuf, listen: SocketAddr) -> Config {
        Config {
            listen,
            database,
            benchmarking: true,
            relax_ssl: true,
            base_url: None,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            rates: None,
            session_days: 90,
            metrics: false,
            slow: None,
            server_timing: false,
            replica: None,
        }
    }
}
