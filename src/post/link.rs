//! Where a post leads: what is accepted as an address, what stands for it, and when two are the same.

use idna::uts46::{AsciiDenyList, Hyphens, Uts46};
use unicode_normalization::char::is_combining_mark;
use url::{Host, Url};

use crate::text::is_invisible;

/// Longer ones are somebody's data.
pub const MAX_BYTES: usize = 2000;
/// A name in the domain system has no more characters (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;
/// Bytes of a part of it between dots, likewise.
const MAX_LABEL: usize = 63;
/// Characters of a [`NewLink::site`].
pub const MAX_SITE: usize = 100;

/// A link as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// As it was given.
    pub url: String,
    /// What stands for it behind the title: the host without `www.`; where many people share one, with
    /// the first part of the path. In lower case, at most 100 characters.
    pub site: String,
    /// The same for two URLs that lead to the same page, as far as that can be told from looking at
    /// them. Only for comparing: it is no URL.
    pub address: String,
}

const SCHEME: &str = "URL must begin with http:// or https://";
const LONG: &str = "URL is too long (maximum is 2000 bytes)";
const SPACED: &str = "URL can't have spaces or invisible characters";
const USER: &str = "URL can't have a user name or password";
const HOST: &str = "URL must lead to a host with a name, such as example.com";

/// Reads a URL as browsers do (<https://url.spec.whatwg.org>).
///
/// # Errors
/// A sentence about what is wrong with it. A host is a name with a dot: what is given by number, or has
/// no dot, leads into the network of who follows the link.
pub fn parse(given: &str) -> Result<NewLink, &'static str> {
    let rest = without_scheme(given).ok_or(SCHEME)?;
    if given.len() > MAX_BYTES {
        return Err(LONG);
    }
    if given.chars().any(|letter| letter.is_whitespace() || letter.is_control() || is_invisible(letter)) {
        return Err(SPACED);
    }
    // Browsers would skip more of them, and who reads it would look for the host in the wrong place.
    if rest.starts_with(['/', '\\']) {
        return Err(HOST);
    }
    // Also where it is empty, `https://@example.com`: who reads it might take another part for the host.
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(USER);
    }
    let url = Url::parse(given).map_err(|_| HOST)?;
    let Some(Host::Domain(host)) = url.host() else {
        return Err(HOST);
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    // Browsers also look for hosts such as `a"b.example`, but nobody can have one.
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(is_known);
    if !(host.contains('.') && host.len() <= MAX_HOST && host.split('.').all(is_label)) {
        return Err(HOST);
    }
    Ok(NewLink { url: given.to_owned(), site: site(host, url.path()), address: address(host, &url) })
}

/// What follows `http://` or `https://`. The parser would take them for granted where a slash is missing,
/// but a browser that finds such an address on a page does not.
fn without_scheme(url: &str) -> Option<&str> {
    ["http://", "https://"].into_iter().find_map(|scheme| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// A site that somebody asks for, as [`NewLink::site`] has it; `None` for what cannot be one.
#[must_use]
pub fn asked_site(text: &str) -> Option<String> {
    let site = text.trim().to_lowercase();
    let fits = site.contains('.') && site.chars().count() <= MAX_SITE;
    // Marks: in some scripts they are vowels.
    let is_plain = |letter: char| {
        letter.is_alphanumeric()
            || is_combining_mark(letter)
            || matches!(letter, '.' | '-' | '_' | '~' | '@' | '/' | '…')
    };
    (fits && site.chars().all(is_plain)).then(|| bare(&site).to_owned())
}

// What stands for it

/// Hosts where the first part of the path says whose page it is. (The last one is reserved by RFC 2606,
/// for the demo data: no link of it leads to a stranger.)
const SHARED: [&str; 15] = [
    "github.com",
    "gist.github.com",
    "gitlab.com",
    "codeberg.org",
    "bitbucket.org",
    "git.sr.ht",
    "huggingface.co",
    "medium.com",
    "substack.com",
    "dev.to",
    "twitter.com",
    "mobile.twitter.com",
    "x.com",
    "bsky.app",
    "code.example",
];

/// A host without `www.`, where what is left is one.
fn bare(mut host: &str) -> &str {
    while let Some(rest) = host.strip_prefix("www.").filter(|rest| rest.contains('.')) {
        host = rest;
    }
    host
}

fn site(host: &str, path: &str) -> String {
    let host = bare(host);
    if SHARED.contains(&host)
        && let Some(whose) = path.split('/').nth(1)
        && !whose.is_empty()
        && host.len() + 1 + whose.len() <= MAX_SITE
        && whose.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte))
    {
        return format!("{host}/{}", whose.to_ascii_lowercase());
    }
    let shown = readable(host);
    match shown.char_indices().rev().nth(MAX_SITE - 1) {
        // Whose it is stands at the end.
        Some((start, _)) if start > 0 => {
            format!("…{}", shown[start..].chars().skip(1).collect::<String>())
        }
        _ => shown,
    }
}

