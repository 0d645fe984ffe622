//! Users' text as HTML: Hacker News' formatting, quotes, lists, code in a line and named links; everything else escaped.

mod address;
mod blocks;
pub mod cut;
mod excerpt;
mod inline;
mod lines;

use horrorshow::{Render, TemplateBuffer};

pub use self::address::{MAX_ADDRESS_CHARS, shown};
pub use self::excerpt::{excerpt, without_code};
pub use self::lines::begins_with_mark;
use crate::html::render_by_reference;
use crate::html::text::escaped_length;
use crate::text::has_right_to_left;

/// The help text beside a form.
pub const FORMATTING: &str = "Blank line: new paragraph. *Asterisks*: italics. `Backquotes` or two leading spaces: code. \
                              > Quote. - List. [Text](https://…): link.";

/// Renders a text by the rules of <https://news.ycombinator.com/formatdoc>, in full, and four more:
///
/// - A line ends with LF, CRLF or CR. A blank line (whitespace only) begins a new paragraph; any other line
///   break is kept.
/// - `*text*` is emphasised, across line breaks too, if neither star has whitespace on its inner side and
///   both are in one paragraph. Emphasis does not nest: the first star that can close it does. `**`
///   is a star, and so is a star without a partner.
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
/// The four more are those of Markdown as people type it, each within one line:
///
/// - `> ` begins a line of a quote, `> > ` or `>> ` one of a quote in a quote, at most three deep. In a quote all other
///   rules hold. The line after it without the mark is not of the quote.
/// - `- `, `* ` and a number of at most three digits with `. ` begin an item of a list, where words follow; within a
///   paragraph only the number 1 does. Items show the numbers that were typed. An item that is indented by two columns more
///   than the one before it, without a blank line between them, is in a list within it, at most three deep. An indented line goes on with the
///   item; any other line, and code, ends the list; a blank line ends the item.
/// - `` `text` `` and ``` ``text`` ``` are code, verbatim.
/// - `[text](http://…)` is a link, whose host is shown behind it: the text may look like another address. A text with
///   `://` or brackets in it is none. The text is plain.
///
/// A backslash before `*`, `` ` ``, `[` or the mark of a quote or list keeps it as text.
///
/// Tags: `p blockquote ul ol li em pre code a bdi br`; attributes: `class="text"` on lists, which tells them from lists of
/// the page, `value` on an `li` with another number than the next, `dir` on a `p` or `li` with letters that are read from right to left,
/// `tabindex` on `pre`, so that it can be scrolled by keyboard, `href` and `rel` on `a`. Time is linear in the length of the
/// text, and little but the output is allocated.
///
/// The output is at most [`most`] bytes long, and at most
/// [`MAX_MARKUP_BYTES`] if the text's characters alone do not take more (65,536 characters take 320 KiB at
/// most). A long text of almost nothing but markup would exceed that: where it does, the remaining addresses,
/// marks, stars and indented lines stay plain text.
pub struct Markup<'t>(pub &'t str);

impl Render for Markup<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        blocks::write(self.0, spare(self.0), out);
    }
}

render_by_reference!(Markup<'_>);

/// The most bytes of a rendered text. The longest text of a post and the frame of its page stay below
/// [`MAX_PAGE_BYTES`](crate::html::size::MAX_PAGE_BYTES).
pub const MAX_MARKUP_BYTES: usize = 440 * 1024;

/// The most bytes to which a text of `bytes` bytes renders: fourteen times as many, for lines of code in three quotes, and the
/// first tags.
#[must_use]
pub fn most(bytes: usize) -> usize {
    14 * bytes + 40
}

/// The bytes that a text may take beyond those of the rendering without markup: without
/// limit, unless the text is so long that it could exceed [`MAX_MARKUP_BYTES`].
fn spare(text: &str) -> usize {
    if most(text.len()) <= MAX_MARKUP_BYTES {
        return usize::MAX;
    }
    let breaks = memchr::memchr2_iter(b'\n', b'\r', text.as_bytes()).count();
    let lines = lines::Lines { text, at: 0 };
    let directions = lines.filter(|line| has_right_to_left(line.content)).count() * blocks::DIRECTION.len();
    let plain = "<p></p>".len() + escaped_length(text) + breaks * ("<br>".len() - 1) + directions;
    MAX_MARKUP_BYTES.saturating_sub(plain)
}

#[cfg(test)]
mod tests;
