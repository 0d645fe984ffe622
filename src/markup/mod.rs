//! Users' text as HTML: Hacker News' formatting, everything else escaped.

mod address;
pub mod cut;

use std::ops::Range;

use horrorshow::{Render, TemplateBuffer};

use self::address::{bare, ends_delimited, without_tail};
use crate::html::render_by_reference;
use crate::html::text::{Text, escaped_length};
use crate::text::{floor_boundary, has_no_blanks, has_right_to_left};

/// The most characters of an address that are shown, about a line; `…` replaces the rest.
pub const MAX_ADDRESS_CHARS: usize = 60;

/// The help text beside a form.
pub const FORMATTING: &str = "Blank line: new paragraph. *Asterisks*: italics. Two leading spaces: code.";

/// Renders a text by the rules of <https://news.ycombinator.com/formatdoc>, in full:
///
/// - A line ends with LF, CRLF or CR. A blank line (whitespace only) begins a new paragraph; any other line
///   break is kept.
/// - `*text*` is emphasised, across line breaks too, if neither star has whitespace on its inner side and
///   both are in one paragraph. Emphasis does not nest: the first star that can close it does. `\*` and `**`
///   are a star, and so is a star without a partner.
/// - After a blank line or at the start, lines indented by two spaces or a tab are code, verbatim, with the
///   blank lines between them.
/// - `http://` and `https://`, in any case, not after a letter or digit (except of a script that puts no blanks
///   between words), and before a host that begins with one (so not before an IPv6 address in brackets), begin
///   a link. It ends before whitespace, control
///   characters, bidirectional formatting characters, double quotes, backquotes, `<`, `>` and `\`; before a
///   `)`, `]` or `}` that it does not open; and before punctuation of scripts that put no blank after it, such
///   as `。`, `」`, `؟` and `।`. It excludes `.` `,` `;` `:` `!` `?` `'` `’` `…` `*` at its end. So stars inside
///   the address belong to it, and the star after it closes emphasis. `<http://…>` links everything up to the
///   bracket. At most [`MAX_ADDRESS_CHARS`] characters are shown.
///
/// Tags: `p em pre code a br`; attributes: `dir` on a `p` with letters that are read from right to left,
/// `tabindex` on `pre`, so that it can be scrolled by keyboard, `href` and `rel` on `a`. Time is linear in the length of the text, and nothing but the output is allocated.
///
/// The output is at most ten times as long plus 40 bytes for the first tags, and at most
/// [`MAX_MARKUP_BYTES`] if the text's characters alone do not take more (65,536 characters take 320 KiB at
/// most). A long text of almost nothing but markup would exceed that: where it does, the remaining addresses,
/// stars and indented lines stay plain text.
pub struct Markup<'t>(pub &'t str);

impl Render for Markup<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        write(self.0, spare(self.0), out);
    }
}

render_by_reference!(Markup<'_>);

/// The most bytes of a rendered text. The longest text of a post and the frame of its page stay below
/// [`MAX_PAGE_BYTES`](crate::html::size::MAX_PAGE_BYTES).
pub const MAX_MARKUP_BYTES: usize = 440 * 1024;

/// The most bytes to which a text of `bytes` bytes renders, see [`Markup`].
#[must_use]
pub fn most(bytes: usize) -> usize {
    10 * bytes + 40
}

/// The bytes of tags around an address, with the `…` of one that is cut.
const LINK_BYTES: usize = 46;
/// The bytes of `<em></em>`.
const EMPHASIS_BYTES: usize = 9;
/// The bytes of the tags around code.
const CODE_BYTES: usize = 37;

/// The attribute of a paragraph with letters that are read from right to left: the first letter decides in which
/// direction the paragraph is read. Others have the direction of the page without it.
const DIRECTION: &str = r#" dir="auto""#;

/// The bytes that a text may take beyond those of the rendering without links, emphasis and code: without
/// limit, unless the text is so long that it could exceed [`MAX_MARKUP_BYTES`].
fn spare(text: &str) -> usize {
    if most(text.len()) <= MAX_MARKUP_BYTES {
        return usize::MAX;
    }
    let breaks = memchr::memchr2_iter(b'\n', b'\r', text.as_bytes()).count();
    let directions =
        (Lines { text, at: 0 }).filter(|(_, line)| has_right_to_left(line)).count() * DIRECTION.len();
    let plain = "<p></p>".len() + escaped_length(text) + breaks * ("<br>".len() - 1) + directions;
    MAX_MARKUP_BYTES.saturating_sub(plain)
}

/// Takes `bytes` from `spare`; `false`: there are not as many.
fn spend(spare: &mut usize, bytes: usize) -> bool {
    spare.checked_sub(bytes).map(|left| *spare = left).is_some()
}

/// Receives the rendering of a text.
trait Sink {
    /// Receives markup.
    fn raw(&mut self, markup: &str);
    /// Receives text between tags, to be escaped.
    fn text(&mut self, text: &str);
    /// Receives the value of an attribute, to be escaped.
    fn value(&mut self, value: &str);
    /// Hears that the rendering of the text up to byte `at` is complete but for closing tags, and that a block
    /// or a line begins there. Returns whether to stop.
    fn begins(&mut self, _at: usize, _part: Part) -> bool {
        false
    }
}

/// A part of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A paragraph or code.
    Block,
    /// A further line of a block.
    Line,
}

