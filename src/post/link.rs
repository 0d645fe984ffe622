//! Links of posts: the accepted URLs, the site to show for each, and a key for URLs that lead to one page.

use icu_properties::props::Script;
use idna::uts46::{AsciiDenyList, Hyphens, Uts46};
use unicode_normalization::char::is_combining_mark;
use url::{Host, Url};

use crate::text::is_invisible;

/// The most bytes of a URL: a longer one carries data rather than an address.
pub const MAX_BYTES: usize = 2000;
/// The most bytes of a host name (RFC 1035, 2.3.4).
const MAX_HOST_BYTES: usize = 253;
/// The most bytes of a host name's label, the part between two dots (RFC 1035, 2.3.4).
const MAX_LABEL_BYTES: usize = 63;
/// The most characters of [`NewLink::site`].
pub const MAX_SITE_CHARS: usize = 100;

/// An accepted link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The URL as it was given.
    pub url: String,
    /// The site to show behind the title: the host without `www.`, with the first part of the path where many
    /// people share a host. In lower case, at most [`MAX_SITE_CHARS`] characters.
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

/// Reads a URL as browsers do (<https://url.spec.whatwg.org>).
///
/// # Errors
/// A sentence for the form that says what is wrong. A host must be a name with a dot: an address by number,
/// or a name without a dot, leads into the network of the reader who follows the link.
pub fn parse(given: &str) -> Result<NewLink, &'static str> {
    let rest = strip_scheme(given).ok_or(BAD_SCHEME)?;
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
    let url = Url::parse(given).map_err(|_| BAD_HOST)?;
    let Some(Host::Domain(host)) = url.host() else {
        return Err(BAD_HOST);
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    // Browsers also look up hosts such as `a"b.example`, but no such name can be registered.
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| (1..=MAX_LABEL_BYTES).contains(&label.len()) && label.bytes().all(is_known);
    if !(host.contains('.') && host.len() <= MAX_HOST_BYTES && host.split('.').all(is_label)) {
        return Err(BAD_HOST);
    }
    Ok(NewLink { url: given.to_owned(), site: site(host, url.path()), address: address(host, &url) })
}

