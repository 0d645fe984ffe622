//! The title of an HTML page, of which the beginning is known.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use quick_xml::escape::resolve_html5_entity;

use crate::text::is_control;

/// The end tag of a title.
pub(super) const END: &[u8] = b"</title";
/// The most bytes at the beginning in which a page declares its encoding (HTML standard, "Determining the character encoding").
const MAX_DECLARATION_BYTES: usize = 1024;
/// The most characters of a name or number between `&` and `;`.
const MAX_ENTITY_CHARS: usize = 32;

/// Whether a title ends in these bytes.
pub(super) fn has_end(page: &[u8]) -> bool {
    position(page, END).is_some()
}

/// The title on one line, without control characters; `None`: there is none, or it is blank.
pub(super) fn title(page: &[u8], content_type: &str) -> Option<String> {
    let text = decoded(page, content_type);
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &text.as_bytes()[at..]) {
        at += found;
        let rest = &text[at..];
        // What is in these is no markup.
        let skipped = if rest.starts_with("<!--") {
            rest.find("-->")?
        } else if begins(rest, "<script") {
            position(rest.as_bytes(), b"</script")?
        } else if begins(rest, "<style") {
            position(rest.as_bytes(), b"</style")?
        } else if begins(rest, "<title") {
            let content = &rest[rest.find('>')? + 1..];
            return on_one_line(&content[..position(content.as_bytes(), END)?]);
        } else {
            0
        };
        at += skipped.max(1);
    }
    None
}

/// Whether a tag with this beginning stands here, and not one with a longer name.
fn begins(rest: &str, tag: &str) -> bool {
    let is_tag = rest.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    is_tag
        && rest[tag.len()..].starts_with(|letter: char| letter.is_whitespace() || matches!(letter, '>' | '/'))
}

/// The position of an ASCII text, in any case.
fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'<', text)
        .find(|&at| text[at..].get(..wanted.len()).is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
}

/// The text of a page: in the encoding of its byte order mark, of its header or of its declaration, else in UTF-8, else in the
/// encoding of most old pages.
fn decoded(page: &[u8], content_type: &str) -> String {
    let declared = || {
        let beginning = &page[..page.len().min(MAX_DECLARATION_BYTES)];
        let encoding = charset(&String::from_utf8_lossy(beginning))?;
        // The declaration could be read, so this is not UTF-16.
        Some(if [UTF_16BE, UTF_16LE].contains(&encoding) { UTF_8 } else { encoding })
    };
    let fallback = || {
        // The page may be cut within a character.
        let is_utf_8 = match std::str::from_utf8(page) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        };
        if is_utf_8 { UTF_8 } else { WINDOWS_1252 }
    };
    let of_mark = Encoding::for_bom(page).map(|(encoding, _)| encoding);
    let encoding = of_mark.or_else(|| charset(content_type)).or_else(declared).unwrap_or_else(fallback);
    encoding.decode(page).0.into_owned()
}

/// The encoding that stands behind `charset=`.
fn charset(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let value = lower.split("charset").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let value = value.trim_start_matches(['"', '\'']);
    let end =
        value.find(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ';' | '>' | '/'));
    Encoding::for_label(&value.as_bytes()[..end.unwrap_or(value.len())])
}

fn on_one_line(title: &str) -> Option<String> {
    let text: String =
        unescaped(title).chars().filter(|letter| letter.is_whitespace() || !is_control(*letter)).collect();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!crate::text::is_blank(&line)).then_some(line)
}

/// The text with characters in place of `&amp;`, `&#39;` and the like. What is no reference stays.
fn unescaped(text: &str) -> String {
    let (mut written, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        written.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let name = rest
            .char_indices()
            .take(MAX_ENTITY_CHARS)
            .find(|(_, letter)| *letter == ';')
            .map(|(end, _)| &rest[..end]);
        match name.and_then(|name| Some((name, character(name)?))) {
            Some((name, character)) => {
                written.push_str(&character);
                rest = &rest[name.len() + 1..];
            }
            None => written.push('&'),
        }
    }
    written.push_str(rest);
    written
}

/// The characters of a reference.
fn character(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        return resolve_html5_entity(name).map(str::to_owned);
    };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(number).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_is_found_decoded_and_on_one_line() {
        for (page, expected) in [
            ("<title>One &amp; two</title>", Some("One & two")),
            ("<!DOCTYPE html><HTML><HEAD><TITLE lang=en>\n One\n  two </TITLE>", Some("One two")),
            (
                "<title>&lt;b&gt; &#39;&#x2014;&eacute; &nbsp; &unknown; & AT&T;</title>",
                Some("<b> '—é &unknown; & AT&T;"),
            ),
            ("<!-- <title>no</title> --><title>yes</title>", Some("yes")),
            ("<script>'<title>no</title>'</script><title>yes</title>", Some("yes")),
            ("<titles>no</titles><title>yes</title><title>no</title>", Some("yes")),
            ("<title>a\u{0}b\u{202e}c</title>", Some("abc")),
            ("<title> \u{200b} </title>", None),
            ("<title></title>", None),
            ("<title>without an end", None),
            ("no title", None),
            ("", None),
        ] {
            assert_eq!(title(page.as_bytes(), "text/html").as_deref(), expected, "{page}");
        }
    }

    #[test]
    fn a_title_is_read_in_the_encoding_of_its_page() {
        for (page, content_type, expected) in [
            (&b"<title>caf\xc3\xa9</title>"[..], "text/html", "café"),
            (b"<title>caf\xe9</title>", "text/html", "café"),
            (b"<title>caf\xe9</title>", "text/html; charset=ISO-8859-1", "café"),
            (b"<meta charset=\"koi8-r\"><title>\xf4\xc5\xd3\xd4</title>", "text/html", "Тест"),
            (b"<meta http-equiv=content-type content='text/html; charset=shift_jis'><title>\x83e\x83X\x83g</title>", "text/html", "テスト"),
            (b"<meta charset=utf-16><title>caf\xc3\xa9</title>", "text/html", "café"),
            (b"\xef\xbb\xbf<title>caf\xc3\xa9</title>", "text/html; charset=latin1", "café"),
            (b"<title>caf\xc3\xa9</title>", "text/html; charset=nonsense", "café"),
            (b"\xff\xfe<\0t\0i\0t\0l\0e\0>\0a\0<\0/\0t\0i\0t\0l\0e\0>\0", "text/html", "a"),
        ] {
            assert_eq!(title(page, content_type).as_deref(), Some(expected), "{content_type}");
        }
    }

    /// With quadratic time one of these would take minutes: the test is that it ends.
    #[test]
    fn a_page_of_any_pattern_takes_linear_time() {
        for piece in
            ["<", "<title", "<title>", "<!--", "<script>", "&", "&#", "<titlE ", "</title", "charset="]
        {
            let page = piece.repeat(256 * 1024 / piece.len());
            title(page.as_bytes(), "text/html");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_title_on_one_line_or_none(before in ".{0,40}", inside in proptest::collection::vec(any::<u8>(), 0..200)) {
            let page = [before.as_bytes(), b"<title>", &inside, b"</title>"].concat();
            if let Some(title) = title(&page, "text/html") {
                prop_assert!(!title.is_empty() && !title.contains(is_control), "{title:?}");
                prop_assert_eq!(title.trim(), &title);
            }
        }
    }
}
