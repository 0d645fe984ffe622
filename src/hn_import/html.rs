//! The HTML of Hacker News' texts as this site's markup.

use crate::markup::begins_with_mark;

/// Translates a text: paragraphs, emphasis, code and links become marks, entities become characters, and characters that
/// would be marks get a backslash. Other tags are left out, their texts stay. Time is linear in the length.
#[must_use]
pub fn to_markup(html: &str) -> String {
    let mut out = Writer { text: String::with_capacity(html.len()), starts: Vec::new(), is_code: false };
    let mut rest = html;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        out.write(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = memchr::memchr(b'>', rest.as_bytes()) else {
            break;
        };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(address) = href(tag) {
            let end = rest.find("</a>").unwrap_or(rest.len());
            out.link(&decoded(address), &decoded(&without_tags(&rest[..end])));
            rest = rest[end..].strip_prefix("</a>").unwrap_or_default();
        } else {
            out.tag(tag);
        }
    }
    out.write(rest);
    out.finish()
}

/// A text with its entities as characters: `&#x2F;` is `/`. An unknown entity stays as it is.
#[must_use]
pub fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest known one has 8 letters.
        let end = rest.bytes().take(10).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, character(&rest[1..end])?))) {
            Some((end, letter)) => {
                out.push(letter);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|letter| *letter != '\0');
    }
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => None,
    }
}

/// The address of a tag that begins a link to the web.
fn href(tag: &str) -> Option<&str> {
    let rest = tag.strip_prefix("a ")?;
    let value = &rest[rest.find("href=\"")? + "href=\"".len()..];
    let value = &value[..value.find('"')?];
    let is_web = ["http:", "https:"].iter().any(|scheme| value.starts_with(scheme));
    is_web.then_some(value)
}

fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut is_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            _ if !is_tag => out.push(letter),
            _ => {}
        }
    }
    out
}

struct Writer {
    text: String,
    /// Where lines begin that are words, and so may not begin with a mark.
    starts: Vec<usize>,
    is_code: bool,
}

impl Writer {
    fn tag(&mut self, tag: &str) {
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        match (name.to_ascii_lowercase().as_str(), tag.starts_with('/')) {
            ("p", false) => self.paragraph(),
            ("pre", false) => {
                self.paragraph();
                self.is_code = true;
            }
            ("pre", true) => {
                self.is_code = false;
                self.paragraph();
            }
            ("i" | "em", _) if !self.is_code => self.words("*"),
            ("code", _) if !self.is_code => self.words("`"),
            ("br", _) => self.text.push('\n'),
            ("li", false) => {
                self.paragraph();
                self.text.push_str("- ");
            }
            ("blockquote", false) => {
                self.paragraph();
                self.text.push_str("> ");
            }
            _ => {}
        }
    }

    /// Ends a paragraph, unless none has begun.
    fn paragraph(&mut self) {
        self.text.truncate(self.text.trim_end_matches([' ', '\n']).len());
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
    }

    fn is_at_line_start(&self) -> bool {
        self.text.is_empty() || self.text.ends_with('\n')
    }

    fn write(&mut self, html: &str) {
        let text = decoded(html);
        if self.is_code {
            return self.code(&text);
        }
        for (at, letter) in text.char_indices() {
            match letter {
                letter if letter.is_whitespace() && letter != '\u{a0}' => {
                    // A line break between blocks, or a blank before which a line would be code.
                    if !self.is_at_line_start() {
                        self.text.push(' ');
                    }
                }
                '*' | '`' | '[' => {
                    self.words("\\");
                    self.text.push(letter);
                }
                _ => self.words(&text[at..at + letter.len_utf8()]),
            }
        }
    }

    /// Adds words to the line.
    fn words(&mut self, words: &str) {
        if self.is_at_line_start() {
            self.starts.push(self.text.len());
        }
        self.text.push_str(words);
    }

    /// The text, with a backslash before each mark with which words begin.
    fn finish(self) -> String {
        let text = self.text.trim_end();
        let mut out = String::with_capacity(text.len());
        let mut written = 0;
        for start in self.starts.into_iter().filter(|start| *start < text.len()) {
            out.push_str(&text[written..start]);
            written = start;
            let line = text[start..].split('\n').next().unwrap_or_default();
            if begins_with_mark(line) {
                out.push('\\');
            }
        }
        out.push_str(&text[written..]);
        out.trim_matches('\n').to_owned()
    }

    /// Lines of code, which begin with two blanks.
    fn code(&mut self, text: &str) {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.text.push('\n');
            }
            if self.is_at_line_start() && !line.is_empty() && !line.starts_with("  ") {
                self.text.push_str("  ");
            }
            self.text.push_str(line);
        }
    }

    fn link(&mut self, address: &str, shown: &str) {
        let is_plain = !address.contains(|letter: char| letter.is_whitespace() || "<>\"`\\".contains(letter));
        // Hacker News shows the beginning of a long address, and three dots.
        let is_itself = address.starts_with(shown.trim_end_matches("...").trim_end_matches('…'));
        if self.is_code || !is_plain {
            self.text.push_str(address);
        } else if is_itself || shown.contains(['[', ']', '\n', '\\']) || shown.contains("://") {
            if address.ends_with(|letter: char| letter.is_alphanumeric() || letter == '/') {
                self.text.push_str(address);
            } else {
                self.text.extend(["<", address, ">"]);
            }
        } else if address.contains(['(', ')']) {
            self.text.extend([shown, " <", address, ">"]);
        } else {
            self.text.extend(["[", shown, "](", address, ")"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::markup::Markup;
    use horrorshow::Template;

    #[test]
    fn html_becomes_markup() {
        for (html, markup) in [
            ("One<p>Two <i>three</i>", "One\n\nTwo *three*"),
            ("<p>One</p><p>Two</p>", "One\n\nTwo"),
            ("a * b &lt;c&gt; &amp; [d] `e`", "a \\* b <c> & \\[d] \\`e\\`"),
            ("&gt; quoted<p>- item", "\\> quoted\n\n\\- item"),
            (
                "See <a href=\"https:&#x2F;&#x2F;a.example&#x2F;b\" rel=\"nofollow\">https:&#x2F;&#x2F;a.example&#x2F;b</a>.",
                "See https://a.example/b.",
            ),
            ("<a href=\"https://a.example/long?x\">https://a.exam...</a>", "https://a.example/long?x"),
            ("<a href=\"https://a.example/\">there</a>", "[there](https://a.example/)"),
            ("<a href=\"javascript:alert(1)\">there</a>", "there"),
            (
                "Code:<p><pre><code>  if x &lt; 1 {\n    *y\n  }\n</code></pre>\nEnd",
                "Code:\n\n  if x < 1 {\n    *y\n  }\n\nEnd",
            ),
            ("&bogus; &#0; &#xd800; &", "&bogus; &#0; &#xd800; &"),
            ("a <unclosed", "a <unclosed"),
            (" * &gt;", "\\* >"),
            ("<p> - item", "\\- item"),
            ("- *<p>1. <i>one</i>", "\\- \\*\n\n\\1. *one*"),
            ("<ul><li>- one</ul>", "- - one"),
        ] {
            assert_eq!(to_markup(html), markup, "{html}");
        }
    }

    proptest! {
        #[test]
        fn plain_text_shows_its_letters(text in "[a-z*`>\\[\\] -]{0,40}") {
            let markup = to_markup(&text.replace('>', "&gt;"));
            let html = Markup(&markup).into_string().expect("it renders");
            let shown = decoded(&without_tags(&html));
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&shown), letters(&text), "{}", markup);
        }
    }
}
