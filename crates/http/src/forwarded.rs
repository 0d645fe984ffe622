//! The client's address and scheme behind trusted proxies.

use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use crate::node::{self, Hop};
use crate::options::{Options, ProxyHeaders};

const FORWARDED: &str = "Forwarded";
const FORWARDED_FOR: &str = "X-Forwarded-For";
const FORWARDED_PROTO: &str = "X-Forwarded-Proto";
const FORWARDED_HOST: &str = "X-Forwarded-Host";

/// Characters of a header's value in the log.
const MAX_LOGGED_CHARS: usize = 200;

/// Returns the client's address and whether it uses TLS: as trusted proxies say, else the peer and `false`.
///
/// Each proxy appends the address of its peer, so the statements are read from the last to the first. An
/// address that is no trusted proxy is the client. Where a statement cannot be read, or none is left, the client
/// is the trusted proxy or peer that was named last: that address can be believed. The scheme is that of the
/// client's own connection, if each proxy has stated one, else that of the first proxy that has.
///
/// Removes the forwarding headers, and an `X-Request-Id` that the client chose, from every request, so that
/// no handler can be deceived by them. The port is 0 if a forwarding header was present: the peer then speaks
/// for another client, or pretends to.
pub(crate) fn resolve_client(
    peer: SocketAddr,
    options: &Options,
    headers: &mut Vec<(String, String)>,
) -> (SocketAddr, bool) {
    let is_trusted = |address| options.trusts(address);
    let (mut client, mut is_secure) = (peer, false);
    if is_trusted(peer.ip()) {
        let (address, secure) = match chosen(headers, options.proxy_headers) {
            Chosen::XForwarded => of_x_forwarded(peer.ip(), is_trusted, headers),
            Chosen::Forwarded => of_forwarded(peer.ip(), is_trusted, headers),
        };
        if address != peer.ip() {
            client = SocketAddr::new(address, 0);
        }
        is_secure = secure;
    }
    let mut is_forwarded = false;
    headers.retain(|(name, _)| {
        // All other names are left after a comparison of lengths.
        let is_known = matches!(name.len(), 9 | 12 | 15..=17);
        if is_known && is_forwarding(name) {
            is_forwarded = true;
            return false;
        }
        !(is_known && name.eq_ignore_ascii_case("X-Request-Id"))
    });
    if is_forwarded {
        client.set_port(0);
        if !is_trusted(peer.ip()) && is_internal(peer.ip()) {
            static LOGGED: Once = Once::new();
            LOGGED.call_once(|| {
                let ip = peer.ip();
                log::warn!("{ip} names other clients in a forwarding header, but is no trusted proxy");
            });
        }
    }
    (client, is_secure)
}

/// The headers that name the client of a request.
enum Chosen {
    XForwarded,
    Forwarded,
}

/// A client can send the header that its proxy does not set, so only one kind is read.
fn chosen(headers: &[(String, String)], believed: ProxyHeaders) -> Chosen {
    let has = |name| lines(headers, name).next().is_some();
    let has_x = has(FORWARDED_FOR) || has(FORWARDED_PROTO);
    match believed {
        ProxyHeaders::XForwarded => Chosen::XForwarded,
        ProxyHeaders::Forwarded => Chosen::Forwarded,
        ProxyHeaders::Auto if has_x || !has(FORWARDED) => {
            if has_x && has(FORWARDED) {
                static LOGGED: Once = Once::new();
                LOGGED.call_once(|| {
                    log::warn!("a request has Forwarded and X-Forwarded-…: only the second is believed");
                });
            }
            Chosen::XForwarded
        }
        ProxyHeaders::Auto => Chosen::Forwarded,
    }
}

