//! `lorem-news serve` and `demo`: the server.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum, value_parser};
use lettre::message::Mailbox;
use lorem_http::{Limits, Network, ProxyHeaders};

use super::database::DatabaseOption;
use super::environment;
use super::interval::{Interval, Milliseconds};
use super::output;
use super::rate_limits::RateLimitOptions;
use super::replica_options::ReplicaOptions;
use super::seed::SeedOptions;
use super::settings::SettingOptions;
use super::signals::on_stop_signal;
use super::version;
use crate::app::{self, App};
use crate::first_admin;
use crate::page_title::AddressPolicy;
use crate::replica::setup::Replica;
use crate::replica::status::ReplicaStatus;
use crate::site::config::{Config, DEFAULT_CACHE_MB, DEFAULT_TITLE_HOURS, MAX_TITLE_HOURS};
use crate::site::error_log::logged;
use crate::site::origin::Origin;
use crate::site::smtp::Smtp;

#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    database: DatabaseOption,
    /// The address and port to listen on
    #[arg(long, env, default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Answer POST /benchmarking/*, where anyone may write without an account (on in demo)
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    benchmarking: bool,
    /// Let cookies travel over plain HTTP (on in demo)
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    relax_ssl: bool,
    /// The site's own address in feeds, sitemaps and link previews, such as `https://news.example`; without
    /// it, the address that each request was sent to. The ids in feeds never change
    #[arg(long, env, value_name = "URL", value_parser = Origin::parse)]
    base_url: Option<Origin<'static>>,
    /// The sender of mails, such as `Lorem News <news@example.com>`; without it, `noreply` at the host of the base URL.
    /// SMTP_URL in the environment, or SMTP_URL_FILE, names the mail server: `smtps://USER:PASSWORD@HOST`, `smtp://localhost`
    #[arg(long, env, value_name = "ADDRESS")]
    mail_from: Option<Mailbox>,
    /// Believe the client's address and scheme from proxies at these addresses, or in networks such as
    /// `10.0.0.0/8`
    #[arg(long, env, value_delimiter = ',', value_name = "IP,…")]
    trusted_proxies: Vec<Network>,
    /// The headers in which trusted proxies name the client. A proxy passes on those that it does not set, so
    /// `auto` lets clients of a proxy that sets only Forwarded choose their address
    #[arg(long, env, value_enum, default_value_t, value_name = "KIND")]
    proxy_headers: HeaderKind,
    /// The largest number of open connections, each of which has a thread
    #[arg(long, env, default_value_t = 1024, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    max_connections: u32,
    /// The largest number of connections of one address (of IPv6 a /64) while connections are scarce; without it,
    /// a quarter of the largest number of all
    #[arg(long, env, value_name = "N", value_parser = value_parser!(u32).range(1..=100_000))]
    connections_per_address: Option<u32>,
    #[command(flatten)]
    settings: SettingOptions,
    #[command(flatten)]
    rate_limits: RateLimitOptions,
    /// End sessions that have not been used for this number of days
    #[arg(long, env, default_value_t = 90, value_name = "N", value_parser = value_parser!(u32).range(1..=36_500))]
    session_days: u32,
    /// Show /metrics, in Prometheus' text format, and the state of the backup to everyone; without it, only to
    /// clients on this machine that do not come through a proxy
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    metrics: bool,
    /// Log requests, with a breakdown of their time, and SQL statements that take at least this number of
    /// milliseconds; 0: all of them, `off`: none
    #[arg(long, env, default_value = "500", value_name = "N", value_parser = Milliseconds::parse)]
    slow_ms: Milliseconds,
    /// Keep copies of pages in this number of megabytes; 0: none. A copy is what rendering the page would give
    #[arg(long, env, default_value_t = DEFAULT_CACHE_MB, value_name = "N", value_parser = value_parser!(u32).range(0..=1_000_000))]
    cache_mb: u32,
    /// Hours after its creation in which the author of a post may change its title and link; 0: never. Its text, and what
    /// admins posted, can be changed at any time
    #[arg(long, env, default_value_t = DEFAULT_TITLE_HOURS, value_name = "N", value_parser = value_parser!(u32).range(0..=i64::from(MAX_TITLE_HOURS)))]
    title_hours: u32,
    /// Offer to fill in the title of a link from its page: this server fetches it, from public addresses only
    #[arg(long, env, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    fetch_titles: bool,
    /// Fetch titles from these networks as well, such as an intranet, at any port. Users learn the titles of its pages
    #[arg(long, env, value_delimiter = ',', value_name = "IP,…")]
    fetch_titles_from: Vec<Network>,
    #[command(flatten)]
    replica: ReplicaOptions,
    /// Restore the replica at this interval, to verify it: `30s`, `24h`, `7d`, `off`; hourly after a failure
    #[arg(long, env, default_value = "24h", value_name = "TIME", value_parser = Interval::parse)]
    verify_every: Interval,
}

