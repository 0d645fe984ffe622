//! The client's address and scheme behind trusted proxies.

use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: &str = "X-Forwarded-For";
const FORWARDED_PROTO: &str = "X-Forwarded-Proto";
const FORWARDED_HOST: &str = "X-Forwarded-Host";

/// Returns the client's address and whether it uses TLS: as a trusted proxy says, else the peer and `false`.
///
/// Removes the forwarding headers, and an `X-Request-Id` that the client chose, from every request, so that
/// no handler can be deceived by them. The port is 0 if a forwarding header was present: the peer then speaks
/// for another client, or pretends to.
pub(crate) fn resolve_client(
    peer: SocketAddr,
    trusted_proxies: &[IpAddr],
    headers: &mut Vec<(String, String)>,
) -> (SocketAddr, bool) {
    let mut client = peer;
    let mut is_secure = false;
    if trusted_proxies.contains(&peer.ip()) {
        // Each proxy appends the peer that it saw: the last address that is no trusted proxy is the client.
        let chain = last_value(headers, FORWARDED_FOR).unwrap_or_default();
        let mut hops = chain.rsplit(',').map_while(|hop| hop.trim().parse::<IpAddr>().ok());
        if let Some(address) = hops.find(|hop| !trusted_proxies.contains(hop)) {
            client = SocketAddr::new(address, 0);
        }
        is_secure =
            last_value(headers, FORWARDED_PROTO).is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    }
    headers.retain(|(name, _)| {
        // The shortest of the names has 12 bytes, and most headers are shorter.
        let is_long = name.len() >= 12;
        if is_long && is_forwarding(name) {
            client.set_port(0);
            return false;
        }
        !(is_long && name.eq_ignore_ascii_case("X-Request-Id"))
    });
    (client, is_secure)
}

fn last_value<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn is_forwarding(name: &str) -> bool {
    [FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST].iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(trusted: &[&str], sent: &[(&str, &str)]) -> (String, bool, Vec<String>) {
        let trusted: Vec<IpAddr> = trusted.iter().map(|proxy| proxy.parse().expect("an address")).collect();
        let mut headers = sent.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let peer = "10.0.0.1:4000".parse().expect("an address");
        let (client, is_secure) = resolve_client(peer, &trusted, &mut headers);
        (client.to_string(), is_secure, headers.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn a_direct_request_keeps_its_port_and_headers() {
        assert_eq!(resolve(&[], &[("Host", "a")]), ("10.0.0.1:4000".into(), false, vec!["Host".into()]));
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let sent = [("x-forwarded-for", "6.6.6.6, 198.51.100.7"), ("X-Forwarded-Proto", "HTTPS")];
        for (trusted, expected) in [
            (&[][..], ("10.0.0.1:0", false)),
            (&["10.0.0.2"][..], ("10.0.0.1:0", false)),
            (&["10.0.0.1"][..], ("198.51.100.7:0", true)),
            (&["10.0.0.1", "198.51.100.7"][..], ("6.6.6.6:0", true)),
        ] {
            let (client, is_secure, left) = resolve(trusted, &sent);
            assert_eq!((&*client, is_secure), expected, "{trusted:?}");
            assert!(left.is_empty(), "{left:?}");
        }
    }

    #[test]
    fn a_value_that_is_no_address_leaves_the_peer() {
        let (client, ..) = resolve(&["10.0.0.1"], &[("X-Forwarded-For", "unknown")]);
        assert_eq!(client, "10.0.0.1:0");
    }

    #[test]
    fn a_request_id_of_the_client_is_removed() {
        assert!(resolve(&[], &[("x-request-ID", "1"), ("X-FORWARDED-HOST", "b")]).2.is_empty());
    }
}
