//! Which clients may see how the site runs.

use super::cx::Cx;

/// Headers that proxies add. Those that begin with `X-Forwarded-` count, too.
const PROXY_HEADERS: [&str; 9] = [
    "Forwarded",
    "Via",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Original-Forwarded-For",
    "True-Client-IP",
    "CF-Connecting-IP",
    "CDN-Loop",
];

/// Whether the client may see how the site runs, that is, the metrics and the state of the backup: all clients if
/// the operator publishes them (`--metrics`), otherwise clients on this machine.
#[must_use]
pub fn may_observe(cx: &Cx) -> bool {
    cx.site.config.metrics || is_from_this_machine(cx)
}

/// Whether the client itself is on this machine. A proxy on this machine connects from it for any client, so a
/// request with any trace of a proxy does not count; where the server removes the traces, it sets the port to 0, see
/// [`trusted_proxies`](lorem_http::Options::trusted_proxies). `Host` must name this machine, because a page of
/// another site can make its own name resolve to 127.0.0.1 in a browser here (DNS rebinding).
fn is_from_this_machine(cx: &Cx) -> bool {
    let peer = cx.request.remote_addr();
    let is_of_proxy = |name: &str| {
        name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("X-Forwarded-"))
            || PROXY_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    peer.ip().is_loopback()
        && peer.port() != 0
        && !cx.request.headers().any(|(name, _)| is_of_proxy(name))
        && cx.request.header("Host").is_some_and(is_local_host)
}

/// Whether a `Host`, with or without a port, can only be this machine.
fn is_local_host(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_local_by_its_whole_name() {
        for (host, is_local) in [
            ("localhost", true),
            ("LocalHost:3000", true),
            ("127.0.0.1:3000", true),
            ("127.1.2.3", true),
            ("[::1]:3000", true),
            ("::1", false),
            ("", false),
            (":3000", false),
            ("localhost.example", false),
            ("127.0.0.1.example:3000", false),
            ("news.example", false),
            ("10.0.0.1", false),
            ("[::2]", false),
        ] {
            assert_eq!(is_local_host(host), is_local, "{host}");
        }
    }
}