fn of_x_forwarded(
    peer: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
    headers: &[(String, String)],
) -> (IpAddr, bool) {
    let hops: Vec<Option<IpAddr>> = members(headers, FORWARDED_FOR).map(node::address).collect();
    let schemes: Vec<Option<bool>> = members(headers, FORWARDED_PROTO).map(node::is_secure).collect();
    let Walked { client, hop, is_unread } = walk(peer, &hops, is_trusted);
    if is_unread {
        static LOGGED: Once = Once::new();
        LOGGED.call_once(|| log_unread(FORWARDED_FOR, headers, client));
    }
    if schemes.contains(&None) {
        static LOGGED: Once = Once::new();
        LOGGED.call_once(|| log_unread(FORWARDED_PROTO, headers, client));
    }
    // Most proxies replace the scheme, and some append theirs: each then stands where the address does.
    let last = schemes.len().saturating_sub(1);
    (client, schemes.iter().rev().nth(hop.min(last)).copied().flatten().unwrap_or(false))
}

fn of_forwarded(
    peer: IpAddr,
    is_trusted: impl Fn(IpAddr) -> bool,
    headers: &[(String, String)],
) -> (IpAddr, bool) {
    let hops: Vec<Hop> =
        lines(headers, FORWARDED).flat_map(node::forwarded).map(Option::unwrap_or_default).collect();
    let addresses: Vec<Option<IpAddr>> = hops.iter().map(|hop| hop.address).collect();
    let Walked { client, hop, is_unread } = walk(peer, &addresses, is_trusted);
    if is_unread {
        static LOGGED: Once = Once::new();
        LOGGED.call_once(|| log_unread(FORWARDED, headers, client));
    }
    let mut schemes = hops.iter().rev().take(hop + 1).filter_map(|hop| hop.is_secure);
    (client, schemes.next_back().unwrap_or(false))
}

/// The way from the peer to the client.
struct Walked {
    client: IpAddr,
    /// The number of statements between the peer and the one at which the way ends.
    hop: usize,
    /// The way ends at a statement that cannot be read.
    is_unread: bool,
}

fn walk(peer: IpAddr, hops: &[Option<IpAddr>], is_trusted: impl Fn(IpAddr) -> bool) -> Walked {
    let mut client = peer;
    for (hop, address) in hops.iter().rev().enumerate() {
        let Some(address) = *address else {
            return Walked { client, hop, is_unread: true };
        };
        client = address;
        if !is_trusted(address) {
            return Walked { client, hop, is_unread: false };
        }
    }
    Walked { client, hop: hops.len().saturating_sub(1), is_unread: false }
}

fn log_unread(name: &'static str, headers: &[(String, String)], client: IpAddr) {
    let value: String = members(headers, name).collect::<Vec<_>>().join(", ");
    let value: String = value.chars().take(MAX_LOGGED_CHARS).collect();
    let use_instead = if name == FORWARDED_PROTO { "http".to_owned() } else { client.to_string() };
    log::warn!("a trusted proxy's {name} cannot be read, {use_instead} is used: {}", value.escape_default());
}

/// The values of all lines of a header.
fn lines<'h>(headers: &'h [(String, String)], name: &'static str) -> impl Iterator<Item = &'h str> {
    let lines = headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
    lines.map(|(_, value)| value.as_str())
}

/// The members of the list in all lines, without empty ones (RFC 9110 §5.6.1).
fn members<'h>(headers: &'h [(String, String)], name: &'static str) -> impl Iterator<Item = &'h str> {
    lines(headers, name).flat_map(|line| line.split(',')).map(str::trim).filter(|member| !member.is_empty())
}

