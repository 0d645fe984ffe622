//! The size of a rendered text, and the beginning of a text that a page has no room for as a whole.
//!
//! A text is cut before it is rendered, so that the beginning is well-formed as any text is. It is cut
//! between blocks; where that would leave less than half of the room used, between lines; and within a line
//! that has no room, between words.

use horrorshow::{Render, TemplateBuffer};

use super::blocks::{Sink, write};
use super::inline::{Token, Tokens};
use super::lines::Lines;
use super::{most, spare};
use crate::html::render_by_reference;
use crate::html::text::escaped_length;
use crate::text::floor_boundary;

/// The size of the rendering of a text, in bytes.
#[must_use]
pub fn size(text: &str) -> usize {
    measured(text, spare(text), usize::MAX).bytes
}

/// The beginning of a text.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'t> {
    text: &'t str,
    spare: usize,
    /// Whether text was left out after it.
    pub is_cut: bool,
}

impl Render for Beginning<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        write(self.text, self.spare, out);
    }
}

render_by_reference!(Beginning<'_>);

/// The beginning of a text whose rendering takes at most `limit` bytes. It is empty where not even the first
/// word or address has room.
#[must_use]
pub fn beginning(text: &str, limit: usize) -> Beginning<'_> {
    let spare = spare(text);
    if most(text.len()) <= limit {
        return Beginning { text, spare, is_cut: false };
    }
    let meter = measured(text, spare, limit);
    if meter.bytes <= limit {
        return Beginning { text, spare, is_cut: false };
    }
    let is_ample = |place: &Place| place.bytes >= limit / 2;
    let end = [meter.block, meter.line].iter().find(|place| is_ample(place)).map(|place| place.at);
    let end = end.unwrap_or_else(|| words(text, spare, limit).max(meter.line.at).max(meter.block.at));
    Beginning { text: &text[..end], spare, is_cut: true }
}

/// The end of the longest part up to byte `at` of a text that ends with a word, not within an address. A
/// word that takes more than half of the part is cut between two grapheme clusters.
#[must_use]
pub fn end_of_words(text: &str, at: usize) -> usize {
    let at = floor_boundary(text, at);
    if at == text.len() || text[at..].starts_with(char::is_whitespace) {
        return at;
    }
    if let Some(space) = text[..at].rfind(char::is_whitespace).filter(|&space| space >= at / 2) {
        return space;
    }
    let line = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let Some(line) = (Lines { text, at: line }).next() else { return at };
    // Half of a span of code is text, as well.
    let tokens = Tokens::of(line.content).filter(|(_, token)| !matches!(token, Token::Code(_)));
    let mut tokens = tokens.map(|(range, _)| line.start + range.start..line.start + range.end);
    tokens.find(|token| token.end > at).filter(|token| token.start < at).map_or(at, |token| token.start)
}

/// The greatest [end of words](end_of_words) of a few that has room.
fn words(text: &str, spare: usize, limit: usize) -> usize {
    // Each is measured only up to the limit, and by `most` the last has room.
    let tried = [1, 2, 3, 4, 6, 8].map(|part| limit / part);
    let tried = tried.into_iter().chain([limit.saturating_sub(most(0)) / (most(1) - most(0))]);
    let has_room = |&end: &usize| measured(&text[..end], spare, limit).bytes <= limit;
    tried.map(|at| end_of_words(text, at.min(text.len()))).find(has_room).unwrap_or(0)
}

/// Measures the rendering of a text. It ends soon after `limit` is exceeded.
fn measured(text: &str, spare: usize, limit: usize) -> Meter {
    let mut meter = Meter { limit, bytes: 0, block: Place::default(), line: Place::default() };
    write(text, spare, &mut meter);
    meter
}

/// A place at which a text can be cut, and the size of the rendering up to there.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    at: usize,
    bytes: usize,
}

/// Counts the bytes of a rendering, and finds the last places within a limit.
struct Meter {
    limit: usize,
    bytes: usize,
    /// The beginning of the last block.
    block: Place,
    /// The beginning of the last line within a block.
    line: Place,
}

impl Sink for Meter {
    fn raw(&mut self, markup: &str) {
        self.bytes += markup.len();
    }

    fn text(&mut self, text: &str) {
        self.bytes += escaped_length(text);
    }

    fn value(&mut self, value: &str) {
        self.bytes += escaped_length(value); // An address has no quotes.
    }

