//! Links of posts: the accepted URLs, the [site] to show for each, and the address by which
//! links are compared.

mod address;
mod host;
pub mod site;

use std::borrow::Cow;

use url::{Host, Url};

use self::host::{is_host_name, strip_scheme};
use crate::text::is_invisible;

/// The most bytes of a URL: a longer one carries data rather than an address.
pub const MAX_BYTES: usize = 2000;

/// An accepted link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The URL as it was given, with `https://` if it was given without a scheme.
    pub url: String,
    /// The site to show behind the title: the host without `www.`, with the first part of the path where many
    /// people share a host. In lower case, at most
    /// [`MAX_SITE_CHARS`](site::MAX_SITE_CHARS) characters.
    pub site: String,
    /// A key for comparing links, which is no URL: equal for URLs that lead to one page, as far as the URLs
    /// alone show that.
    pub address: String,
}

// Sentences for the form.
const BAD_SCHEME: &str = "URL must begin with http:// or https://";
const TOO_LONG: &str = "URL is too long (maximum is 2000 bytes)";
const HAS_SPACE: &str = "URL can't have spaces or invisible characters";
const HAS_USER: &str = "URL can't have a user name or password";
const BAD_HOST: &str = "URL must lead to a host with a name, such as example.com";

/// Reads a URL as browsers do (<https://url.spec.whatwg.org>). One without a scheme, such as
/// `example.com/page`, gets `https://`, as in a browser's address bar.
///
/// # Errors
/// A sentence for the form that says what is wrong. A host must be a name with a dot: an address by number,
/// or a name without a dot, leads into the network of the reader who follows the link.
pub fn parse(given: &str) -> Result<NewLink, &'static str> {
    let given = with_scheme(given).ok_or(BAD_SCHEME)?;
    let rest = strip_scheme(&given).ok_or(BAD_SCHEME)?;
    if given.len() > MAX_BYTES {
        return Err(TOO_LONG);
    }
    if given.chars().any(|letter| letter.is_whitespace() || letter.is_control() || is_invisible(letter)) {
        return Err(HAS_SPACE);
    }
    // Browsers skip further slashes; a reader would take another part of the URL for the host.
    if rest.starts_with(['/', '\\']) {
        return Err(BAD_HOST);
    }
    // An empty user name (`https://@example.com`) misleads a reader about the host, too.
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(HAS_USER);
    }
    let url = Url::parse(&given).map_err(|_| BAD_HOST)?;
    let Some(Host::Domain(host)) = url.host() else {
        return Err(BAD_HOST);
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if !is_host_name(host) {
        return Err(BAD_HOST);
    }
    let (site, address) = (site::site(host, url.path()), address::address(host, &url));
    Ok(NewLink { url: given.into_owned(), site, address })
}

/// A URL with its scheme, which is `https` for a text that begins with a host with a dot. `None`: it has
/// another scheme, or none.
fn with_scheme(given: &str) -> Option<Cow<'_, str>> {
    if strip_scheme(given).is_some() {
        return Some(Cow::Borrowed(given));
    }
    let authority = given.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "1"));
    let is_host = host.starts_with(char::is_alphanumeric)
        && host.trim_end_matches('.').contains('.')
        && !host.contains(['@', '\\']);
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_host && is_port).then(|| Cow::Owned(format!("https://{given}")))
}

#[cfg(test)]
mod tests {
    use super::site::MAX_SITE_CHARS;
    use super::*;
    use proptest::prelude::*;

    fn link(url: &str) -> NewLink {
        parse(url).unwrap_or_else(|why| panic!("{url}: {why}"))
    }