/// The headers in which trusted proxies name the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum HeaderKind {
    /// X-Forwarded-For and X-Forwarded-Proto, or Forwarded in a request without them
    #[default]
    Auto,
    /// X-Forwarded-For and X-Forwarded-Proto
    XForwarded,
    /// Forwarded (RFC 7239)
    Forwarded,
}

impl From<HeaderKind> for ProxyHeaders {
    fn from(kind: HeaderKind) -> ProxyHeaders {
        match kind {
            HeaderKind::Auto => ProxyHeaders::Auto,
            HeaderKind::XForwarded => ProxyHeaders::XForwarded,
            HeaderKind::Forwarded => ProxyHeaders::Forwarded,
        }
    }
}

impl ServeOptions {
    pub(crate) fn database(&self) -> &DatabaseOption {
        &self.database
    }

    fn config(self) -> Result<Config> {
        let replica = self.replica.settings(self.database.path(), self.verify_every.0)?;
        let smtp = environment::variable_or_file("SMTP_URL")?
            .map(|url| Smtp::parse(&url, self.mail_from.as_ref(), self.base_url.as_ref()))
            .transpose()
            .context("SMTP_URL")?;
        Ok(Config {
            listen: self.listen,
            fixed_logo: self.settings.logo()?,
            fixed_settings: self.settings.fixed()?,
            file_mode: self.database.file_mode(),
            database: self.database.into_path(),
            benchmarking: self.benchmarking,
            relax_ssl: self.relax_ssl,
            base_url: self.base_url,
            trusted_proxies: self.trusted_proxies,
            proxy_headers: self.proxy_headers.into(),
            limits: Limits {
                max_connections: self.max_connections as usize,
                connections_per_address: self.connections_per_address.map(|limit| limit as usize),
                ..Limits::default()
            },
            rates: self.rate_limits.limits(),
            session_days: self.session_days,
            metrics: self.metrics,
            slow: self.slow_ms.0,
            server_timing: false,
            cache_mb: self.cache_mb,
            smtp,
            title_hours: self.title_hours,
            fetch_titles: self.fetch_titles.then(|| AddressPolicy::with(self.fetch_titles_from)),
            replica,
        })
    }

    fn demo_config(self) -> Result<Config> {
        let config = self.config()?;
        Ok(Config { benchmarking: true, relax_ssl: true, rates: None, server_timing: true, ..config })
    }
}

pub(crate) fn serve(options: ServeOptions) -> Result<()> {
    run(options.config()?, None)
}

pub(crate) fn demo(options: ServeOptions, seed: &SeedOptions) -> Result<()> {
    run(options.demo_config()?, Some(seed))
}

fn run(config: Config, seed: Option<&SeedOptions>) -> Result<()> {
    // The port first: if it is taken, nothing has been changed yet.
    let server = app::bind(&config).with_context(|| format!("cannot listen on {}", config.listen))?;
    let stopper = server.stopper();
    version::warn_of_deviations();
    let app = App::open(config)?;
    logged::record_in(&app.site.error_log);
    let is_restored = app.replica.as_ref().is_some_and(Replica::is_restored);
    match seed {
        Some(seed) if !is_restored => {
            seed.fill(&app.site.db)?;
        }
        Some(_) => {}
        None => warn_about(&app.site.config),
    }
    on_stop_signal(move || stopper.stop())?;
    let backup = backup(app.site.replica.as_deref());
    output::line(format_args!("Lorem News is at http://{} (Ctrl-C stops it); {backup}", server.address()));
    if let Some(path) = first_admin::handlers::offer(&app.site)? {
        let origin = app
            .site
            .config
            .base_url
            .as_ref()
            .map_or_else(|| format!("http://{}", server.address()), Origin::to_string);
        output::line(format_args!(
            "No user is an admin yet. The person who opens this link becomes the admin: {origin}{path}"
        ));
    }
    app::serve(server, app)?;
    Ok(())
}

