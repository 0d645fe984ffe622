//! The host of a request: that of an absolute target, else that of the `Host` header.

use std::net::Ipv6Addr;

use crate::parser::error::RequestError;

const INVALID_HOST: RequestError = RequestError::new(400, "the host is not valid");
const NO_SLASH: RequestError = RequestError::new(400, "the address must begin with a slash");

/// A request target in its two accepted forms.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'t> {
    /// Host and port of an absolute target, which count in place of the `Host` header (RFC 9112 §3.2.2).
    pub(super) host: Option<&'t str>,
    /// Path and query in origin form.
    pub(super) path: String,
}

/// Reads `/path?query` or `http://host/path?query`, which a client sends to a proxy, and a server must accept
/// (RFC 9112 §3.2.2). A host with user information is refused (RFC 9110 §4.2.4).
pub(super) fn target(text: &str) -> Result<Target<'_>, RequestError> {
    if text.starts_with('/') {
        return Ok(Target { host: None, path: text.to_owned() });
    }
    let (scheme, rest) = text.split_once("://").ok_or(NO_SLASH)?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(NO_SLASH);
    }
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    check(host)?;
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Ok(Target { host: Some(host), path })
}

/// Checks a host with an optional port (RFC 9110 §7.2): a name of letters, digits, `-`, `.`, `_` and `~`, an
/// IPv4 address, or an IPv6 address in brackets. RFC 3986 also allows `%`, `,`, `;` and the like in names: no
/// name has them, and `a, b` is what a proxy makes of two headers.
pub(super) fn check(host: &str) -> Result<(), RequestError> {
    let (name, rest) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) if address.parse::<Ipv6Addr>().is_ok() => (None, rest),
        _ => {
            let (name, rest) = host.split_at(host.find(':').unwrap_or(host.len()));
            (Some(name), rest)
        }
    };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let is_name = name.is_none_or(|name| !name.is_empty() && name.bytes().all(is_letter));
    let is_port = rest.is_empty()
        || rest.strip_prefix(':').is_some_and(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok())
        });
    if is_name && is_port { Ok(()) } else { Err(INVALID_HOST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_target_is_a_host_with_a_path_and_query() {
        for (text, host, path) in [
            ("http://news.example/posts?page=2", Some("news.example"), "/posts?page=2"),
            ("HTTP://news.example:8080", Some("news.example:8080"), "/"),
            ("https://[2001:db8::1]:443?q=1", Some("[2001:db8::1]:443"), "/?q=1"),
            ("http://a?b=http://c/d", Some("a"), "/?b=http://c/d"),
            ("//news.example/posts", None, "//news.example/posts"),
        ] {
            assert_eq!(target(text), Ok(Target { host, path: path.to_owned() }), "{text}");
        }
        for text in [
            "http://",
            "http:///posts",
            "http://me@a/",
            "http://a b/",
            "http://a:x/",
            "http://a#b",
            "ftp://a/",
        ] {
            assert!(target(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_an_optional_port() {
        for host in ["a", "News.Example", "127.0.0.1:3000", "my_app", "a.", "a:", "[::1]", "[::1]:3000"] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
        for host in [
            "",
            " ",
            ":80",
            "a, b",
            "a,b",
            "a b",
            "me@a",
            "a/b",
            "a?b",
            "a#b",
            "a\\b",
            "a\"b",
            "a<b",
            "a%2f",
            "a:b",
            "a:-1",
            "a:65536",
            "a:1:2",
            "::1",
            "[::1",
            "[::1]x",
            "[a]",
            "[]",
            "[::1%25eth0]",
            "zoë",
            "http://a",
            "a\tb",
        ] {
            assert_eq!(check(host), Err(INVALID_HOST), "{host:?}");
        }
    }
}
