//! Refuses changes that another site makes a browser ask for, without tokens: browsers say where a
//! request comes from (<https://www.w3.org/TR/fetch-metadata/>).

use super::{Cx, Error, Result};

/// Passes GET and HEAD, requests that a browser marks as coming from this very origin or from its
/// user, and requests that do not come from a browser at all (neither header).
///
/// # Errors
/// [`Error::Forbidden`] for anything else.
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

/// The origin's host and port are those that the request was sent to.
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
