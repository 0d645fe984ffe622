//! People's text, between tags and in attributes.

use horrorshow::{Raw, Render, RenderOnce, Template, TemplateBuffer};

/// What stands between the facts of a line. Where the line is broken it ends one, and begins none.
pub const DOT: Raw<&str> = Raw("\u{a0}· ");

/// Text of any length between tags, escaped. It does what horrorshow does with a string, but by
/// looking for the few characters that matter and copying what lies between, not byte by byte: a
/// sixth of the instructions on a paragraph. Not for attributes, which have [`Value`]: quotes stay as
/// they are.
#[derive(Clone, Copy)]
pub struct Text<'t>(pub &'t str);

impl Render for Text<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        write_escaped(out, self.0, |rest| memchr::memchr3(b'<', b'>', b'&', rest));
    }
}

/// Writes a text in pieces: `find` tells where the next character is that must be escaped.
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

/// The value of an attribute, escaped in pieces as [`Text`] is, and quotes too.
#[derive(Clone, Copy)]
pub struct Value<'v>(pub &'v str);

impl Render for Value<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        // Most are short: the simple search is the faster one.
        write_escaped(out, self.0, |rest| {
            rest.iter().position(|byte| matches!(byte, b'"' | b'&' | b'<' | b'>'))
        });
    }
}

/// An element's id with a number in it, such as `comment_17`: without the machinery of `format!`, since
/// a list has one a row.
#[derive(Clone, Copy)]
pub struct Id(pub &'static str, pub i64);

impl Render for Id {
    fn render(&self, out: &mut TemplateBuffer) {
        out.write_raw(self.0);
        out.write_raw(itoa::Buffer::new().format(self.1));
    }
}

render_by_reference!(Text<'_>, Value<'_>, Rendered, Id);

/// A piece of a page that is always the same, rendered once.
pub struct Rendered(String);

impl Rendered {
    /// Renders it. Where it fails, which what is written in the source does not, nothing is shown.
    #[must_use]
    pub fn of(piece: impl RenderOnce) -> Rendered {
        Rendered(piece.into_string().unwrap_or_default())
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
        fn escapes_as_horrorshow_does_but_for_quotes_between_tags(text in ".{0,60}", more in "[<>&\"'a-é]{0,60}") {
            let text = text + &more;
            let expected = html!(: &text).into_string().expect("a string takes it");
            prop_assert_eq!(Text(&text).into_string().expect("a string takes it"), expected.replace("&quot;", "\""));
            prop_assert_eq!(Value(&text).into_string().expect("a string takes it"), expected);
        }
    }
}