/// The rest after `http://` or `https://`. The parser supplies a missing slash; a browser that finds such a
/// URL on a page does not.
fn strip_scheme(url: &str) -> Option<&str> {
    ["http://", "https://"].into_iter().find_map(|scheme| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// Reads a site that a client names, in the form of [`NewLink::site`]; `None` if no link can have such a
/// site.
#[must_use]
pub fn parse_site(text: &str) -> Option<String> {
    let site = text.trim().to_lowercase();
    let fits = site.contains('.') && site.chars().count() <= MAX_SITE_CHARS;
    // Combining marks are vowels in some scripts.
    let is_plain = |letter: char| {
        letter.is_alphanumeric()
            || is_combining_mark(letter)
            || matches!(letter, '.' | '-' | '_' | '~' | '@' | '/' | '…')
    };
    (fits && site.chars().all(is_plain)).then(|| strip_www(&site).to_owned())
}

// The site

/// Hosts where the first part of the path names the owner of a page. The last one is for the demo data: RFC
/// 2606 reserves it, so no link of the demo leads to a real site.
const SHARED_HOSTS: [&str; 15] = [
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

/// A host without `www.`, unless that leaves no host with a dot.
fn strip_www(mut host: &str) -> &str {
    while let Some(rest) = host.strip_prefix("www.").filter(|rest| rest.contains('.')) {
        host = rest;
    }
    host
}

fn site(host: &str, path: &str) -> String {
    let host = strip_www(host);
    if SHARED_HOSTS.contains(&host)
        && let Some(owner) = path.split('/').nth(1)
        && !owner.is_empty()
        && host.len() + 1 + owner.len() <= MAX_SITE_CHARS
        && owner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte))
    {
        return format!("{host}/{}", owner.to_ascii_lowercase());
    }
    let shown = readable(host);
    match shown.char_indices().rev().nth(MAX_SITE_CHARS - 1) {
        // The end of a host name names its owner.
        Some((start, _)) if start > 0 => {
            format!("…{}", shown[start..].chars().skip(1).collect::<String>())
        }
        _ => shown,
    }
}

/// The host in Unicode, except labels that could pass for others: those stay in their ASCII form (`xn--…`).
fn readable(host: &str) -> String {
    let is_plain = |label: &[char], top: &[char], _: bool| has_one_script(label, top);
    let (shown, sound) =
        Uts46::new().to_user_interface(host.as_bytes(), AsciiDenyList::URL, Hyphens::Allow, is_plain);
    if sound.is_ok() { shown.into_owned() } else { host.to_owned() }
}

/// The script of a letter that may be shown, with kana as `Han`, because Japanese mixes them. A label with
/// any other letter is shown in ASCII.
///
/// The ranges are the alphabets' basic letters, and narrower than Unicode's scripts: `ɑ`, `ɡ` and `ı` are
/// Latin, too, so a label could pass for another one of its own script.
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

/// Whether all letters of a label are of one script. Greek and Cyrillic letters that look like Latin ones
/// make whole words (`аррӏе`), so a label in these scripts counts only below a top-level domain in the same
/// script.
fn has_one_script(label: &[char], top: &[char]) -> bool {
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

// The address

/// Query parameters that only say where the reader comes from: those that Lobsters strips, and some more.
const TRACKING_PARAMETERS: [&str; 18] = [
    "ref", "gclid", "fbclid", "sk", "si", "pp", "trk", "linkid", "dclid", "msclkid", "yclid", "twclid",
    "igshid", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi",
];

/// [`NewLink::address`] of a URL. Left out are the scheme and its port, `www.` and a dot at the end of the
/// host; the slashes, `.html`, `/index`, `/index.php` and `/default.aspx` at the end of the path; the order
/// of the parameters, [`TRACKING_PARAMETERS`] and `utm_…`; and the fragment, unless it is a path of its own
/// (`#!…`, `#/…`). Some sites have several addresses for one page: [`known_address`].
fn address(host: &str, url: &Url) -> String {
    let host = strip_numbered_www(host);
    let (path, query) = (essential_path(url.path()), url.query().unwrap_or_default());
    let mut pairs: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !is_tracking(pair)).collect();
    pairs.sort_unstable();
    let mut address = match url.port().filter(|port| ![80, 443].contains(port)) {
        Some(port) => format!("{host}:{port}{path}"),
        None => match known_address(host, path, &pairs) {
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

/// A host without `www.`, `www2.` and so on, unless that leaves no host with a dot.
fn strip_numbered_www(host: &str) -> &str {
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

/// A path without the slashes and the default file names at its end.
fn essential_path(mut path: &str) -> &str {
    loop {
        let trimmed = path.trim_end_matches('/');
        let ends_with = |ending: &str| {
            let start = trimmed.len().checked_sub(ending.len())?;
            let (stem, end) = trimmed.split_at_checked(start)?;
            end.eq_ignore_ascii_case(ending).then_some(stem)
        };
        let named = |ending| ends_with(ending).filter(|stem: &&str| has_file_name(stem));
        let stem = ["/index", "/index.php", "/default.aspx"].into_iter().find_map(ends_with);
        match stem.or_else(|| named(".html")).or_else(|| named(".htm")) {
            Some(stem) => path = stem,
            None => return trimmed,
        }
    }
}

/// Whether the last part of a path is neither empty nor a folder (`.`, `..`).
fn has_file_name(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    !last.to_ascii_lowercase().replace("%2e", ".").trim_matches('.').is_empty()
}

fn is_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING_PARAMETERS.contains(&&*name)
}

/// The address of a page on a site that has several URLs for one page.
fn known_address(host: &str, path: &str, pairs: &[&str]) -> Option<String> {
    match host {
        "youtu.be" => youtube_address(path.strip_prefix('/')?),
        "youtube.com" | "m.youtube.com" | "music.youtube.com" | "youtube-nocookie.com" => {
            let in_path = ["/shorts/", "/embed/", "/live/"].iter().find_map(|start| path.strip_prefix(start));
            let in_query =
                || pairs.iter().find_map(|pair| pair.strip_prefix("v=")).filter(|_| path == "/watch");
            youtube_address(in_path.or_else(in_query)?)
        }
        "twitter.com" | "mobile.twitter.com" | "m.twitter.com" | "mobile.x.com" | "x.com" => {
            // The parameters of a post only say how it was shared.
            path.contains("/status/").then(|| format!("x.com{path}"))
        }
        "arxiv.org" | "export.arxiv.org" => {
            let paper = ["/abs/", "/pdf/", "/html/"].iter().find_map(|start| path.strip_prefix(start))?;
            let paper = strip_version(paper.strip_suffix(".pdf").unwrap_or(paper));
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

fn youtube_address(video: &str) -> Option<String> {
    let is_id = !video.is_empty()
        && video.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_id.then(|| format!("youtube.com/watch?v={video}"))
}

/// A paper's number without its version, such as `v2`.
fn strip_version(mut paper: &str) -> &str {
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
    use icu_properties::props::EnumeratedProperty;
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
            (BAD_SCHEME, "example.com"),
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
            assert_eq!(parse_site(&link.site), Some(link.site), "it can be requested");
        }
        let owner = "a".repeat(200);
        assert_eq!(link(&format!("https://github.com/{owner}")).site, "github.com");
    }

    #[test]
    fn a_letter_has_the_script_that_unicode_says() {
        // Marks that several scripts share, a sign, and places in the Thai block that no character has.
        let exceptions = ['ـ', 'ー', '฿', '\u{e3b}', '\u{e3c}', '\u{e3d}', '\u{e3e}'];
        for letter in ('\0'..=char::MAX).filter(|letter| !exceptions.contains(letter)) {
            let of_unicode = match Script::for_char(letter) {
                Script::Hiragana | Script::Katakana => Script::Han,
                script => script,
            };
            assert!(script(letter).is_none_or(|script| script == of_unicode), "{letter:?}");
        }
        for letter in ['ɑ', 'ɡ', 'ı', 'ß', 'ҽ', 'ἀ', '٠', '๑', '0', '-', '֊'] {
            assert!(script(letter).is_none(), "{letter:?}");
        }
    }

    #[test]
    fn a_site_that_no_link_can_have_is_refused() {
        assert_eq!(parse_site(" GitHub.com/Rust-Lang "), Some("github.com/rust-lang".to_owned()));
        assert_eq!(parse_site("www.The-Daily.example"), Some("the-daily.example".to_owned()));
        assert_eq!(parse_site("www.com"), Some("www.com".to_owned()));
        let long = format!("{}.example", "a".repeat(93));
        for text in ["", " ", "example", "a b.example", "<b>.example", "a.example?", "a\0.example", &long] {
            assert_eq!(parse_site(text), None, "{text:?}");
        }
    }

    /// Groups of URLs that lead to one page, each with a URL that leads to another.
    const EQUIVALENT: [(&[&str], &str); 16] = [
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