/// The host in the letters of its language, but for labels that could pass for others: those stay in
/// their ASCII form (`xn--…`).
fn readable(host: &str) -> String {
    let is_plain = |label: &[char], top: &[char], _: bool| is_of_one_script(label, top);
    let (shown, sound) =
        Uts46::new().to_user_interface(host.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, is_plain);
    if sound.is_ok() { shown.into_owned() } else { host.to_owned() }
}

/// Scripts whose letters are told apart, by Unicode's blocks. One that is not here is shown in ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Devanagari,
    Thai,
    Hangul,
    /// Kana and ideographs, which Japanese mixes.
    Han,
}

fn script(letter: char) -> Option<Script> {
    Some(match letter {
        'a'..='z' | 'à'..='ö' | 'ø'..='ÿ' => Script::Latin,
        'ά'..='ώ' => Script::Greek,
        'а'..='џ' => Script::Cyrillic,
        'א'..='ת' => Script::Hebrew,
        'ء'..='ي' => Script::Arabic,
        'ऄ'..='ह' | '\u{93e}'..='\u{94d}' => Script::Devanagari,
        'ก'..='\u{e4e}' => Script::Thai,
        '가'..='힣' => Script::Hangul,
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '一'..='鿿' => Script::Han,
        _ => return None,
    })
}

/// Whether a label has the letters of one script. Those of Greek and Cyrillic that look like Latin ones
/// make whole words (`аррӏе`), so they are believed only below a top-level domain of their own.
fn is_of_one_script(label: &[char], top: &[char]) -> bool {
    let one = |text: &[char]| {
        let mut letters = text.iter().filter(|letter| !letter.is_ascii_digit() && **letter != '-');
        let first = script(*letters.next()?)?;
        letters.all(|&letter| script(letter) == Some(first)).then_some(first)
    };
    match one(label) {
        None => false,
        Some(script @ (Script::Greek | Script::Cyrillic)) => one(top) == Some(script),
        Some(_) => true,
    }
}

// When two are the same

/// Names of parameters that only say who sent the reader, as Lobsters has them, and some more.
const TRACKING: [&str; 18] = [
    "ref", "gclid", "fbclid", "sk", "si", "pp", "trk", "linkid", "dclid", "msclkid", "yclid", "twclid",
    "igshid", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi",
];

/// The rules: the scheme, its port, `www.` and a dot at the end of the host do not count; nor do the
/// slashes, `.html`, `/index`, `/index.php` and `/default.aspx` at the end of the path; the parameters'
/// order, and [`TRACKING`] and `utm_…` among them; and the fragment, unless it is a path of its own
/// (`#!…`, `#/…`). Some sites have several addresses for one page: [`of_known_site`].
fn address(host: &str, url: &Url) -> String {
    let host = without_www(host);
    let (path, query) = (essential_path(url.path()), url.query().unwrap_or_default());
    let mut pairs: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !is_tracking(pair)).collect();
    pairs.sort_unstable();
    let mut address = match url.port().filter(|port| ![80, 443].contains(port)) {
        Some(port) => format!("{host}:{port}{path}"),
        None => match of_known_site(host, path, &pairs) {
            Some(known) => return known,
            None => format!("{host}{path}"),
        },
    };
    for (number, pair) in pairs.into_iter().enumerate() {
        address.push(if number == 0 { '?' } else { '&' });
        address.push_str(pair);
    }
    if let Some(fragment) = url.fragment().filter(|fragment| fragment.starts_with(['!', '/'])) {
        address.push('#');
        address.push_str(fragment);
    }
    address
}

