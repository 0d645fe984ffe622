//! `lorem-news healthcheck`: whether a server answers, for images and units, which have no other program for it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use ureq::Agent;

use super::output;
use crate::web::paths;

/// How long the server may take: a health check that waits longer is a failure for those who run it, too.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(crate) struct HealthcheckOptions {
    /// The address and port on which the server listens
    #[arg(long, env, default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
}

impl HealthcheckOptions {
    pub(crate) fn run(&self) -> Result<()> {
        let address = reachable(self.listen);
        let config =
            Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).build();
        let answer = config.new_agent().get(format!("http://{address}{}", paths::UP)).call();
        let status = answer.with_context(|| format!("no answer from {address}"))?.status();
        ensure!(status == 200, "the server at {address} is not up: status {status}");
        output::line(format_args!("the server at {address} is up"));
        Ok(())
    }
}

/// The address under which this machine reaches a server: one that listens on all addresses is on that of the machine
/// itself.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_all_addresses_is_reached_on_this_machine() {
        for (listen, expected) in [
            ("0.0.0.0:3000", "127.0.0.1:3000"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.7:3000", "192.0.2.7:3000"),
        ] {
            let listen: SocketAddr = listen.parse().expect("an address");
            assert_eq!(reachable(listen).to_string(), expected);
        }
    }
}
