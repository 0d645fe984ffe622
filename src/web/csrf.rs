//! Protection against cross-site request forgery without tokens: browsers send the site that a request comes
//! from (<https://www.w3.org/TR/fetch-metadata/>).

use super::list_header::lines;
use super::{Cx, Error, Result};
use crate::site::origin::Origin;

const OTHER_SITE: &str = "It was asked for by another site than this one.";

/// Accepts GET and HEAD; requests that a browser marks as coming from this site or directly from its user; and
/// requests with neither `Sec-Fetch-Site` nor `Origin`, which no browser sends. Browsers send only `Origin` over
/// plain HTTP: it must be [`Cx::is_own`]. Of headers in several lines each line must be accepted.
///
/// # Errors
/// [`Error::Forbidden`] for all other requests, or [`Error::PerhapsOwn`] with the typed text, where the operator
/// may have to set the site's address.
pub fn check(cx: &Cx) -> Result<()> {
    if cx.method() == "GET" {
        return Ok(());
    }
    let mut sites = lines(cx.request, "Sec-Fetch-Site").peekable();
    if sites.peek().is_some() {
        let passes = sites.all(|site| matches!(site, "same-origin" | "none"));
        return if passes { Ok(()) } else { Err(Error::Forbidden(OTHER_SITE)) };
    }
    lines(cx.request, "Origin").try_for_each(|text| check_origin(cx, text))
}

fn check_origin(cx: &Cx, text: &str) -> Result<()> {
    let Some(origin) = Origin::read(text) else {
        return Err(Error::Forbidden(OTHER_SITE));
    };
    if cx.is_own(&origin) {
        return Ok(());
    }
    let host = cx.request.header("Host").unwrap_or_default();
    match &cx.site.config.base_url {
        Some(base_url) => {
            lorem_counted_log::warn!(
                "a form of {origin} was refused: its origin is neither --base-url, {base_url}, nor the Host {host:?}"
            );
            Err(Error::Forbidden(OTHER_SITE))
        }
        None => {
            lorem_counted_log::warn!(
                "a form of {origin} was refused: its origin is not the Host {host:?}. If {origin} is this site, set \
                 --base-url {origin}, or let the proxy pass on Host"
            );
            Err(Error::PerhapsOwn { typed: cx.typed() })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use rouille::Request;

    use super::*;
    use crate::app::App;
    use crate::site::config::Config;
    use crate::web::timing::Timing;

    /// A site with this base URL, in a folder that is removed with the first value.
    fn site(base_url: Option<&str>) -> (tempfile::TempDir, App) {
        let folder = tempfile::tempdir().expect("a folder");
        let listen: SocketAddr = ([127, 0, 0, 1], 0).into();
        let local = Config::local(folder.path().join("news.sqlite3"), listen);
        let base_url = base_url.map(|url| Origin::parse(url).expect("an origin"));
        let app = App::open(Config { base_url, ..local }).expect("a new database opens");
        (folder, app)
    }

    fn passes(app: &App, headers: &[(&str, &str)]) -> bool {
        let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let (request, timing) = (Request::fake_http("POST", "/", headers, Vec::new()), Timing::start());
        check(&Cx::new(&app.site, &request, &timing)).is_ok()
    }

    #[test]
    fn an_origin_passes_where_it_is_the_host_or_the_base_url() {
        let (_folder, without) = site(None);
        let (_other_folder, with) = site(Some("https://news.example"));
        // Origin, Host, whether it passes without a base URL, and with https://news.example.
        for (origin, host, passes_without, passes_with) in [
            ("http://news.example", "news.example", true, true),
            ("https://news.example", "news.example", true, true),
            ("https://News.Example:8080", "news.example:8080", true, true),
            ("https://news.example", "news.example:443", true, true),
            ("https://news.example:443", "news.example", true, true),
            ("http://news.example", "news.example:80", true, true),
            ("http://news.example:80", "NEWS.example", true, true),
            ("https://news.example", "news.example:80", false, true),
            ("http://news.example", "news.example:443", false, false),
            ("http://news.example:3000", "news.example", false, false),
            // nginx's plain proxy_pass.
            ("https://news.example", "127.0.0.1:3000", false, true),
            ("https://news.example:443", "127.0.0.1:3000", false, true),
            ("https://news.example", "", false, true),
            ("http://news.example", "127.0.0.1:3000", false, false),
            ("https://news.example:8443", "127.0.0.1:3000", false, false),
            // The address of the server itself.
            ("http://127.0.0.1:3000", "127.0.0.1:3000", true, true),
            ("http://[::1]:3000", "[::1]:3000", true, true),
            ("http://127.0.0.1:3001", "127.0.0.1:3000", false, false),
            ("https://evil.example", "news.example", false, false),
            ("https://evil.example", "127.0.0.1:3000", false, false),
            ("https://news.example.evil", "news.example", false, false),
            ("https://evil-news.example", "news.example", false, false),
            ("https://news.example@evil.example", "news.example", false, false),
            ("https://news.example/", "news.example", false, false),
            ("ftp://news.example", "news.example", false, false),
            ("news.example", "news.example", false, false),
            ("null", "news.example", false, false),
            ("null", "null", false, false),
            ("null", "", false, false),
            ("http://", "", false, false),
            ("", "", false, false),
        ] {
            let headers = [("Origin", origin), ("Host", host)];
            assert_eq!(passes(&without, &headers), passes_without, "{origin} at {host}");
            assert_eq!(passes(&with, &headers), passes_with, "{origin} at {host} with a base URL");
        }
    }

    #[test]
    fn over_tls_a_page_that_came_without_it_is_of_another_site() {
        let (_folder, app) = site(None);
        for (origin, is_own) in [("https://news.example", true), ("http://news.example", false)] {
            let headers = [("Host", "news.example"), ("Origin", origin)];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let (request, timing) = (Request::fake_https("POST", "/", headers, Vec::new()), Timing::start());
            assert_eq!(check(&Cx::new(&app.site, &request, &timing)).is_ok(), is_own, "{origin}");
        }
    }

    #[test]
    fn a_browser_that_names_the_relation_of_the_sites_is_believed() {
        let (_folder, app) = site(Some("https://news.example"));
        let own = [("Host", "news.example"), ("Origin", "https://news.example")];
        let other = [("Host", "127.0.0.1:3000"), ("Origin", "https://evil.example")];
        for (lines, expected) in [
            (&["same-origin"][..], true),
            (&["none"], true),
            (&["same-site"], false),
            (&["cross-site"], false),
            (&[""], false),
            (&["same-origin, cross-site"], false),
            (&["same-origin", "cross-site"], false),
            (&["cross-site", "same-origin"], false),
        ] {
            let sites: Vec<_> = lines.iter().map(|&site| ("Sec-Fetch-Site", site)).collect();
            for rest in [&own[..], &other, &[]] {
                assert_eq!(passes(&app, &[&sites, rest].concat()), expected, "{lines:?} {rest:?}");
            }
        }
        assert!(passes(&app, &[("Host", "evil.example")]), "no browser sends neither");
        assert!(!passes(&app, &[own[0], own[1], other[1]]), "a second Origin");
        assert!(!passes(&app, &[own[0], other[1], own[1]]), "a second Origin");
    }
}
