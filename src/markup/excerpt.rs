//! The beginning of a text without its markup, and its words without code.

use super::inline::{Token, Tokens};
use super::lines::{Before, Kind, Line, Lines, is_escaped};
use crate::text::floor_boundary;

/// The beginning of a text on one line without its markup: at most `limit` characters, whole words, and `…`
/// if the text is longer. Marks of quotes and bullets are removed, and so is every star that could open or close
/// emphasis, also one without a partner. It reads no further than the limit.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    let mut excerpt = Excerpt { text: String::new(), characters: 0, limit, is_space_due: false };
    for (line, kind) in kinds(text) {
        let words = words(line, kind);
        let mut written = 0;
        for (range, token) in Tokens::of(words).take_while(|_| kind != Kind::Code) {
            let replacement = match token {
                Token::Star { opens: true, .. } | Token::Star { closes: true, .. } => "",
                Token::Star { .. } => "*",
                Token::Literal(letter) => letter,
                Token::Address(text) | Token::Code(text) | Token::Link(text, _) => text,
            };
            if !excerpt.push(&words[written..range.start]) || !excerpt.push(replacement) {
                return excerpt.cut();
            }
            written = range.end;
        }
        if !excerpt.push(&words[written..]) {
            return excerpt.cut();
        }
        excerpt.is_space_due = true;
    }
    excerpt.text
}

/// The parts of a text's lines between code: no code, and no mark at the beginning of a line.
pub fn without_code(text: &str) -> impl Iterator<Item = &str> {
    kinds(text).filter(|(_, kind)| *kind != Kind::Code).flat_map(|(line, kind)| {
        let words = words(line, kind);
        let code = Tokens::of(words).filter(|(_, token)| matches!(token, Token::Code(_)));
        let ends = code.map(|(range, _)| (range.start, range.end)).chain([(words.len(), words.len())]);
        let mut at = 0;
        ends.map(move |(start, end)| {
            let part = &words[at..start];
            at = end;
            part
        })
    })
}

/// The lines of a text with their kinds.
fn kinds(text: &str) -> impl Iterator<Item = (Line<'_>, Kind)> {
    (Lines { text, at: 0 }).scan(Before::default(), |before, line| {
        let kind = line.kind(*before);
        *before = before.after(line, kind);
        Some((line, kind))
    })
}

/// The words of a line: without a bullet, and without the backslash before a mark. A number is one of the words.
fn words(line: Line<'_>, kind: Kind) -> &str {
    let skipped = match kind {
        Kind::Item(mark) if mark.number.is_none() => mark.length,
        Kind::Paragraph | Kind::Further => usize::from(is_escaped(line.content)),
        _ => 0,
    };
    &line.content[skipped..]
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
