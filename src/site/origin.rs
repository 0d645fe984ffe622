//! The site's own address, for those who read what it says elsewhere: feeds, sitemaps, previews of links.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;

use horrorshow::{Render, TemplateBuffer};

use crate::html::render_by_reference;
use crate::html::text::Value;

/// Scheme, host and port: what stands before the path of an absolute address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin<'h> {
    scheme: &'static str,
    /// In small letters, without the scheme's own port.
    host: Cow<'h, str>,
}

/// As many characters as a name in the DNS can have, and a port.
const MAX_HOST_BYTES: usize = 253 + 6;

impl<'h> Origin<'h> {
    /// The same origin, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> Origin<'_> {
        Origin { scheme: self.scheme, host: Cow::Borrowed(&self.host) }
    }

    /// Reads `https://news.example`: nothing may follow but one slash, since the site's paths begin at
    /// the root.
    ///
    /// # Errors
    /// A sentence for who typed it.
    pub fn parse(url: &str) -> Result<Origin<'static>, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let scheme = ["https", "http"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
        let origin =
            scheme.and_then(|scheme| Origin::from_host(scheme, rest.strip_suffix('/').unwrap_or(rest)));
        let Some(Origin { scheme, host }) = origin else {
            return Err("it must be http:// or https:// and a host, without a path".to_owned());
        };
        Ok(Origin { scheme, host: Cow::Owned(host.into_owned()) })
    }

    /// The origin of a scheme and a `Host` header; `None` for what is no host.
    #[must_use]
    pub fn from_host(scheme: &'static str, host: &'h str) -> Option<Origin<'h>> {
        let (name, port) = split(host)?;
        let own_port = if scheme == "https" { "443" } else { "80" };
        let host = if port.is_none_or(|port| port == own_port) { name } else { host };
        let is_small = !host.bytes().any(|byte| byte.is_ascii_uppercase());
        let host = if is_small { Cow::Borrowed(host) } else { Cow::Owned(host.to_ascii_lowercase()) };
        Some(Origin { scheme, host })
    }
}

/// The name or address, and the port; `None` for what could not stand in an address as it is.
fn split(host: &str) -> Option<(&str, Option<&str>)> {
    if host.len() > MAX_HOST_BYTES {
        return None;
    }
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

/// Labels of letters, digits, `-`, and the `_` that some networks have in theirs. An address of IPv4 is
/// such a name, too.
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
    fn an_address_of_the_site_is_a_scheme_and_a_host() {
        for (url, origin) in [
            ("https://news.example", "https://news.example"),
            ("https://news.example/", "https://news.example"),
            ("HTTPS://News.Example:443", "https://news.example"),
            ("https://news.example:80", "https://news.example:80"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://my_app:08080", "http://my_app:08080"),
        ] {
            assert_eq!(Origin::parse(url).expect(url).to_string(), origin, "{url}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
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
            "a:",
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