/// Warns about settings that a public site needs. A start that fails has its reason alone in the log.
fn warn_about(config: &Config) {
    if config.base_url.is_none() {
        log::warn!(
            "--base-url is not set: the links in feeds, sitemaps and previews begin with the address that \
             each request was sent to, which its sender chooses"
        );
    }
    if !may_be_https(config) {
        log::warn!(
            "users can sign in over HTTPS only, and no option says that the site is served over it: set --relax-ssl \
             for plain HTTP, or --trusted-proxies and an https --base-url for a proxy that ends TLS"
        );
    }
}

/// Whether browsers may keep the cookies of sessions: they travel over plain HTTP, or an option says that a proxy
/// ends TLS.
fn may_be_https(config: &Config) -> bool {
    let is_https = config.base_url.as_ref().is_some_and(Origin::is_https);
    config.relax_ssl || is_https || !config.trusted_proxies.is_empty()
}

/// The part of the first line that says where the backup is.
fn backup(replica: Option<&ReplicaStatus>) -> String {
    let Some(status) = replica else {
        return "there is no backup: --replica says where to keep one".to_owned();
    };
    let location = status.location();
    if status.is_on_database_disk() {
        format!("replicated to {location}, which is on the same disk: it does not survive losing that")
    } else {
        format!("replicated to {location}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::time::Duration;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        serve: ServeOptions,
    }

    fn parse(arguments: &[&str]) -> Result<ServeOptions, clap::Error> {
        Options::try_parse_from(["lorem-news"].iter().chain(arguments)).map(|options| options.serve)
    }

    fn config(arguments: &[&str]) -> Config {
        parse(arguments).expect("the options are valid").config().expect("the options fit")
    }

    fn demo_config() -> Config {
        parse(&[]).expect("the options are valid").demo_config().expect("the options fit")
    }

    #[test]
    fn sessions_last_from_1_to_36_500_days() {
        assert_eq!(config(&["--session-days=5"]).session_days, 5);
        for (number, is_valid) in [(0, false), (1, true), (36_500, true), (36_501, false)] {
            assert_eq!(parse(&[&format!("--session-days={number}")]).is_ok(), is_valid, "{number}");
        }
    }

    #[test]
    fn trusted_proxies_are_addresses_and_networks_with_blanks_between_them() {
        let networks = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().expect(text));
        let list = "--trusted-proxies=127.0.0.1, 10.0.0.0/8 ,\t2001:db8::/32 ";
        assert_eq!(config(&[list]).trusted_proxies, networks);
        for list in ["", "me", "10.0.0.0/33", "127.0.0.1,", "127.0.0.1 10.0.0.1"] {
            assert!(parse(&[&format!("--trusted-proxies={list}")]).is_err(), "{list:?}");
        }
    }

    #[test]
    fn the_headers_of_proxies_are_of_one_kind_or_either() {
        assert_eq!(config(&[]).proxy_headers, ProxyHeaders::Auto);
        assert_eq!(config(&["--proxy-headers=x-forwarded"]).proxy_headers, ProxyHeaders::XForwarded);
        assert_eq!(config(&["--proxy-headers=forwarded"]).proxy_headers, ProxyHeaders::Forwarded);
        assert!(parse(&["--proxy-headers=via"]).is_err());
    }

    #[test]
    fn the_slow_threshold_is_in_milliseconds() {
        assert_eq!(config(&[]).slow, Some(Duration::from_millis(500)));
        assert_eq!(config(&["--slow-ms=0"]).slow, Some(Duration::ZERO));
        assert_eq!(config(&["--slow-ms=off"]).slow, None);
        assert!(parse(&["--slow-ms=1s"]).is_err());
    }

    #[test]
    fn only_a_demo_sends_server_timing() {
        assert!(!config(&[]).server_timing);
        assert!(demo_config().server_timing);
    }

    #[test]
    fn serving_without_https_is_noticed() {
        for (arguments, noticed) in [
            (&[][..], true),
            (&["--base-url=http://news.example"], true),
            (&["--base-url=https://news.example"], false),
            (&["--trusted-proxies=10.0.0.1"], false),
            (&["--relax-ssl"], false),
        ] {
            assert_eq!(may_be_https(&config(arguments)), !noticed, "{arguments:?}");
        }
        assert!(may_be_https(&demo_config()));
    }

    #[test]
    fn rates_are_limited_except_in_a_demo_or_without_rate_limits() {
        assert!(config(&[]).rates.is_some());
        assert!(config(&["--no-rate-limits"]).rates.is_none());
        assert!(demo_config().rates.is_none());
    }
}