impl Sink for TemplateBuffer<'_> {
    fn raw(&mut self, markup: &str) {
        self.write_raw(markup);
    }

    fn text(&mut self, text: &str) {
        Text(text).render(self);
    }

    fn value(&mut self, value: &str) {
        self.write_str(value); // horrorshow's escaping covers quotes.
    }
}

/// Renders a text, see [`Markup`], with at most `spare` bytes of markup that could be left out.
fn write(text: &str, mut spare: usize, out: &mut impl Sink) {
    let mut lines = Lines { text, at: 0 };
    let mut paragraph: Option<Paragraph> = None;
    let is_ascii = text.is_ascii();
    while let Some((at, line)) = lines.next() {
        if out.begins(at, if paragraph.is_some() { Part::Line } else { Part::Block }) {
            return;
        }
        if is_blank(line) {
            if paragraph.take().is_some() {
                out.raw("</p>");
            }
        } else if let Some(paragraph) = &mut paragraph {
            out.raw("<br>");
            paragraph.line(at, line, &mut spare, out);
        } else if is_indented(line) && spend(&mut spare, CODE_BYTES) {
            code(line, &mut lines, out);
        } else {
            let is_other_way = !is_ascii && paragraph_at(text, at).any(has_right_to_left);
            out.raw("<p");
            out.raw(if is_other_way { DIRECTION } else { "" });
            out.raw(">");
            let new = Paragraph { text, is_emphasised: false, last_closer: None };
            paragraph.insert(new).line(at, line, &mut spare, out);
        }
    }
    if paragraph.is_some() {
        out.raw("</p>");
    }
}

/// The lines of the paragraph that begins at byte `at` of a text.
fn paragraph_at(text: &str, at: usize) -> impl Iterator<Item = &str> {
    Lines { text, at }.map(|(_, line)| line).take_while(|line| !is_blank(line))
}

/// The beginning of a text on one line without its markup: at most `limit` characters, whole words, and `…`
/// if the text is longer. Every star that could open or close emphasis is removed, also one without a
/// partner. It reads no further than the limit.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut excerpt = Excerpt { text: String::new(), characters: 0, limit, is_space_due: false };
    for (_, line) in (Lines { text, at: 0 }) {
        let mut written = 0;
        let tokens = Tokens { line, at: if is_indented(line) { line.len() } else { 0 } };
        for (range, token) in tokens {
            let replacement = match token {
                Token::Star { opens: true, .. } | Token::Star { closes: true, .. } => "",
                Token::Star { .. } | Token::LiteralStar => "*",
                Token::Address(address) => address,
            };
            if !excerpt.push(&line[written..range.start]) || !excerpt.push(replacement) {
                return excerpt.cut();
            }
            written = range.end;
        }
        if !excerpt.push(&line[written..]) {
            return excerpt.cut();
        }
        excerpt.is_space_due = true;
    }
    excerpt.text
}

