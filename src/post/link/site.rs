//! The site of a link: what stands behind a title, what `/from` lists, and what `site:` searches for.

use icu_properties::props::Script;
use idna::uts46::{AsciiDenyList, Hyphens, Uts46};
use unicode_normalization::char::is_combining_mark;
use url::{Host, Url};

use super::host::{is_host_name, strip_scheme};

/// The most characters of a site.
pub const MAX_SITE_CHARS: usize = 100;

/// Reads a site that a client names: the site itself, or an address of one of its pages, with or without a
/// scheme, a port, a path, and in ASCII or not. `None` if no link can have such a site.
#[must_use]
pub fn parse(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('…') {
        // The end of a host that is too long to be shown whole.
        let is_end = |site: &String| site.chars().count() == MAX_SITE_CHARS && !site.contains('/');
        return is_plain(rest).then(|| text.to_lowercase()).filter(is_end);
    }
    let rest = strip_scheme(text).unwrap_or(text);
    // A browser skips further slashes, and takes the text before `@` for a user.
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return None;
    }
    let url = Url::parse(&format!("https://{rest}")).ok()?;
    let Some(Host::Domain(host)) = url.host() else {
        return None;
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    is_host_name(host).then(|| site(host, url.path()))
}

/// The host of a site that names an owner on a host that several share.
#[must_use]
pub fn shared_host(site: &str) -> Option<&str> {
    site.split_once('/').map(|(host, _)| host)
}

/// Whether the site is a host that several owners share, without an owner.
#[must_use]
pub fn is_shared_host(site: &str) -> bool {
    SHARED_HOSTS.contains(&site)
}

fn is_plain(site: &str) -> bool {
    site.chars().all(|letter| {
        // Combining marks are vowels in some scripts.
        letter.is_alphanumeric()
            || is_combining_mark(letter)
            || matches!(letter, '.' | '-' | '_' | '~' | '@' | '/' | '…')
    })
}

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

/// The site of a URL with this host, which is in ASCII and in lower case, and this path.
pub(super) fn site(host: &str, path: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use icu_properties::props::EnumeratedProperty;

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
}