/// The host without `www.` or `www2.`.
fn without_www(host: &str) -> &str {
    let mut host = host;
    while let Some((first, rest)) = host.split_once('.') {
        let is_www =
            first.strip_prefix("www").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_www || !rest.contains('.') {
            break;
        }
        host = rest;
    }
    host
}

/// The path without what is at its end and means nothing.
fn essential_path(mut path: &str) -> &str {
    loop {
        let trimmed = path.trim_end_matches('/');
        let ends_with = |ending: &str| {
            let start = trimmed.len().checked_sub(ending.len())?;
            let (stem, end) = trimmed.split_at_checked(start)?;
            end.eq_ignore_ascii_case(ending).then_some(stem)
        };
        let named = |ending| ends_with(ending).filter(|stem: &&str| has_name(stem));
        let stem = ["/index", "/index.php", "/default.aspx"].into_iter().find_map(ends_with);
        match stem.or_else(|| named(".html")).or_else(|| named(".htm")) {
            Some(stem) => path = stem,
            None => return trimmed,
        }
    }
}

/// Whether the last part of a path is there, and does not only mean a folder (`.`, `..`).
fn has_name(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    !last.to_ascii_lowercase().replace("%2e", ".").trim_matches('.').is_empty()
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.contains(&&*name)
}

/// The one address of what some sites have at many.
fn of_known_site(host: &str, path: &str, pairs: &[&str]) -> Option<String> {
    match host {
        "youtu.be" => youtube(path.strip_prefix('/')?),
        "youtube.com" | "m.youtube.com" | "music.youtube.com" | "youtube-nocookie.com" => {
            let in_path = ["/shorts/", "/embed/", "/live/"].iter().find_map(|start| path.strip_prefix(start));
            let in_query =
                || pairs.iter().find_map(|pair| pair.strip_prefix("v=")).filter(|_| path == "/watch");
            youtube(in_path.or_else(in_query)?)
        }
        "twitter.com" | "mobile.twitter.com" | "m.twitter.com" | "mobile.x.com" | "x.com" => {
            // The parameters of a post say how it was shared.
            path.contains("/status/").then(|| format!("x.com{path}"))
        }
        "arxiv.org" | "export.arxiv.org" => {
            let paper = ["/abs/", "/pdf/", "/html/"].iter().find_map(|start| path.strip_prefix(start))?;
            let paper = without_version(paper.strip_suffix(".pdf").unwrap_or(paper));
            let is_number = paper.ends_with(|last: char| last.is_ascii_digit());
            is_number.then(|| format!("arxiv.org/abs/{paper}"))
        }
        "rfc-editor.org" | "datatracker.ietf.org" | "tools.ietf.org" => {
            let document = ["/rfc/rfc", "/info/rfc", "/doc/html/rfc", "/doc/rfc", "/html/rfc"];
            let rest = document.iter().find_map(|start| path.strip_prefix(start))?;
            let number = rest.strip_suffix(".txt").or(rest.strip_suffix(".pdf")).unwrap_or(rest);
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| format!("rfc-editor.org/rfc/rfc{number}"))
        }
        _ => None,
    }
}

fn youtube(video: &str) -> Option<String> {
    let is_id = !video.is_empty()
        && video.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_id.then(|| format!("youtube.com/watch?v={video}"))
}