/// An [`excerpt`] under construction.
struct Excerpt {
    text: String,
    characters: usize,
    limit: usize,
    /// A space is due before the next word.
    is_space_due: bool,
}

impl Excerpt {
    /// Appends `part`, its whitespace collapsed. Returns `false` when the limit is exceeded.
    fn push(&mut self, part: &str) -> bool {
        let mut rest = part;
        while let Some(letter) = rest.chars().next() {
            // Most words are ASCII: such a run is copied at once.
            let ascii = rest.bytes().take(self.limit).take_while(u8::is_ascii_graphic).count();
            let (run, after) = rest.split_at(ascii.max(letter.len_utf8()));
            rest = after;
            if letter.is_whitespace() || letter.is_control() {
                self.is_space_due = true;
                continue;
            }
            if std::mem::take(&mut self.is_space_due) && !self.text.is_empty() {
                self.text.push(' ');
                self.characters += 1;
            }
            self.text.push_str(run);
            self.characters += run.chars().count();
            if self.characters > self.limit {
                return false;
            }
        }
        true
    }

    /// The words within the limit, and `…`. A single longer word is cut.
    fn cut(mut self) -> String {
        let end = self.text.char_indices().nth(self.limit.saturating_sub(1)).map_or(0, |(end, _)| end);
        let end = floor_boundary(&self.text, end);
        let is_at_word = self.text[end..].starts_with(' ');
        self.text.truncate(end);
        if !is_at_word && let Some(space) = self.text.rfind(' ') {
            self.text.truncate(space);
        }
        self.text.push('…');
        self.text
    }
}

/// The lines from the byte position `at` on: each with its position and without its line break.
#[derive(Clone)]
struct Lines<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Lines<'t> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let (line, end) = rest.split_at(length);
        self.at = start + length + if end.starts_with("\r\n") { 2 } else { 1 };
        Some((start, line))
    }
}

fn is_blank(line: &str) -> bool {
    line.trim_start().is_empty()
}

fn is_indented(line: &str) -> bool {
    ["  ", "\t", " \t"].iter().any(|indent| line.starts_with(indent))
}

/// Writes a block of code: its `first` line, and those of `lines` that continue it.
fn code(first: &str, lines: &mut Lines, out: &mut impl Sink) {
    out.raw("<pre tabindex=\"0\"><code>");
    out.text(first);
    for (at, line) in lines.clone() {
        if is_blank(line) {
            continue;
        }
        if !is_indented(line) {
            break;
        }
        while lines.at <= at {
            if out.begins(lines.at, Part::Line) {
                return;
            }
            out.raw("\n");
            out.text(lines.next().map_or("", |(_, line)| line));
        }
    }
    out.raw("</code></pre>");
}

/// The state of writing a paragraph.
struct Paragraph<'t> {
    text: &'t str,
    is_emphasised: bool,
    /// The position of the paragraph's last star that can close emphasis; 0: there is none. It is searched
    /// once, at the first star that can open emphasis: a search at each star would take quadratic time.
    last_closer: Option<usize>,
}

impl Paragraph<'_> {
    /// Writes a line, which begins at `at` in the text.
    fn line(&mut self, at: usize, line: &str, spare: &mut usize, out: &mut impl Sink) {
        let mut written = 0;
        for (range, token) in (Tokens { line, at: 0 }) {
            out.text(&line[written..range.start]);
            written = range.end;
            match token {
                Token::Star { closes: true, .. } if self.is_emphasised => {
                    out.raw("</em>");
                    self.is_emphasised = false;
                }
                Token::Star { opens: true, .. }
                    if !self.is_emphasised
                        && at + range.start < self.last_closer(at)
                        && spend(spare, EMPHASIS_BYTES) =>
                {
                    out.raw("<em>");
                    self.is_emphasised = true;
                }
                Token::Star { .. } | Token::LiteralStar => out.raw("*"),
                Token::Address(address) => {
                    let shown = shown(address);
                    if spend(spare, LINK_BYTES + escaped_length(shown)) {
                        link(address, shown, out);
                    } else {
                        out.text(&line[range]);
                    }
                }
            }
        }
        out.text(&line[written..]);
    }

    /// Returns [`Paragraph::last_closer`]; the search begins at the position `line`, the start of a line.
    fn last_closer(&mut self, line: usize) -> usize {
        *self.last_closer.get_or_insert_with(|| {
            let lines = Lines { text: self.text, at: line };
            let lines = lines.take_while(|(_, line)| !is_blank(line));
            let stars = lines.flat_map(|(at, line)| {
                let tokens = Tokens { line, at: 0 };
                tokens.filter_map(move |(range, token)| match token {
                    Token::Star { closes: true, .. } => Some(at + range.start),
                    _ => None,
                })
            });
            stars.last().unwrap_or(0)
        })
    }
}