    #[test]
    fn only_http_urls_of_named_hosts_are_links() {
        for good in [
            "http://example.com",
            "HTTPS://Example.COM:8443/a?b=c#d",
            "https://example.com./a",
            "https://bücher.example/straße",
            "https://user.example/@name?mail=a@b",
            "https://a_b.example",
            "https://[x].example.com/".replace("[x]", "xn--bcher-kva").as_str(),
        ] {
            assert_eq!(link(good).url, good);
        }
        for (why, bad) in [
            (BAD_SCHEME, "javascript:alert(1)"),
            (BAD_SCHEME, "data:text/html,x"),
            (BAD_SCHEME, "ftp://example.com"),
            (BAD_SCHEME, "//example.com"),
            (BAD_SCHEME, "example"),
            (BAD_SCHEME, "localhost:3000"),
            (BAD_SCHEME, "me@example.com"),
            (BAD_SCHEME, "example.com:x"),
            (BAD_SCHEME, ".example.com"),
            (BAD_SCHEME, "https:example.com"),
            (BAD_SCHEME, "http:/example.com"),
            (BAD_SCHEME, "httpé://example.com"),
            (HAS_SPACE, "https://example.com/a b"),
            (HAS_SPACE, "https://example.com/a\u{a0}b"),
            (HAS_SPACE, "https://exa\u{200b}mple.com"),
            (HAS_SPACE, "https://example.com/\u{202e}gpj.exe"),
            (HAS_SPACE, "https://example.com/\0"),
            (HAS_USER, "https://user@example.com"),
            (HAS_USER, "https://user:password@example.com"),
            (HAS_USER, "https://@example.com"),
            // Regression: the parser skips the third slash, so it finds another host than a reader would.
            (BAD_HOST, "https:///user@example.com"),
            (BAD_HOST, "https://\\@example.com"),
            (BAD_HOST, "https:///example.com"),
            // Regression: a list of posts from such a site could not be requested.
            (BAD_HOST, "https://a\"b.example/"),
            (BAD_HOST, "https://a,b.example/"),
            (HAS_USER, "https://example.com@evil.example\\@example.com"),
            (BAD_HOST, "https://"),
            (BAD_HOST, "https:///"),
            (BAD_HOST, "https://localhost"),
            (BAD_HOST, "https://localhost./"),
            (BAD_HOST, "https://intranet/wiki"),
            (BAD_HOST, "https://."),
            (BAD_HOST, "https://a..example"),
            (BAD_HOST, "https://127.0.0.1/"),
            (BAD_HOST, "https://0x7f.1/"),
            (BAD_HOST, "https://2130706433/"),
            (BAD_HOST, "https://[::1]/"),
            (BAD_HOST, "https://example.com:99999/"),
            (BAD_HOST, "https://exa%00mple.com/"),
            (BAD_HOST, "https://exa|mple.com/"),
            (BAD_HOST, "https://xn--zz.example/"),
        ] {
            assert_eq!(parse(bad), Err(why), "{bad}");
        }
        let long = |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes - 20));
        assert!(parse(&long(2000)).is_ok());
        assert_eq!(parse(&long(2001)), Err(TOO_LONG));
        assert_eq!(parse(&format!("https://{}example.com", "a.".repeat(130))), Err(BAD_HOST));
        // Regression: a shortened site without a dot in its last hundred characters could not be requested.
        let ending = |bytes: usize| format!("https://example.{}/", "a".repeat(bytes));
        assert!(parse(&ending(63)).is_ok());
        assert_eq!(parse(&ending(64)), Err(BAD_HOST));
        assert_eq!(parse(&ending(106)), Err(BAD_HOST));
    }

    #[test]
    fn a_host_without_a_scheme_gets_https() {
        for given in
            ["example.net/foo", "Example.NET", "example.net:8443/a?b#c", "bücher.example", "a.b.example?c"]
        {
            assert_eq!(link(given).url, format!("https://{given}"));
            assert_eq!(link(given), link(&format!("https://{given}")));
        }
        assert_eq!(parse("1.2.3.4/a"), Err(BAD_HOST));
        assert_eq!(parse("example.com/a b"), Err(HAS_SPACE));
    }

    #[test]
    fn a_site_is_the_host_and_on_shared_hosts_its_owner_too() {
        let long_host = format!("https://{}example.com", "abcdefghi.".repeat(12));
        for (url, site) in [
            ("https://www.Example.COM/a", "example.com"),
            ("https://example.com.:8080/a", "example.com"),
            ("https://www.com/", "www.com"),
            ("https://blog.example.com/", "blog.example.com"),
            ("https://github.com/Rust-Lang/rust/issues", "github.com/rust-lang"),
            ("https://www.github.com/rust-lang", "github.com/rust-lang"),
            ("https://github.com/", "github.com"),
            ("https://github.com//a", "github.com"),
            ("https://github.com/a%2Fb/c", "github.com"),
            ("https://medium.com/@Somebody/a-title", "medium.com/@somebody"),
            ("https://git.sr.ht/~who/what", "git.sr.ht/~who"),
            ("https://example.com/github.com/who", "example.com"),
            ("https://github.com.evil.example/who", "github.com.evil.example"),
            ("https://bücher.example/", "bücher.example"),
            ("https://xn--bcher-kva.example/", "bücher.example"),
            ("https://例え.example/", "例え.example"),
            ("https://президент.рф/", "президент.рф"),
            // Regression: a vowel that is no letter, and a second `www.`; these sites could not be requested.
            ("https://हिन्दी.example/", "हिन्दी.example"),
            ("https://ที่ไทย.example/", "ที่ไทย.example"),
            ("https://www.www.a.example/", "a.example"),
            // Letters of another script among Latin letters, and in place of all of them.
            ("https://pаypal.example/", "xn--pypal-4ve.example"),
            ("https://аррӏе.com/", "xn--80ak6aa92e.com"),
            ("https://раураӏ.com/", "xn--80aa0cbo65f.com"),
            (&long_host, &format!("…{}example.com", &"abcdefghi.".repeat(12)[120 - 88..])),
        ] {
            let link = link(url);
            assert_eq!(link.site, site, "{url}");
            assert!(link.site.chars().count() <= MAX_SITE_CHARS);
            assert_eq!(site::parse(&link.site), Some(link.site), "it can be requested");
        }
        let owner = "a".repeat(200);
        assert_eq!(link(&format!("https://github.com/{owner}")).site, "github.com");
    }

    #[test]
    fn a_site_that_no_link_can_have_is_refused() {
        assert_eq!(site::parse(" GitHub.com/Rust-Lang "), Some("github.com/rust-lang".to_owned()));
        assert_eq!(site::parse("www.The-Daily.example"), Some("the-daily.example".to_owned()));
        assert_eq!(site::parse("www.com"), Some("www.com".to_owned()));
        for (pasted, site) in [
            ("https://www.github.com/Rust-Lang/rust/issues?q=a#b", "github.com/rust-lang"),
            ("github.com", "github.com"),
            ("GITHUB.com/", "github.com"),
            ("medium.com/@Name/a-title", "medium.com/@name"),
            ("http://example.com:8080/a", "example.com"),
            ("example.com:8080", "example.com"),
            ("example.com/a/b", "example.com"),
            ("xn--bcher-kva.example", "bücher.example"),
            ("BÜCHER.example", "bücher.example"),
            ("a.example?", "a.example"),
        ] {
            assert_eq!(site::parse(pasted).as_deref(), Some(site), "{pasted}");
        }
        let long = format!("{}.example", "a".repeat(93));
        for text in ["", " ", "example", "a b.example", "<b>.example", "a\0.example", "1.2.3.4", &long] {
            assert_eq!(site::parse(text), None, "{text:?}");
        }
    }

    /// Groups of URLs that lead to one page, each with a URL that leads to another.
    const EQUIVALENT: [(&[&str], &str); 37] = [
        (
            &[
                "https://example.com",
                "http://www.example.com/",
                "HTTPS://EXAMPLE.com:443",
                "http://www2.example.com.:80/",
            ],
            "https://example.com:8080",
        ),
        (
            &["https://example.com/a", "https://example.com/a//", "https://example.com/a#top"],
            "https://example.com/A",
        ),
        (
            &["https://example.com/a.html", "https://example.com/a.htm/", "https://example.com/a"],
            "https://example.com/a.txt",
        ),
        (
            &[
                "https://example.com",
                "https://example.com/index.html",
                "https://example.com/index.php",
                "https://example.com/Default.aspx",
            ],
            "https://example.com/index.css",
        ),
        (
            &[
                "https://example.com/?a=1&b=2",
                "https://example.com?b=2&a=1&&",
                "https://example.com/?b=2&a=1#c",
            ],
            "https://example.com/?a=2&b=1",
        ),
        (
            &[
                "https://example.com/a?x=1",
                "https://example.com/a?utm_source=x&x=1&UTM_medium=y&gclid=1&fbclid=2",
            ],
            "https://example.com/a?x=1&reference=2",
        ),
        // `ref`, `pp` and `si` choose the document where they do not track.
        (&["https://code.example/file?ref=main"], "https://code.example/file?ref=next"),
        (&["https://example.com/?si=1"], "https://example.com/?si=2"),
        (&["https://example.com/?pp=1"], "https://example.com/"),
        (
            &["https://www.amazon.co.uk/dp/1", "https://amazon.co.uk/dp/1?ref=nav&ref_=x"],
            "https://www.amazon.co.uk/dp/1?th=1",
        ),
        (
            &["https://open.spotify.com/track/1", "https://open.spotify.com/track/1?si=abc"],
            "https://open.spotify.com/track/2",
        ),
        (&["https://notyoutube.com/a?si=1"], "https://notyoutube.com/a"),
        // Percent-encoding (RFC 3986 §6.2.2).
        (
            &["https://example.com/%7Ea/%c3%a9", "https://example.com/~a/%C3%A9", "https://example.com/~a/é"],
            "https://example.com/~a/e",
        ),
        (&["https://example.com/?a%5Fb=%63", "https://example.com/?a_b=c"], "https://example.com/?a_b=C"),
        (&["https://example.com/a%2Fb", "https://example.com/a%2fb"], "https://example.com/a/b"),
        (&["https://example.com/a%2Ehtml", "https://example.com/a"], "https://example.com/a%2Ejpg"),
        (&["https://example.com/100%"], "https://example.com/100"),
        (&["https://example.com/?a=%26b"], "https://example.com/?a=&b"),
        // Fragments that are the document.
        (&["https://draw.example/#json=abc,def"], "https://draw.example/#json=abc,deg"),
        (&["https://play.example/#code/abc"], "https://play.example/#code/abd"),
        (&["https://godbolt.example/#g:!((g"], "https://godbolt.example/#g:!((h"),
        (&["https://app.example/#?id=1"], "https://app.example/#?id=2"),
        (&["https://app.example/#page/1"], "https://app.example/"),
        (
            &["https://pad.example/#N4Ig7mB2ZJ5XyW8kQeTuVdPzRfHcLsMoGa1b3EiY6"],
            "https://pad.example/#N4Ig7mB2ZJ5XyW8kQeTuVdPzRfHcLsMoGa1b3EiY7",
        ),
        // Fragments that are places.
        (
            &[
                "https://example.com/a",
                "https://example.com/a#intro",
                "https://example.com/a#L10-L20",
                "https://example.com/a#:~:text=some%20words",
                "https://example.com/a#fn:1",
                "https://example.com/a#What_is_it?",
                "https://example.com/a#really?!",
                "https://example.com/a#page=3&zoom=100",
                "https://example.com/a#t=42",
                "https://example.com/a#how-to-write-a-long-heading-that-says-all-there-is-to-be-said",
                "https://example.com/a#%E5%B0%8F%E8%A6%8B%E5%87%BA%E3%81%97%E5%B0%8F%E8%A6%8B%E5%87%BA%E3%81%97",
            ],
            "https://example.com/a#/b",
        ),
        (&["https://example.com/#/a:~:text=b", "https://example.com/#/a"], "https://example.com/#/b"),
        (
            &["https://example.com/?b=1#a=1&utm_source=x", "https://example.com/?b=1#a=1"],
            "https://example.com/?b=1#a=2",
        ),
        (&["https://example.com/a", "https://example.com/a?utm_source=x"], "https://example.com/a?source=x"),
        (&["https://example.com/#!/a", "http://example.com#!/a"], "https://example.com/#!/b"),
        (&["https://example.com/#/a"], "https://example.com"),
        (&["https://www.com/"], "https://com.example"),
        (
            &[
                "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
                "https://youtu.be/dQw4w9WgXcQ?t=42",
                "https://m.youtube.com/watch?t=1&v=dQw4w9WgXcQ&list=x",
                "https://www.youtube.com/shorts/dQw4w9WgXcQ",
                "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
            ],
            "https://www.youtube.com/watch?v=dQw4w9WgXcq",
        ),
        (&["https://www.youtube.com/@someone", "https://youtube.com/@someone/"], "https://youtu.be/someone"),
        (
            &[
                "https://arxiv.org/abs/1706.03762",
                "http://arxiv.org/pdf/1706.03762v7.pdf",
                "https://export.arxiv.org/html/1706.03762v1",
            ],
            "https://arxiv.org/abs/1706.03763",
        ),
        (
            &["https://arxiv.org/abs/hep-th/9901001", "https://arxiv.org/pdf/hep-th/9901001v2"],
            "https://arxiv.org/list/hep-th",
        ),
        (
            &[
                "https://x.com/a/status/1",
                "https://twitter.com/a/status/1?s=20",
                "https://mobile.twitter.com/a/status/1",
            ],
            "https://x.com/b/status/1",
        ),
        (
            &[
                "https://www.rfc-editor.org/rfc/rfc9110.html",
                "https://www.rfc-editor.org/info/rfc9110",
                "https://datatracker.ietf.org/doc/html/rfc9110",
            ],
            "https://www.rfc-editor.org/rfc/rfc9111",
        ),
    ];

    #[test]
    fn urls_have_one_address_if_and_only_if_they_lead_to_one_page() {
        for (same, other) in EQUIVALENT {
            for url in same {
                assert_eq!(link(url).address, link(same[0]).address, "{url}");
            }
            assert_ne!(link(other).address, link(same[0]).address, "{other}");
        }
    }

    proptest! {
        #[test]
        fn an_address_ignores_scheme_www_slashes_order_tracking_and_fragment(
            path in "(/[a-z0-9]{1,8}){0,4}", pairs in proptest::collection::vec("[a-z]{1,3}x=[0-9]{1,3}", 0..4), slashes in 0..3_usize,
            secure: bool, www: bool, turned: bool, source in "[a-z]{0,8}", fragment in "[a-z]{0,8}",
        ) {
            let plain = link(&format!("https://example.com{path}?{}", pairs.join("&")));
            let mut pairs = pairs;
            if turned {
                pairs.reverse();
            }
            pairs.insert(pairs.len() / 2, format!("utm_source={source}"));
            let (scheme, www) = (if secure { "https" } else { "http" }, if www { "www." } else { "" });
            let other =
                format!("{scheme}://{www}example.com{path}{}?{}#{fragment}", "/".repeat(slashes), pairs.join("&"));
            prop_assert_eq!(link(&other).address, plain.address);
        }
    }
}