/// A paper's number without `v2`.
fn without_version(mut paper: &str) -> &str {
    while let Some((stem, version)) = paper.rsplit_once('v') {
        let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        if !is_version || !stem.ends_with(|last: char| last.is_ascii_digit()) {
            break;
        }
        paper = stem;
    }
    paper
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn link(url: &str) -> NewLink {
        parse(url).unwrap_or_else(|why| panic!("{url}: {why}"))
    }

    #[test]
    fn only_pages_of_the_web_at_hosts_with_a_name_are_links() {
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
            (SCHEME, "javascript:alert(1)"),
            (SCHEME, "data:text/html,x"),
            (SCHEME, "ftp://example.com"),
            (SCHEME, "//example.com"),
            (SCHEME, "example.com"),
            (SCHEME, "https:example.com"),
            (SCHEME, "http:/example.com"),
            (SCHEME, "httpé://example.com"),
            (SPACED, "https://example.com/a b"),
            (SPACED, "https://example.com/a\u{a0}b"),
            (SPACED, "https://exa\u{200b}mple.com"),
            (SPACED, "https://example.com/\u{202e}gpj.exe"),
            (SPACED, "https://example.com/\0"),
            (USER, "https://user@example.com"),
            (USER, "https://user:password@example.com"),
            (USER, "https://@example.com"),
            // Found by comparing with what the parser makes of it: it skips the third slash.
            (HOST, "https:///user@example.com"),
            (HOST, "https://\\@example.com"),
            (HOST, "https:///example.com"),
            // Found since such a site could not be asked for.
            (HOST, "https://a\"b.example/"),
            (HOST, "https://a,b.example/"),
            (USER, "https://example.com@evil.example\\@example.com"),
            (HOST, "https://"),
            (HOST, "https:///"),
            (HOST, "https://localhost"),
            (HOST, "https://localhost./"),
            (HOST, "https://intranet/wiki"),
            (HOST, "https://."),
            (HOST, "https://a..example"),
            (HOST, "https://127.0.0.1/"),
            (HOST, "https://0x7f.1/"),
            (HOST, "https://2130706433/"),
            (HOST, "https://[::1]/"),
            (HOST, "https://example.com:99999/"),
            (HOST, "https://exa%00mple.com/"),
            (HOST, "https://exa|mple.com/"),
            (HOST, "https://xn--zz.example/"),
        ] {
            assert_eq!(parse(bad), Err(why), "{bad}");
        }
        let long = |bytes: usize| format!("https://example.com/{}", "a".repeat(bytes - 20));
        assert!(parse(&long(2000)).is_ok());
        assert_eq!(parse(&long(2001)), Err(LONG));
        assert_eq!(parse(&format!("https://{}example.com", "a.".repeat(130))), Err(HOST));
        // Found since what is shown of a name without a dot in its last hundred letters could not be asked for.
        let ending = |bytes: usize| format!("https://example.{}/", "a".repeat(bytes));
        assert!(parse(&ending(63)).is_ok());
        assert_eq!(parse(&ending(64)), Err(HOST));
        assert_eq!(parse(&ending(106)), Err(HOST));
    }

    #[test]
    fn the_site_is_the_host_and_where_many_share_one_whose_page_it_is() {
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
            // Found since these could not be asked for: a vowel that is no letter, and a second `www.`.
            ("https://हिन्दी.example/", "हिन्दी.example"),
            ("https://ที่ไทย.example/", "ที่ไทย.example"),
            ("https://www.www.a.example/", "a.example"),
            // Another script's letters among Latin ones, and in their place.
            ("https://pаypal.example/", "xn--pypal-4ve.example"),
            ("https://аррӏе.com/", "xn--80ak6aa92e.com"),
            ("https://раураӏ.com/", "xn--80aa0cbo65f.com"),
            (&long_host, &format!("…{}example.com", &"abcdefghi.".repeat(12)[120 - 88..])),
        ] {
            let link = link(url);
            assert_eq!(link.site, site, "{url}");
            assert!(link.site.chars().count() <= MAX_SITE);
            assert_eq!(asked_site(&link.site), Some(link.site), "it can be asked for");
        }
        let whose = "a".repeat(200);
        assert_eq!(link(&format!("https://github.com/{whose}")).site, "github.com");
    }

    #[test]
    fn a_site_that_cannot_be_one_is_not_asked_for() {
        assert_eq!(asked_site(" GitHub.com/Rust-Lang "), Some("github.com/rust-lang".to_owned()));
        assert_eq!(asked_site("www.The-Daily.example"), Some("the-daily.example".to_owned()));
        assert_eq!(asked_site("www.com"), Some("www.com".to_owned()));
        let long = format!("{}.example", "a".repeat(93));
        for text in ["", " ", "example", "a b.example", "<b>.example", "a.example?", "a\0.example", &long] {
            assert_eq!(asked_site(text), None, "{text:?}");
        }
    }

    /// Each line: addresses of one page, and then one that is another's.
    const SAME: [(&[&str], &str); 16] = [
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
                "https://example.com/a?utm_source=x&x=1&UTM_medium=y&gclid=1&fbclid=2&ref=hn&si=3",
            ],
            "https://example.com/a?x=1&reference=2",
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
    fn addresses_of_one_page_are_one_and_those_of_two_are_two() {
        for (same, other) in SAME {
            for url in same {
                assert_eq!(link(url).address, link(same[0]).address, "{url}");
            }
            assert_ne!(link(other).address, link(same[0]).address, "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_does_not_count_changes_nothing(
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