    fn begins(&mut self, at: usize, is_within_block: bool, closing: usize) -> bool {
        let place = Place { at, bytes: self.bytes };
        if self.bytes.saturating_add(closing) <= self.limit {
            *(if is_within_block { &mut self.line } else { &mut self.block }) = place;
        }
        self.bytes > self.limit
    }
}

/// The limit that makes the renderings of texts fit into `room` bytes, if each of them is cut that exceeds it:
/// the longest are cut, and the others are whole. `None`: all of them have room as they are.
pub fn common_limit<'t>(texts: impl Iterator<Item = &'t str> + Clone, room: usize) -> Option<usize> {
    if texts.clone().map(|text| most(text.len())).sum::<usize>() <= room {
        return None;
    }
    let mut sizes: Vec<usize> = texts.map(size).collect();
    if sizes.iter().sum::<usize>() <= room {
        return None;
    }
    sizes.sort_unstable();
    let (mut left, number) = (room, sizes.len());
    for (at, size) in sizes.into_iter().enumerate() {
        let share = left / (number - at);
        if size > share {
            return Some(share);
        }
        left -= size;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use horrorshow::Template;

    fn html(text: &str, limit: usize) -> String {
        beginning(text, limit).into_string().expect("a string takes it")
    }

    #[test]
    fn a_text_is_cut_between_blocks_then_lines_then_words() {
        let blocks = "one two\n\nthree four\n\nfive";
        for (text, limit, expected) in [
            (blocks, 1_000, "<p>one two</p><p>three four</p><p>five</p>"),
            (blocks, 41, "<p>one two</p><p>three four</p>"),
            (blocks, 28, "<p>one two</p>"),
            ("> one\n>\n> two", 40, "<blockquote><p>one</p></blockquote>"),
            ("> one\n> two", 40, "<blockquote><p>one</p></blockquote>"),
            ("- one\n- two", 40, "<ul class=\"text\"><li>one</li></ul>"),
            ("- one\n  - two", 44, "<ul class=\"text\"><li>one</li></ul>"),
            ("one [two](http://a.example)", 60, "<p>one </p>"),
            ("`one two three four`", 20, "<p>`one two</p>"),
            ("one and one\ntwo and two\nthree and three", 44, "<p>one and one<br>two and two</p>"),
            ("  one\n  two\n  three\n", 50, "<pre tabindex=\"0\"><code>  one\n  two</code></pre>"),
            ("one two three four", 20, "<p>one two</p>"),
            ("*one two* three", 22, "<p>*one</p>"),
            ("abcdefghijklmnopqrstuvwxyz", 20, "<p>abcdefghij</p>"),
            ("aaaae\u{301}e\u{301}e\u{301}", 17, "<p>aaaae\u{301}</p>"),
            ("see http://a.example/b", 60, "<p>see </p>"),
            ("http://a.example/b", 60, ""),
            ("word", 0, ""),
        ] {
            assert_eq!(html(text, limit), expected, "{text:?} in {limit}");
        }
    }

    #[test]
    fn words_end_before_an_address_and_at_a_whole_letter() {
        for (text, at, expected) in [
            ("one two three", 9, "one two"),
            ("one two", 7, "one two"),
            ("one", 9, "one"),
            ("a bcdefghij", 8, "a bcdefg"),
            ("see http://a.example/bcdefghijklmn", 20, "see "),
            ("<http://a.example/bcdefghijklmn>", 20, ""),
            ("ae\u{301}", 2, "a"),
        ] {
            assert_eq!(&text[..end_of_words(text, at)], expected, "{text:?} at {at}");
        }
    }

    #[test]
    fn the_longest_texts_are_cut_to_a_common_limit() {
        let (short, middle, long) = ("a", "a".repeat(93), "a".repeat(993));
        let limit = |room| common_limit([short, &middle, &long].into_iter(), room);
        assert_eq!(limit(1108), None);
        assert_eq!(limit(1107), Some(999));
        assert_eq!(limit(208), Some(100));
        assert_eq!(limit(108), Some(50));
        assert_eq!(limit(0), Some(0));
        assert_eq!(common_limit([].into_iter(), 0), None);
    }

    #[test]
    fn links_of_a_text_without_end_become_plain_text() {
        let text = "http://a.example/&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&& ".repeat(1_000);
        let whole = html(&text, usize::MAX);
        assert!(whole.len() <= crate::markup::MAX_MARKUP_BYTES, "{}", whole.len());
        assert!(whole.contains("</a> http://a.example/&amp;"), "the first are links, the others are text");
        assert_eq!(size(&text), whole.len());
    }
}
