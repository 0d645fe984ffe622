//! The syntax of the headers by which proxies name the client: `X-Forwarded-For`, `X-Forwarded-Proto`, and
//! `Forwarded` (RFC 7239).

use std::net::{IpAddr, Ipv6Addr};

/// A proxy's statement about the peer from which it received the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hop {
    /// The peer's address. `None`: the statement has none that can be read.
    pub(crate) address: Option<IpAddr>,
    /// Whether the peer used TLS. `None`: the statement does not say.
    pub(crate) is_secure: Option<bool>,
}

/// Reads an address, with or without a port: `192.0.2.1:4567`, `2001:db8::1`, `[2001:db8::1]:443`, in quotes or
/// not. `None`: it is not one, such as `unknown` or `_hidden` (RFC 7239 §6).
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if let Some(rest) = text.strip_prefix('[') {
        let (inner, port) = rest.split_once(']')?;
        return if is_port(port) { v6(inner) } else { None };
    }
    match text.split_once(':') {
        // The address of an IPv6 peer without brackets has no port: the port could be a part of it.
        Some((_, rest)) if rest.contains(':') => v6(text),
        Some((name, _)) if is_port(&text[name.len()..]) => name.parse().ok().map(IpAddr::V4),
        Some(_) => None,
        None => text.parse().ok().map(IpAddr::V4),
    }
}

/// An IPv6 address without its zone, which only the machine that wrote it knows (RFC 4007 §11).
fn v6(text: &str) -> Option<IpAddr> {
    let address: Ipv6Addr = text.split('%').next()?.parse().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

/// Nothing, or a colon and a port: a number, or `_` and a hidden one (RFC 7239 §6).
fn is_port(text: &str) -> bool {
    let Some(port) = text.strip_prefix(':') else { return text.is_empty() };
    port.starts_with('_') || port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// Whether a scheme is `https`; `None`: it is neither that nor `http`.
pub(crate) fn is_secure(scheme: &str) -> Option<bool> {
    let scheme = scheme.trim().trim_matches('"');
    ["http", "https"].iter().position(|known| scheme.eq_ignore_ascii_case(known)).map(|found| found == 1)
}

/// The elements of a line of `Forwarded` (RFC 7239 §4). What follows a violation of the syntax is one element
/// that cannot be read: a client could send a quote without its end, and a proxy append to that line. (The
/// crates that read this header split it at commas within quotes, too.)
pub(crate) fn forwarded(line: &str) -> Vec<Option<Hop>> {
    let (mut hops, mut rest) = (Vec::new(), line);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', ';']);
        if rest.is_empty() {
            return hops;
        }
        match element(rest) {
            Some((hop, after)) => {
                hops.push(Some(hop));
                rest = after;
            }
            None => {
                hops.push(None);
                return hops;
            }
        }
    }
}

/// Reads `for=…;proto=…`, and returns what follows. `None`: it violates the syntax, or has a parameter twice.
fn element(text: &str) -> Option<(Hop, &str)> {
    let (mut hop, mut seen, mut rest) = (Hop::default(), Vec::new(), text);
    loop {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty() || !name.bytes().all(is_token_byte) || seen.contains(&name) {
            return None;
        }
        let (value, after) = value(after)?;
        match &*name {
            "for" => hop.address = address(&value),
            "proto" => hop.is_secure = is_secure(&value),
            _ => {}
        }
        seen.push(name);
        let after = after.trim_start_matches([' ', '\t']);
        // A pair may be empty, so that an element may end with a semicolon.
        rest = after.trim_start_matches([' ', '\t', ';']);
        if rest.is_empty() || rest.starts_with(',') {
            return Some((hop, rest));
        }
        if !after.starts_with(';') {
            return None;
        }
    }
}

/// Reads a token or a quoted string, and returns what follows. A value with colons should be quoted; some
/// proxies do not do it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let is_value = |letter: char| letter.is_ascii_graphic() && !matches!(letter, ',' | ';' | '"' | '\\');
        let end = text.find(|letter| !is_value(letter)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let (mut value, mut letters) = (String::new(), quoted.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_port_brackets_quotes_and_a_zone() {
        for (text, expected) in [
            ("2.2.2.2", "2.2.2.2"),
            (" 2.2.2.2:4567 ", "2.2.2.2"),
            ("2.2.2.2:_port", "2.2.2.2"),
            ("\"2.2.2.2:80\"", "2.2.2.2"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:DB8::1]:443", "2001:db8::1"),
            ("\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("::ffff:2.2.2.2", "2.2.2.2"),
            ("[::ffff:2.2.2.2]:80", "2.2.2.2"),
            ("fe80::1%eth0", "fe80::1"),
        ] {
            assert_eq!(address(text), expected.parse().ok(), "{text}");
        }
        for text in [
            "",
            "unknown",
            "unknown:80",
            "_hidden",
            "unix:",
            "localhost",
            "2.2.2",
            "2.2.2.2.2",
            "2.2.2.2:x",
            "2.2.2.2:65536",
            "2.2.2.2 3.3.3.3",
            "[2.2.2.2]",
            "[2001:db8::1",
            "[2001:db8::1]x",
            "[]",
            "\"",
            "02.2.2.2",
        ] {
            assert_eq!(address(text), None, "{text:?}");
        }
    }

    #[test]
    fn forwarded_elements_are_read_with_quotes_and_unknown_parameters() {
        let hop = |text: &str, is_secure| Some(Hop { address: text.parse().ok(), is_secure });
        for (line, expected) in [
            ("", vec![]),
            (" , ,", vec![]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", vec![hop("192.0.2.60", Some(false))]),
            ("For=192.0.2.43, for=198.51.100.17", vec![hop("192.0.2.43", None), hop("198.51.100.17", None)]),
            ("for=\"[2001:db8:cafe::17]:4711\"", vec![hop("2001:db8:cafe::17", None)]),
            ("for=[2001:db8::1]", vec![hop("2001:db8::1", None)]),
            (
                "for=192.0.2.1:80 ; PROTO=\"HTTPS\" ; host=\"a,b;for=6.6.6.6\"",
                vec![hop("192.0.2.1", Some(true))],
            ),
            ("for=1.1.1.1;x=\"a\\\", for=6.6.6.6\"", vec![hop("1.1.1.1", None)]),
            ("for=unknown, for=_hidden", vec![hop("", None), hop("", None)]),
            ("proto=https", vec![hop("", Some(true))]),
            // RFC 7239 §4: `[ forwarded-pair ] *( ";" [ forwarded-pair ] )`.
            ("for=1.1.1.1;proto=https;", vec![hop("1.1.1.1", Some(true))]),
            (";for=1.1.1.1;;proto=https; , ;", vec![hop("1.1.1.1", Some(true))]),
            ("for=1.1.1.1;, for=2.2.2.2", vec![hop("1.1.1.1", None), hop("2.2.2.2", None)]),
            ("for=1.1.1.1, for=\"2.2.2.2, for=3.3.3.3", vec![hop("1.1.1.1", None), None]),
            // A client's open quote is closed by the quote of the proxy's address.
            ("x=\", for=\"[2001:db8::1]\"", vec![None]),
            ("for=1.1.1.1;for=2.2.2.2", vec![None]),
            ("for", vec![None]),
            ("for=", vec![None]),
            ("for=\"1.1.1.1\"x", vec![None]),
            ("f r=1.1.1.1", vec![None]),
        ] {
            assert_eq!(forwarded(line), expected, "{line}");
        }
    }
}