/// The part of an address that is shown: at most [`MAX_ADDRESS_CHARS`].
#[must_use]
pub fn shown(address: &str) -> &str {
    let end = address.char_indices().nth(MAX_ADDRESS_CHARS).map(|(end, _)| end);
    end.map_or(address, |end| &address[..floor_boundary(address, end)])
}

fn link(address: &str, shown: &str, out: &mut impl Sink) {
    out.raw("<a href=\"");
    out.value(address);
    out.raw("\" rel=\"nofollow ugc noopener\">");
    out.text(shown);
    if shown.len() < address.len() {
        out.raw("…");
    }
    out.raw("</a>");
}

/// A part of a line that is not plain text.
enum Token<'t> {
    /// A star, and whether the characters beside it allow it to open or close emphasis.
    Star {
        opens: bool,
        closes: bool,
    },
    LiteralStar,
    Address(&'t str),
}

/// The tokens of a line from `at` on, with their ranges. Every token contains `*` or `:`, so `memchr` finds
/// it.
struct Tokens<'t> {
    line: &'t str,
    at: usize,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = (Range<usize>, Token<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = &self.line[self.at..];
            let length = memchr::memchr2(b'*', b':', rest.as_bytes())?;
            let (before, found) = rest.split_at(length);
            let token =
                if found.starts_with('*') { Some(self.star(before)) } else { self.address(before, found) };
            if let Some((range, token)) = token {
                self.at = range.end;
                return Some((range, token));
            }
            self.at += length + 1;
        }
    }
}

impl<'t> Tokens<'t> {
    /// The token of the star after `before`.
    fn star(&self, before: &str) -> (Range<usize>, Token<'t>) {
        let at = self.at + before.len();
        let after = &self.line[at + 1..];
        if before.ends_with('\\') {
            return (at - 1..at + 1, Token::LiteralStar);
        }
        if after.starts_with('*') {
            return (at..at + 2, Token::LiteralStar);
        }
        let is_visible = |beside: Option<char>| beside.is_some_and(|letter| !letter.is_whitespace());
        let opens = is_visible(after.chars().next());
        let closes = is_visible(self.line[..at].chars().next_back());
        (at..at + 1, Token::Star { opens, closes })
    }

