//! Escaped text, between tags and in attributes.

use std::ops::Range;

use horrorshow::{Raw, Render, RenderOnce, Template, TemplateBuffer};

/// The separator of a line's parts. The no-break space keeps it at the end of a wrapped line.
pub const DOT: Raw<&str> = Raw("\u{a0}· ");

/// Escaped text between tags. It searches for the characters to escape and copies the text between them,
/// where horrorshow escapes byte by byte: a sixth of the instructions for a paragraph. It does not escape
/// quotes: attributes need [`Value`].
#[derive(Clone, Copy)]
pub struct Text<'t>(pub &'t str);

impl Render for Text<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        write_escaped(out, self.0, |rest| memchr::memchr3(b'<', b'>', b'&', rest));
    }
}

/// Escaped text in a line of other words, in a `bdi` element: letters that are read from right to left do not
/// change the order of the words around it.
#[derive(Clone, Copy)]
pub struct Isolated<'t>(pub &'t str);

impl Render for Isolated<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw("<bdi>");
        Text(self.0).render(out);
        out.write_raw("</bdi>");
    }
}

/// The bytes of a text when it is escaped as [`Text`].
#[must_use]
pub fn escaped_length(text: &str) -> usize {
    let special = memchr::memchr3_iter(b'<', b'>', b'&', text.as_bytes());
    text.len() + special.map(|at| if text.as_bytes()[at] == b'&' { 4 } else { 3 }).sum::<usize>()
}

/// The bytes of a text when it is escaped as [`Value`].
#[must_use]
pub fn escaped_value_length(text: &str) -> usize {
    escaped_length(text) + 5 * memchr::memchr_iter(b'"', text.as_bytes()).count()
}

/// Writes escaped text: `find` returns the position of the next character to escape.
fn write_escaped(out: &mut TemplateBuffer, text: &str, find: impl Fn(&[u8]) -> Option<usize>) {
    let mut rest = text;
    while let Some(at) = find(rest.as_bytes()) {
        let (plain, special) = rest.split_at(at);
        out.write_raw(plain);
        let (special, after) = special.split_at(1);
        out.write_raw(match special {
            "<" => "&lt;",
            ">" => "&gt;",
            "&" => "&amp;",
            _ => "&quot;",
        });
        rest = after;
    }
    out.write_raw(rest);
}

/// The escaped value of an attribute: as [`Text`], with quotes escaped too.
#[derive(Clone, Copy)]
pub struct Value<'v>(pub &'v str);

impl Render for Value<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        // Most values are short, and a simple search is faster for them than `memchr`.
        write_escaped(out, self.0, |rest| {
            rest.iter().position(|byte| matches!(byte, b'"' | b'&' | b'<' | b'>'))
        });
    }
}

/// An element's id that contains a row's id, such as `comment_17`. It renders without `format!`: a list has
/// one in each row.
#[derive(Clone, Copy)]
pub struct Id(pub &'static str, pub i64);

impl Render for Id {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw(self.0);
        out.write_raw(itoa::Buffer::new().format(self.1));
    }
}

render_by_reference!(Text<'_>, Isolated<'_>, Value<'_>, Rendered, Part<'_>, Id);

/// A fragment of a page, rendered once.
#[derive(Debug, Clone, Default)]
pub struct Rendered(Box<str>);

/// Makes a [`Rendered`] of parts, one after the other.
pub struct Parts(String);

impl Parts {
    /// None yet; for the fragment there is room for this number of bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Parts {
        Parts(String::with_capacity(bytes))
    }

    /// Adds a part; its bytes in the fragment. Errors are as for [`Rendered::of`].
    pub fn add(&mut self, part: impl RenderOnce) -> Range<usize> {
        let start = self.0.len();
        if part.write_to_string(&mut self.0).is_err() {
            self.0.truncate(start);
        }
        start..self.0.len()
    }

    /// The number of bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The fragment.
    #[must_use]
    pub fn finish(self) -> Rendered {
        Rendered(self.0.into())
    }
}

impl Rendered {
    /// Renders the fragment. It is empty if rendering fails, which templates without errors of their own do not.
    #[must_use]
    pub fn of(piece: impl RenderOnce) -> Rendered {
        Rendered(piece.into_string().unwrap_or_default().into())
    }

    /// The number of its bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// A part of it; empty where it has none.
    #[must_use]
    pub fn part(&self, bytes: Range<usize>) -> impl Render {
        Part(self.0.get(bytes).unwrap_or_default())
    }
}

struct Part<'p>(&'p str);

impl Render for Part<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw(self.0);
    }
}

impl Render for Rendered {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use horrorshow::html;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn escaping_is_horrorshows_but_for_quotes_between_tags(text in ".{0,60}", more in "[<>&\"'a-é]{0,60}") {
            let text = text + &more;
            let expected = html!(: &text).into_string().expect("a string takes it");
            prop_assert_eq!(Text(&text).into_string().expect("a string takes it"), expected.replace("&quot;", "\""));
            prop_assert_eq!(escaped_length(&text), expected.replace("&quot;", "\"").len());
            prop_assert_eq!(escaped_value_length(&text), expected.len());
            prop_assert_eq!(Value(&text).into_string().expect("a string takes it"), expected);
        }
    }
}
