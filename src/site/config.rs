//! The operator's settings, from flags, environment and defaults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lorem_http::{Limits, Network, ProxyHeaders};

use super::origin::Origin;
use super::rate_limits::RateLimits;
use super::settings::Setting;
use super::settings::logo::LogoFile;
use super::smtp::Smtp;
use crate::file_mode::FileMode;
use crate::page_title::AddressPolicy;
use crate::replica;

/// The default of [`Config::cache_mb`].
pub const DEFAULT_CACHE_MB: u32 = 64;

/// The default of [`Config::title_hours`], as on Hacker News.
pub const DEFAULT_TITLE_HOURS: u32 = 2;
/// The greatest number of [`Config::title_hours`]: more than a century.
pub const MAX_TITLE_HOURS: u32 = 1_000_000;

/// How the site is served.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The settings that admins cannot change, since a flag or a variable has fixed them.
    pub fixed_settings: Vec<(Setting, String)>,
    /// The logo that admins cannot change.
    pub fixed_logo: Option<LogoFile>,
    /// The database file.
    pub database: PathBuf,
    /// The mode of its files.
    pub file_mode: FileMode,
    /// Serve `POST /benchmarking/*`.
    pub benchmarking: bool,
    /// Set cookies without `Secure`, for plain HTTP.
    pub relax_ssl: bool,
    /// The site's address; `None`: that of each request's `Host` header.
    pub base_url: Option<Origin<'static>>,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The forwarding headers that are believed.
    pub proxy_headers: ProxyHeaders,
    /// The HTTP server's limits.
    pub limits: Limits,
    /// The rate limits; `None`: no limits.
    pub rates: Option<RateLimits>,
    /// Days without use after which a session is removed.
    pub session_days: u32,
    /// Serve `/metrics` to all clients, not only to those on this machine.
    pub metrics: bool,
    /// Log requests and statements that take at least this long; `None`: none.
    pub slow: Option<Duration>,
    /// Send the `Server-Timing` header with pages.
    pub server_timing: bool,
    /// The megabytes (of 1,000,000 bytes) of pages that are kept; 0: none are.
    pub cache_mb: u32,
    /// The mail server; `None`: the site sends no mail.
    pub smtp: Option<Smtp>,
    /// Hours after its creation in which the author of a post may change its title and link; 0: never.
    pub title_hours: u32,
    /// The addresses from which titles of linked pages may be fetched; `None`: none are fetched.
    pub fetch_titles: Option<AddressPolicy>,
    /// The replica, if there is one.
    pub replica: Option<replica::settings::Settings>,
}

impl Config {
    /// The configuration for tests and benchmarks on this machine: benchmarking endpoints and plain HTTP, no
    /// rate limits, no time limit for titles, no logging of slow requests, no replica.
    #[must_use]
    pub fn local(database: PathBuf, listen: SocketAddr) -> Config {
        Config {
            listen,
            fixed_settings: Vec::new(),
            fixed_logo: None,
            database,
            file_mode: FileMode::PRIVATE,
            benchmarking: true,
            relax_ssl: true,
            base_url: None,
            trusted_proxies: Vec::new(),
            proxy_headers: ProxyHeaders::default(),
            limits: Limits::default(),
            rates: None,
            session_days: 90,
            metrics: false,
            slow: None,
            server_timing: false,
            cache_mb: DEFAULT_CACHE_MB,
            smtp: None,
            title_hours: MAX_TITLE_HOURS,
            fetch_titles: None,
            replica: None,
        }
    }
}
