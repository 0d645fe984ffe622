//! The site's address, for documents that contain absolute addresses: feeds, sitemaps, link previews.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use horrorshow::{Render, TemplateBuffer};

use crate::html::render_by_reference;
use crate::html::text::Value;

/// Scheme, host and port of an absolute address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin<'h> {
    scheme: &'static str,
    /// In lower case, without the scheme's default port.
    host: Cow<'h, str>,
}

/// The longest DNS name (RFC 1035 §2.3.4: 255 octets on the wire, 253 as text) and a port.
const MAX_HOST_BYTES: usize = 253 + 6;

/// The text is not an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be http:// or https:// and a host, without a path")]
pub struct InvalidOrigin;

impl<'h> Origin<'h> {
    /// A copy that borrows the host.
    #[must_use]
    pub fn borrowed(&self) -> Origin<'_> {
        Origin { scheme: self.scheme, host: Cow::Borrowed(&self.host) }
    }

    /// Parses `https://news.example`. Nothing may follow but one slash: the site's paths begin at the root.
    ///
    /// # Errors
    /// [`InvalidOrigin`].
    pub fn parse(url: &str) -> Result<Origin<'static>, InvalidOrigin> {
        let origin = Origin::read(url.strip_suffix('/').unwrap_or(url)).ok_or(InvalidOrigin)?;
        Ok(Origin { scheme: origin.scheme, host: Cow::Owned(origin.host.into_owned()) })
    }

    /// Reads an `Origin` header, or the beginning of a `Referer`; `None`: it is `null` or not valid.
    #[must_use]
    pub fn read(text: &'h str) -> Option<Origin<'h>> {
        let (scheme, host) = text.split_once("://")?;
        let scheme = ["https", "http"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
        Origin::from_host(scheme, host)
    }

    /// Whether a `Host` header names this origin's host and port. It has no scheme, so it is read with this
    /// origin's: without a port it means the scheme's default port.
    #[must_use]
    pub fn is_at(&self, host: &str) -> bool {
        Origin::from_host(self.scheme, host).is_some_and(|at| at.host == self.host)
    }

    /// The name of its host, without the port; `None`: it is an address.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let (name, _) = split(&self.host)?;
        let is_address = name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok();
        (!is_address).then_some(name)
    }

    /// Whether its scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// The origin of a scheme and a `Host` header; `None`: the header is not a valid host.
    #[must_use]
    pub fn from_host(scheme: &'static str, host: &'h str) -> Option<Origin<'h>> {
        let (name, port) = split(host)?;
        let default_port = if scheme == "https" { "443" } else { "80" };
        let host = if port.is_none_or(|port| port == default_port) { name } else { host };
        let is_lower_case = !host.bytes().any(|byte| byte.is_ascii_uppercase());
        let host = if is_lower_case { Cow::Borrowed(host) } else { Cow::Owned(host.to_ascii_lowercase()) };
        Some(Origin { scheme, host })
    }
}

/// Splits a host into its name or address, and its port. `None`: it is not valid in a URL.
fn split(host: &str) -> Option<(&str, Option<&str>)> {
    if host.len() > MAX_HOST_BYTES {
        return None;
    }
    // An empty port is the scheme's default (RFC 3986 §3.2.3).
    let host = host.strip_suffix(':').unwrap_or(host);
    let end = if host.starts_with('[') { host.find(']')? + 1 } else { host.find(':').unwrap_or(host.len()) };
    let (name, rest) = host.split_at(end);
    let is_host = match name.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => is_name(name),
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit())),
        None => None,
    };
    let is_port = rest.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (is_host && is_port).then_some((name, port))
}

/// Whether it is a DNS name: labels of letters, digits, `-`, and `_`, which some networks use. An IPv4
/// address passes too.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(is_known)
    };
    name.strip_suffix('.').unwrap_or(name).split('.').all(is_label)
}

/// `https://news.example`.
impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)
    }
}

impl Render for Origin<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        for part in [self.scheme, "://", &self.host] {
            Value(part).render(out);
        }
    }
}

render_by_reference!(Origin<'_>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for (url, origin) in [
            ("https://news.example", "https://news.example"),
            ("https://news.example/", "https://news.example"),
            ("HTTPS://News.Example:443", "https://news.example"),
            ("https://news.example:80", "https://news.example:80"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://a:", "http://a"),
            ("http://my_app:08080", "http://my_app:08080"),
        ] {
            assert_eq!(Origin::parse(url).expect(url).to_string(), origin, "{url}");
        }
    }

    #[test]
    fn a_host_has_a_name_or_an_address() {
        for (url, name) in [
            ("https://news.example:8443", Some("news.example")),
            ("http://localhost:3000", Some("localhost")),
            ("http://127.0.0.1:3000", None),
            ("http://[::1]", None),
        ] {
            assert_eq!(Origin::parse(url).expect(url).name(), name, "{url}");
        }
    }

    #[test]
    fn invalid_hosts_are_refused() {
        let long = "a.".repeat(200);
        for host in [
            "",
            ".",
            "a..b",
            ".a",
            "a b",
            "a/b",
            "a\"b",
            "a<b",
            "a&b",
            "a?b",
            "a#b",
            "me@a",
            ":",
            "a::",
            "a:0",
            "a:x",
            "a:+1",
            "a:65536",
            "a:1:2",
            "::1",
            "[::1",
            "[::1]x",
            "[a]",
            "[]",
            "zoë.example",
            "a//",
            &long,
        ] {
            assert!(Origin::parse(&format!("http://{host}")).is_err(), "{host:?}");
            assert_eq!(Origin::from_host("http", host), None, "{host:?}");
        }
        for url in ["news.example", "ftp://news.example", "://news.example", "http:news.example"] {
            assert!(Origin::parse(url).is_err(), "{url}");
        }
    }
}
