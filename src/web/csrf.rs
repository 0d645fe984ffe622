//! Protection against cross-site request forgery without tokens: browsers send the site that a request comes
//! from (<https://www.w3.org/TR/fetch-metadata/>).

use super::{Cx, Error, Result};

/// Accepts GET and HEAD; requests that a browser marks as coming from this origin or directly from its user;
/// and requests with neither `Sec-Fetch-Site` nor `Origin`, which no browser sends.
///
/// # Errors
/// [`Error::Forbidden`] for all other requests.
pub fn check(cx: &Cx) -> Result<()> {
    if cx.method() == "GET" {
        return Ok(());
    }
    let passes = match (cx.request.header("Sec-Fetch-Site"), cx.request.header("Origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => is_own(origin, cx.request.header("Host").unwrap_or_default()),
        (None, None) => true,
    };
    if passes { Ok(()) } else { Err(Error::Forbidden("It was asked for by another site than this one.")) }
}

/// Whether the host and port of `Origin` are those of the `Host` header.
fn is_own(origin: &str, host: &str) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some_and(|authority| !host.is_empty() && authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn an_origin_is_own_only_when_host_and_port_are() {
        for (origin, host, own) in [
            ("http://news.example", "news.example", true),
            ("https://News.Example:8080", "news.example:8080", true),
            ("http://news.example:3000", "news.example", false),
            ("http://evil.example", "news.example", false),
            ("http://news.example.evil", "news.example", false),
            ("null", "news.example", false),
            ("null", "", false),
            ("http://", "", false),
        ] {
            assert_eq!(is_own(origin, host), own, "{origin} at {host}");
        }
    }
}