fn is_forwarding(name: &str) -> bool {
    [FORWARDED, FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_HOST]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether the address is of this machine or of a private network, where proxies are: from others anything
/// comes.
fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client, whether it uses TLS, and the names of the headers that are left.
    fn resolve_by(
        believed: ProxyHeaders,
        trusted: &[&str],
        sent: &[(&str, &str)],
    ) -> (String, bool, Vec<String>) {
        let trusted_proxies = trusted.iter().map(|proxy| proxy.parse().expect("a network")).collect();
        let options = Options { trusted_proxies, proxy_headers: believed, ..Options::default() };
        let mut headers = sent.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let peer = "10.0.0.1:4000".parse().expect("an address");
        let (client, is_secure) = resolve_client(peer, &options, &mut headers);
        (client.to_string(), is_secure, headers.into_iter().map(|(name, _)| name).collect())
    }

    fn resolve(trusted: &[&str], sent: &[(&str, &str)]) -> (String, bool, Vec<String>) {
        resolve_by(ProxyHeaders::Auto, trusted, sent)
    }

    #[test]
    fn a_direct_request_keeps_its_port_and_headers() {
        assert_eq!(resolve(&[], &[("Host", "a")]), ("10.0.0.1:4000".into(), false, vec!["Host".into()]));
        assert_eq!(resolve(&["10.0.0.1"], &[]), ("10.0.0.1:4000".into(), false, vec![]));
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let sent = [("x-forwarded-for", "6.6.6.6, 198.51.100.7"), ("X-Forwarded-Proto", "HTTPS")];
        for (trusted, expected) in [
            (&[][..], ("10.0.0.1:0", false)),
            (&["10.0.0.2"][..], ("10.0.0.1:0", false)),
            (&["10.0.0.1"][..], ("198.51.100.7:0", true)),
            (&["10.0.0.0/8"][..], ("198.51.100.7:0", true)),
            (&["10.0.0.1", "198.51.100.7"][..], ("6.6.6.6:0", true)),
        ] {
            let (client, is_secure, left) = resolve(trusted, &sent);
            assert_eq!((&*client, is_secure), expected, "{trusted:?}");
            assert!(left.is_empty(), "{left:?}");
        }
    }

    #[test]
    fn the_client_is_the_nearest_address_that_can_be_believed() {
        for (lines, expected) in [
            (&["2.2.2.2:4567"][..], "2.2.2.2:0"),
            (&["[2001:db8::1]:443"], "[2001:db8::1]:0"),
            (&["2001:db8::1"], "[2001:db8::1]:0"),
            (&["::ffff:2.2.2.2"], "2.2.2.2:0"),
            (&["6.6.6.6", "2.2.2.2"], "2.2.2.2:0"),
            (&["6.6.6.6, 2.2.2.2 , 10.0.0.3"], "2.2.2.2:0"),
            (&["6.6.6.6, 2.2.2.2", "10.0.0.3", "::ffff:10.0.0.2"], "2.2.2.2:0"),
            (&["2.2.2.2", "", " , "], "2.2.2.2:0"),
            (&["10.0.0.3"], "10.0.0.3:0"),
            (&["unknown"], "10.0.0.1:0"),
            (&["_hidden"], "10.0.0.1:0"),
            (&["6.6.6.6, unknown"], "10.0.0.1:0"),
            (&["6.6.6.6, unknown, 10.0.0.3"], "10.0.0.3:0"),
            (&["unknown, 2.2.2.2"], "2.2.2.2:0"),
            (&[""], "10.0.0.1:0"),
        ] {
            let sent: Vec<(&str, &str)> = lines.iter().map(|&line| ("X-Forwarded-For", line)).collect();
            assert_eq!(resolve(&["10.0.0.0/8"], &sent).0, expected, "{lines:?}");
        }
    }

    #[test]
    fn the_scheme_is_that_of_the_clients_connection() {
        for (hops, schemes, is_secure) in [
            ("2.2.2.2", &["https"][..], true),
            ("2.2.2.2", &["https, https"], true),
            ("2.2.2.2", &["https", "HTTPS"], true),
            // A client sends the first, and the proxy appends.
            ("2.2.2.2", &["https, http"], false),
            ("2.2.2.2", &["http", "https"], true),
            ("2.2.2.2, 10.0.0.2", &["https, http"], true),
            ("2.2.2.2, 10.0.0.2", &["https"], true),
            ("6.6.6.6, 2.2.2.2, 10.0.0.2", &["https, http, https"], false),
            ("", &["https"], true),
            ("unknown", &["https"], true),
            ("2.2.2.2", &["wss"], false),
            ("2.2.2.2", &[""], false),
            ("2.2.2.2", &[], false),
        ] {
            let mut sent = vec![("X-Forwarded-For", hops)];
            sent.extend(schemes.iter().map(|&scheme| ("X-Forwarded-Proto", scheme)));
            assert_eq!(resolve(&["10.0.0.0/8"], &sent).1, is_secure, "{hops} {schemes:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_x_forwarded_is() {
        for (lines, expected) in [
            (&["for=2.2.2.2;proto=https"][..], ("2.2.2.2:0", true)),
            (&["For=\"[2001:db8::1]:443\";Proto=HTTPS;by=10.0.0.1;host=a"], ("[2001:db8::1]:0", true)),
            (&["for=6.6.6.6;proto=https, for=2.2.2.2;proto=http"], ("2.2.2.2:0", false)),
            (&["for=6.6.6.6;proto=http", "for=2.2.2.2;proto=https"], ("2.2.2.2:0", true)),
            (&["for=2.2.2.2;proto=https, for=10.0.0.2;proto=http"], ("2.2.2.2:0", true)),
            (&["for=2.2.2.2, for=10.0.0.2;proto=https"], ("2.2.2.2:0", true)),
            (&["for=6.6.6.6, for=unknown;proto=https"], ("10.0.0.1:0", true)),
            (&["for=6.6.6.6, for=_hidden, for=10.0.0.2"], ("10.0.0.2:0", false)),
            (&["for=\"6.6.6.6", "for=2.2.2.2"], ("2.2.2.2:0", false)),
            (&["for=\"6.6.6.6, for=2.2.2.2"], ("10.0.0.1:0", false)),
            (&["proto=https"], ("10.0.0.1:0", true)),
        ] {
            let sent: Vec<(&str, &str)> = lines.iter().map(|&line| ("Forwarded", line)).collect();
            let (client, is_secure, left) = resolve(&["10.0.0.0/8"], &sent);
            assert_eq!((&*client, is_secure), expected, "{lines:?}");
            assert!(left.is_empty(), "{left:?}");
            let (client, is_secure, left) = resolve(&[], &sent);
            assert_eq!((&*client, is_secure, left.len()), ("10.0.0.1:0", false, 0), "{lines:?}");
        }
    }

    #[test]
    fn a_client_cannot_use_the_header_that_its_proxy_does_not_set() {
        let both = [("X-Forwarded-For", "2.2.2.2"), ("Forwarded", "for=6.6.6.6;proto=https")];
        let scheme = [("Forwarded", "for=6.6.6.6;proto=https"), ("X-Forwarded-Proto", "http")];
        for (believed, sent, expected) in [
            (ProxyHeaders::Auto, &both, ("2.2.2.2:0", false)),
            (ProxyHeaders::XForwarded, &both, ("2.2.2.2:0", false)),
            (ProxyHeaders::Forwarded, &both, ("6.6.6.6:0", true)),
            (ProxyHeaders::Auto, &scheme, ("10.0.0.1:0", false)),
        ] {
            let (client, is_secure, left) = resolve_by(believed, &["10.0.0.1"], sent);
            assert_eq!((&*client, is_secure, left.len()), (expected.0, expected.1, 0), "{believed:?}");
        }
        for (believed, name, value) in [
            (ProxyHeaders::Forwarded, "X-Forwarded-For", "6.6.6.6"),
            (ProxyHeaders::XForwarded, "Forwarded", "for=6.6.6.6"),
        ] {
            assert_eq!(resolve_by(believed, &["10.0.0.1"], &[(name, value)]).0, "10.0.0.1:0");
        }
    }

    #[test]
    fn a_request_id_of_the_client_is_removed() {
        assert!(resolve(&[], &[("x-request-ID", "1"), ("X-FORWARDED-HOST", "b")]).2.is_empty());
    }
}
