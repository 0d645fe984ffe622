//! The address of a link: a key by which links are compared.

mod fragment;
mod tracking;

use std::borrow::Cow;

use url::Url;

/// The address of a URL with this host, see [`NewLink::address`](super::NewLink::address). Left out are the
/// scheme and its port, `www.` and a dot at the end of the host; the slashes, `.html`, `/index`, `/index.php`
/// and `/default.aspx` at the end of the path; the order of the parameters, and those that only say where a
/// reader comes from; and the fragment, unless it is the [document](fragment::document). Percent-encoding is
/// in normal form (RFC 3986 §6.2.2). Some sites have several addresses for one page: [`known_address`].
pub(super) fn address(host: &str, url: &Url) -> String {
    let host = strip_numbered_www(host);
    let (path, query) = (normal_form(url.path()), normal_form(url.query().unwrap_or_default()));
    let path = essential_path(&path);
    let mut pairs: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !tracking::is_tracking(host, pair)).collect();
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
    let fragment = normal_form(url.fragment().unwrap_or_default());
    if let Some(document) = fragment::document(&fragment) {
        address.push('#');
        address.push_str(&document);
    }
    address
}

/// The normal form of percent-encoding (RFC 3986 §6.2.2): hexadecimal digits in upper case, and no encoded
/// character that needs no encoding: letters, digits, `-`, `.`, `_` and `~`.
fn normal_form(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                normal.push(char::from(byte));
                rest = &after[2..];
            }
            Some(byte) => {
                normal.push_str(&format!("%{byte:02X}"));
                rest = &after[2..];
            }
            None => {
                normal.push('%');
                rest = after;
            }
        }
    }
    normal.push_str(rest);
    Cow::Owned(normal)
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
    !last.trim_matches('.').is_empty()
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