    /// The address around the colon with which `colon` begins, if it is one.
    fn address(&self, before: &str, colon: &'t str) -> Option<(Range<usize>, Token<'t>)> {
        let host = colon.strip_prefix("://")?;
        let scheme = ["https", "http"].into_iter().find_map(|scheme| {
            let start = before.len().checked_sub(scheme.len())?;
            before.get(start..)?.eq_ignore_ascii_case(scheme).then_some(start)
        })?;
        let letter_before = before[..scheme].chars().next_back();
        let is_in_word =
            letter_before.is_some_and(|letter| letter.is_alphanumeric() && !has_no_blanks(letter));
        if is_in_word || !host.starts_with(char::is_alphanumeric) {
            return None;
        }
        let start = self.at + scheme;
        let rest = &self.line[start..];
        if letter_before == Some('<')
            && let Some(length) = rest.find(ends_delimited)
            && rest[length..].starts_with('>')
        {
            return Some((start - 1..start + length + 1, Token::Address(&rest[..length])));
        }
        let address = without_tail(bare(rest));
        Some((start..start + address.len(), Token::Address(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use horrorshow::Template;
    use proptest::prelude::*;

    fn html(text: &str) -> String {
        Markup(text).into_string().expect("a string takes it")
    }

    fn assert_table(table: &[(&str, &str)]) {
        for (text, expected) in table {
            assert_eq!(html(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn an_excerpt_is_words_without_marks() {
        for (text, limit, expected) in [
            ("", 20, ""),
            (" \n\n\t ", 20, ""),
            ("One *two* three", 20, "One two three"),
            ("One\n\n  two\r\nthree ", 20, "One two three"),
            ("2 * 3, a ** b, \\*c, *lone", 30, "2 * 3, a * b, *c, lone"),
            ("  *p = 1;", 20, "*p = 1;"),
            ("See <http://a.example>!", 30, "See http://a.example!"),
            ("a\0b", 20, "a b"),
            ("exactly ten", 11, "exactly ten"),
            ("exactly ten", 10, "exactly…"),
            ("exactly ten", 8, "exactly…"),
            ("exactly ten", 7, "exactl…"),
            ("ünbrechbar", 5, "ünbr…"),
            ("a", 0, "…"),
        ] {
            assert_eq!(excerpt(text, limit), expected, "{text:?}");
        }
    }

    /// A paragraph with this content.
    fn paragraph(content: &str) -> String {
        format!("<p{}>{content}</p>", if has_right_to_left(content) { DIRECTION } else { "" })
    }

    /// Checks that each text gives one paragraph with the expected content.
    fn assert_in_paragraph(table: &[(&str, &str)]) {
        for (text, expected) in table {
            assert_eq!(html(text), paragraph(expected), "{text:?}");
        }
    }

    /// The link to an address that is neither escaped nor cut.
    fn linked(address: &str) -> String {
        format!(r#"<a href="{address}" rel="nofollow ugc noopener">{address}</a>"#)
    }

    /// Checks that in each text only the address between `[[` and `]]` is linked.
    fn assert_links(texts: &[&str]) {
        for marked in texts {
            let (before, rest) = marked.split_once("[[").expect("a beginning");
            let (address, after) = rest.split_once("]]").expect("an end");
            let expected = paragraph(&[before, &linked(address), after].concat());
            assert_eq!(html(&[before, address, after].concat()), expected, "{marked:?}");
        }
    }

    /// Checks that each text is only escaped.
    fn assert_no_links(texts: &[&str]) {
        for text in texts {
            let escaped = Text(text).into_string().expect("a string takes it");
            assert_eq!(html(text), paragraph(&escaped), "{text:?}");
        }
    }

    #[test]
    fn blank_lines_separate_paragraphs_and_other_breaks_stay() {
        assert_table(&[
            ("", ""),
            (" \n\r\n\n\t\n\r\u{a0}", ""),
            ("one", "<p>one</p>"),
            ("one\ntwo\r\n \n\nthree\n", "<p>one<br>two</p><p>three</p>"),
            ("one\rtwo\r\rthree\n\rfour", "<p>one<br>two</p><p>three</p><p>four</p>"),
            ("\n\n one \n two", "<p> one <br> two</p>"),
            ("<b>&\"'", "<p>&lt;b&gt;&amp;\"'</p>"),
            ("a\nשלום\n\nb\n \nمرحبا", r#"<p dir="auto">a<br>שלום</p><p>b</p><p dir="auto">مرحبا</p>"#),
        ]);
    }

    #[test]
    fn two_stars_emphasise_the_text_between_them() {
        assert_in_paragraph(&[
            ("*a*", "<em>a</em>"),
            ("(*a b*, *c*)", "(<em>a b</em>, <em>c</em>)"),
            ("2*3*4", "2<em>3</em>4"),
            ("*a\nb*", "<em>a<br>b</em>"),
            ("*a < b*", "<em>a &lt; b</em>"),
            ("*é*", "<em>é</em>"),
            ("*a *b* c*", "<em>a *b</em> c*"),
            ("*a * b*", "<em>a * b</em>"),
            ("*a* b*", "<em>a</em> b*"),
        ]);
    }

    #[test]
    fn a_star_without_a_partner_is_a_star() {
        assert_in_paragraph(&[
            ("*", "*"),
            ("*a", "*a"),
            ("a*", "a*"),
            ("a * b * c", "a * b * c"),
            ("* a*", "* a*"),
            ("*a *", "*a *"),
            ("*\u{a0}a*", "*\u{a0}a*"),
            ("a\n*\nb", "a<br>*<br>b"),
            ("* *a*", "* <em>a</em>"),
            ("*a* *b", "<em>a</em> *b"),
        ]);
        assert_table(&[
            ("*a\n\nb*", "<p>*a</p><p>b*</p>"),
            ("*a\n\n*b*", "<p>*a</p><p><em>b</em></p>"),
            ("*a*\n\n*b", "<p><em>a</em></p><p>*b</p>"),
        ]);
    }

    #[test]
    fn a_star_is_escaped_by_a_backslash_or_a_second_one() {
        assert_in_paragraph(&[
            ("**", "*"),
            (r"\*", "*"),
            (r"\*a\*", "*a*"),
            ("**a**", "*a*"),
            ("****", "**"),
            ("***a***", "*<em>a*</em>"),
            (r"*\**", "<em>*</em>"),
            (r"*a\*", "*a*"),
            (r"*a\* b*", "<em>a* b</em>"),
            (r"\\*", r"\*"),
            (r"\a \", r"\a \"),
            ("2 ** 3 *a*", "2 * 3 <em>a</em>"),
        ]);
    }

    #[test]
    fn indented_lines_after_a_blank_one_are_code() {
        let code = |code: &str| format!("<pre tabindex=\"0\"><code>{code}</code></pre>");
        for (text, expected) in [
            ("  a", code("  a")),
            ("\ta", code("\ta")),
            (" \ta", code(" \ta")),
            ("  a\n   b\r\n\tc\n", code("  a\n   b\n\tc")),
            ("a\n\n  b", format!("<p>a</p>{}", code("  b"))),
            ("  a\nb\n  c", format!("{}<p>b<br>  c</p>", code("  a"))),
            ("  a\n\n \n  b\n\nc", format!("{}<p>c</p>", code("  a\n\n \n  b"))),
            ("  a\n\n\n", code("  a")),
            ("  a\n\n\nb", format!("{}<p>b</p>", code("  a"))),
            ("  *a* http://a.example/ <b> ** &amp;", code("  *a* http://a.example/ &lt;b&gt; ** &amp;amp;")),
            ("a\n  b", "<p>a<br>  b</p>".to_owned()),
            (" a", "<p> a</p>".to_owned()),
            ("*a\n\n  b*", format!("<p>*a</p>{}", code("  b*"))),
        ] {
            assert_eq!(html(text), expected, "{text:?}");
        }
    }

    #[test]
    fn addresses_become_links() {
        assert_links(&[
            "[[http://a.example]]",
            "[[https://a.example/b?c=d#e]] f",
            "[[HTTPS://A.example]]",
            "[[hTTp://a]]",
            "[[http://localhost:3000/]]",
            "[[http://1.2.3.4]]",
            "[[http://name@a.example]]",
            "[[http://é.example/ü]]",
            "[[http://a.example/it's]]",
            "[[http://a.example/http://b.example]]",
            "see:[[http://a.example/]]",
            "_[[http://a.example/]]",
            "[[http://http://a.example]]",
        ]);
        let two = format!("<p>{} <br>{}</p>", linked("http://a"), linked("http://b"));
        assert_eq!(html("http://a \nhttp://b"), two);
        assert_in_paragraph(&[(
            "http://a.example/?b&c='\u{3b1}'d",
            "<a href=\"http://a.example/?b&amp;c='\u{3b1}'d\" rel=\"nofollow ugc noopener\">\
             http://a.example/?b&amp;c='\u{3b1}'d</a>",
        )]);
    }

    #[test]
    fn text_that_only_resembles_an_address_is_not_linked() {
        assert_no_links(&[
            "http://",
            "https:// a.example",
            "http:///path",
            "http://.",
            "http://*",
            "http://?a",
            "http://\"a",
            "http://\\a",
            "http://<a>",
            "<http://>",
            "http://[::1]/",
            "http:/a.example",
            "http:a.example",
            "xhttp://a.example",
            "1https://a.example",
            "éhttp://a.example",
            "ttp://a.example",
            "é://a",
            "://a.example",
            "ftp://a.example",
            "javascript://a.example",
            "javascript:alert(1)",
            "www.a.example",
        ]);
    }

    #[test]
    fn an_address_excludes_the_punctuation_of_the_sentence() {
        assert_links(&[
            "[[http://a.example/]].",
            "[[http://a.example/b.c]],;:!?…",
            "'[[http://a.example/]]'",
            "‘[[http://a.example/]]’.",
            "\"[[http://a.example/]]\"x",
            "`[[http://a.example/]]`",
            "“[[http://a.example/]]”",
            "«[[http://a.example/]]»",
            "([[http://a.example/]])",
            "(see [[http://a.example/]].)",
            "[[http://a.example/b_(c)]]",
            "([[http://a.example/b_(c)]]).",
            "[[http://a.example/b]])c",
            "[it]([[http://a.example/]])",
            "{[[http://a.example/]]}",
            "[[http://a.example/{b}]]}",
            "[[http://a.example/(b]]",
            "[ [[http://a.example/]]]",
            "[[http://a.example/[b]?c]]",
            "[[http://a.example/]]\\n",
            "[[http://a.example/]]\u{0}",
            "[[http://a.example/]]\u{1f}b",
            "[[http://a.example/]]\u{7f}b",
            "[[http://a.example/]]\u{a0}b",
            "[[http://a.example/]]\u{61c}b",
            "[[http://a.example/]]\u{200e}b",
            "[[http://a.example/]]\u{202e}b",
            "[[http://a.example/]]\u{2067}b",
        ]);
        let link = linked("http://a.example/");
        assert_in_paragraph(&[
            ("http://a.example/<b>", &format!("{link}&lt;b&gt;")),
            ("http://a.example/></a>", &format!("{link}&gt;&lt;/a&gt;")),
            ("[http://a.example/](http://a.example/)", &format!("[{link}]({link})")),
        ]);
    }

    #[test]
    fn an_address_ends_before_punctuation_that_has_no_blank_after_it() {
        // Chinese and Japanese, Arabic and Urdu, Hindi, Khmer, Burmese, Amharic, Tibetan, Armenian.
        for mark in "。、，．：；！？）」』】》〉〕］｝（「『【《〈｡､｣،؛؟۔।॥។၊။።༎։".chars()
        {
            assert_links(&[
                &format!("[[http://a.example/b]]{mark}c"),
                &format!("[[http://a.example/b]]{mark}"),
            ]);
        }
        assert_links(&[
            "见[[https://a.example/路径]]。下一句",
            "（[[https://a.example/]]）",
            "「[[https://a.example/]]」と",
            "[[http://a.example/日本・中国–ロシア]]",
            "[[http://a.example/it’s]]",
        ]);
        let whole = linked("http://a.example/モーニング娘。");
        assert_in_paragraph(&[("<http://a.example/モーニング娘。>", &whole)]);
    }

    #[test]
    fn angle_brackets_delimit_an_address() {
        let closed = linked("http://a.example/b.)*");
        let link = linked("http://a.example/");
        assert_in_paragraph(&[
            ("a<http://a.example/b.)*>b", &format!("a{closed}b")),
            ("<<http://a.example/>>", &format!("&lt;{link}&gt;")),
            ("<http://a.example/", &format!("&lt;{link}")),
            ("<http://a.example/ >", &format!("&lt;{link} &gt;")),
            ("< http://a.example/>", &format!("&lt; {link}&gt;")),
            ("<http://a.example/\"b>", &format!("&lt;{link}\"b&gt;")),
            ("<a href=http://a.example/>", &format!("&lt;a href={link}&gt;")),
        ]);
    }

    #[test]
    fn stars_in_an_address_belong_to_it_and_the_star_after_it_closes_emphasis() {
        let link = linked("http://a.example/");
        let star = linked("http://a.example/*b*c");
        assert_in_paragraph(&[
            ("http://a.example/*b*c", &star),
            ("*d http://a.example/*b*c", &format!("*d {star}")),
            ("*d http://a.example/*b*c e*", &format!("<em>d {star} e</em>")),
            ("*see http://a.example/*", &format!("<em>see {link}</em>")),
            ("*see http://a.example/*.", &format!("<em>see {link}</em>.")),
            ("*see http://a.example/.*", &format!("<em>see {link}.</em>")),
            ("*http://a.example/* *", &format!("<em>{link}</em> *")),
            ("*<http://a.example/>*", &format!("<em>{link}</em>")),
            ("http://a.example/*", &format!("{link}*")),
            ("http://a.example/ *a*", &format!("{link} <em>a</em>")),
        ]);
    }

    #[test]
    fn a_long_address_is_cut_after_sixty_characters() {
        let fits = format!("http://a.example/{}", "é".repeat(MAX_ADDRESS_CHARS - 17));
        assert_in_paragraph(&[(&fits, &linked(&fits))]);
        let long = format!("{fits}bc");
        let cut = format!("<a href=\"{long}\" rel=\"nofollow ugc noopener\">{fits}…</a>");
        assert_in_paragraph(&[(&long, &cut)]);
    }

    #[test]
    fn the_output_is_at_most_ten_times_as_long_plus_forty_bytes() {
        let long = format!("http://a/{} ", "&".repeat(MAX_ADDRESS_CHARS - 9));
        for piece in [
            "*",
            "* ",
            " *",
            "*a ",
            "*a*",
            "\\*",
            "\n",
            "\r",
            " \n",
            "a\n",
            "a\n\n",
            "*a*\n\n",
            "\t&",
            "  a\n",
            "  a\n\n",
            "\ta\nb\n\n",
            "http://",
            "http:",
            "http://a ",
            "http://a\n",
            "<http://a>",
            "(http://a)",
            "&",
            "<",
            "\"",
            "'",
            "http://a'\" ",
            "*http://a* ",
            &long,
        ] {
            for start in ["", "*a", "  a\n", "http://a.example/"] {
                // The worst cases are short texts, of which the tags are the largest part.
                for times in [1, 2, 4096 / piece.len()] {
                    let text = start.to_owned() + &piece.repeat(times);
                    let (length, most) = (html(&text).len(), 10 * text.len() + 40);
                    assert!(length <= most, "{times} of {piece:?} after {start:?}: {length}, not {most}");
                }
            }
        }
    }

    /// With quadratic time one of these would take minutes: the test is that it ends.
    #[test]
    fn a_mebibyte_of_any_pattern_takes_linear_time() {
        for (start, piece) in [
            ("", "*"),
            ("", "*a "),
            ("", "*a\n"),
            ("*a", " *"),
            ("*a", "\n"),
            ("", "*a\n\n"),
            ("", "*a*"),
            ("  a", "\n"),
            ("  a", "\n \nb"),
            ("", "  a\n\n"),
            ("", "  a\nb\n\n"),
            ("a\n", " "),
            ("", "http://"),
            ("", "http://*"),
            ("", "http://a)*"),
            ("", "<http://a "),
            ("", "<http://a"),
            ("http://a", ")"),
            ("http://a", ":"),
            ("http://a", "(]"),
            ("http://a", "&"),
        ] {
            let text = start.to_owned() + &piece.repeat((1 << 20) / piece.len());
            assert!(html(&text).starts_with('<'), "{piece:?} after {start:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn text_without_stars_and_colons_gives_only_paragraphs_and_breaks(
            text in "[^*:\0\n\r]{0,40}",
            more in "a[<>&\n\r \"'a]{0,80}",
        ) {
            let text = format!("a{text}{more}");
            let bare = text.replace("\r\n", "\n").replace('\r', "\n");
            let blocks = bare.lines().collect::<Vec<_>>();
            let mut expected = String::new();
            for lines in blocks.split(|line| line.trim().is_empty()).filter(|lines| !lines.is_empty()) {
                if lines[0].starts_with("  ") {
                    return Ok(()); // Another test covers code.
                }
                let lines = lines.iter().map(|line| Text(line).into_string().expect("a string takes it"));
                expected += &paragraph(&lines.collect::<Vec<_>>().join("<br>"));
            }
            prop_assert_eq!(html(&text), expected);
        }
    }
}
