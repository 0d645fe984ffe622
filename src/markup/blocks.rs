//! Writes a text: its quotes, lists, paragraphs and code, and the markup within their lines.

use horrorshow::{Render, TemplateBuffer};

use super::address::{host, shown, shown_host};
use super::inline::{Token, Tokens};
use super::lines::{Before, Kind, Line, Lines, Mark, Part, is_escaped};
use crate::html::text::{Text, escaped_length};
use crate::text::has_right_to_left;

/// The most lists within each other. Items beyond are items of the innermost.
const MAX_LISTS: usize = 3;

/// The bytes of tags around an address, with the `…` of one that is cut.
const LINK_BYTES: usize = 46;
/// The bytes of the tags around the host behind a link, with its blank, brackets and `…`.
const HOST_BYTES: usize = 17;
/// The bytes of `<em></em>`.
const EMPHASIS_BYTES: usize = 9;
/// The bytes of `<code></code>`.
const CODE_IN_LINE_BYTES: usize = 13;
/// The bytes of the tags around code.
const CODE_BYTES: usize = 37;
/// The bytes of the tags of paragraphs that a quote or a list separates from the text before and after it.
const SEPARATED_BYTES: usize = 14;
/// The bytes of the tags around a quote.
const QUOTE_BYTES: usize = 25 + SEPARATED_BYTES;
/// The bytes of the tags around an item, with those of a list of its own.
const ITEM_BYTES: usize = 9 + " value=\"999\"".len() + 22 + SEPARATED_BYTES;

/// The attribute of a paragraph with letters that are read from right to left: the first letter decides in which
/// direction the paragraph is read. Others have the direction of the page without it.
pub(super) const DIRECTION: &str = r#" dir="auto""#;

/// Takes `bytes` from `spare`; `false`: there are not as many.
fn spend(spare: &mut usize, bytes: usize) -> bool {
    spare.checked_sub(bytes).map(|left| *spare = left).is_some()
}

/// Receives the rendering of a text.
pub(super) trait Sink {
    /// Receives markup.
    fn raw(&mut self, markup: &str);
    /// Receives text between tags, to be escaped.
    fn text(&mut self, text: &str);
    /// Receives the value of an attribute, to be escaped.
    fn value(&mut self, value: &str);
    /// Hears that the rendering of the text up to byte `at` is complete but for `closing` bytes of closing tags, and
    /// whether a line within a block begins there, else a block. Returns whether to stop.
    fn begins(&mut self, _at: usize, _is_within_block: bool, _closing: usize) -> bool {
        false
    }
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

/// Renders a text, see [`Markup`](super::Markup), with at most `spare` bytes of markup that could be left out.
pub(super) fn write(text: &str, spare: usize, out: &mut impl Sink) {
    let (mut lines, mut before) = (Lines { text, at: 0 }, Before::default());
    let mut writer =
        Writer { text, is_ascii: text.is_ascii(), spare, out, quotes: 0, lists: Vec::new(), open: None };
    while let Some(line) = lines.next() {
        if writer.out.begins(line.at, writer.open.is_some(), writer.closing_bytes()) {
            return;
        }
        before = writer.line(line, before, &mut lines);
    }
    writer.end_part();
    writer.end_lists(0);
    writer.quote(0);
}

/// A list that is being written.
struct List {
    /// The columns before the mark of its first item.
    indent: usize,
    /// The number of the next item; `None`: it has bullets.
    next: Option<u16>,
}

/// A paragraph or an item that is being written.
struct Open {
    part: Part,
    is_emphasised: bool,
    /// The position of its last star that can close emphasis; 0: there is none. It is searched once, at the first star that can
    /// open emphasis: a search at each star would take quadratic time.
    last_closer: Option<usize>,
}

struct Writer<'w, S> {
    text: &'w str,
    is_ascii: bool,
    spare: usize,
    out: &'w mut S,
    /// The number of open quotes.
    quotes: usize,
    /// The open lists, each in the last item of the one before.
    lists: Vec<List>,
    open: Option<Open>,
}

impl<'w, S: Sink> Writer<'w, S> {
    /// The bytes of the tags that close what is open.
    fn closing_bytes(&self) -> usize {
        let of_part = self.open.as_ref().map_or(0, |open| {
            let of_emphasis = if open.is_emphasised { "</em>".len() } else { 0 };
            of_emphasis + if open.part == Part::Paragraph { "</p>".len() } else { 0 }
        });
        self.quotes * "</blockquote>".len() + self.lists.len() * "</li></ul>".len() + of_part
    }

    /// Writes a line, and those of `lines` that are code with it. Returns what is before the next one.
    fn line(&mut self, mut line: Line<'w>, before: Before, lines: &mut Lines) -> Before {
        let mut kind = line.kind(before);
        let new_quotes = line.quotes.saturating_sub(self.quotes);
        if kind != Kind::Blank && !spend(&mut self.spare, new_quotes * QUOTE_BYTES) {
            line = line.unquoted(self.text);
            kind = line.kind(before);
        }
        let is_affordable = match kind {
            Kind::Code => spend(&mut self.spare, CODE_BYTES),
            Kind::Item(_) => spend(&mut self.spare, ITEM_BYTES),
            _ => true,
        };
        if !is_affordable {
            let is_further = before.part.is_some() && before.quotes == line.quotes;
            kind = if is_further { Kind::Further } else { Kind::Paragraph };
        }
        let after = before.after(line, kind);
        match kind {
            Kind::Blank => self.end_part(),
            Kind::Code => {
                self.end_part();
                self.quote(line.quotes);
                self.end_lists(0);
                self.code(line, lines);
            }
            Kind::Item(mark) => {
                let is_within = after.quotes == self.quotes && before.part == Some(Part::Item);
                self.end_part();
                self.quote(line.quotes);
                self.begin_item(mark, is_within, line, after);
                self.words(line.start + mark.length, &line.content[mark.length..], line, after);
            }
            Kind::Paragraph => {
                self.end_part();
                self.quote(line.quotes);
                self.end_lists(0);
                self.begin(Part::Paragraph, None, line, after);
                self.unescaped(line, after);
            }
            Kind::Further => {
                self.out.raw("<br>");
                self.unescaped(line, after);
            }
        }
        after
    }

    /// Closes and opens quotes until `quotes` are open.
    fn quote(&mut self, quotes: usize) {
        if quotes != self.quotes {
            self.end_lists(0);
        }
        for _ in quotes..self.quotes {
            self.out.raw("</blockquote>");
        }
        for _ in self.quotes..quotes {
            self.out.raw("<blockquote>");
        }
        self.quotes = quotes;
    }

    fn end_part(&mut self) {
        let Some(open) = self.open.take() else { return };
        if open.is_emphasised {
            self.out.raw("</em>");
        }
        if open.part == Part::Paragraph {
            self.out.raw("</p>");
        }
    }

    /// Begins a paragraph or an item, whose first line this is, with a number if it is not the next one.
    fn begin(&mut self, part: Part, number: Option<u16>, line: Line, after: Before) {
        let is_other_way = !self.is_ascii
            && lines_of_part(self.text, line.at, after).any(|line| has_right_to_left(line.content));
        self.out.raw(if part == Part::Item { "<li" } else { "<p" });
        self.out.raw(if is_other_way { DIRECTION } else { "" });
        if let Some(number) = number {
            self.out.raw(" value=\"");
            self.out.raw(itoa::Buffer::new().format(number));
            self.out.raw("\"");
        }
        self.out.raw(">");
        self.open = Some(Open { part, is_emphasised: false, last_closer: None });
    }

    /// Closes the innermost lists until `number` are open.
    fn end_lists(&mut self, number: usize) {
        for list in self.lists.drain(number.min(self.lists.len())..).rev() {
            self.out.raw(if list.next.is_some() { "</li></ol>" } else { "</li></ul>" });
        }
    }

    /// Begins an item, in the list that its indentation and its kind of mark say; `is_within`: without a blank line after another
    /// item.
    fn begin_item(&mut self, mark: Mark, is_within: bool, line: Line, after: Before) {
        let outer = self.lists.iter().skip(1).take_while(|list| list.indent <= mark.indent).count();
        self.end_lists(outer + 1);
        let depth = self.lists.len();
        match self.lists.last() {
            Some(list) if is_within && mark.indent >= list.indent + 2 && depth < MAX_LISTS => {
                self.begin_list(mark);
            }
            Some(list) if list.next.is_some() == mark.number.is_some() => self.out.raw("</li>"),
            Some(_) => {
                self.end_lists(depth - 1);
                self.begin_list(mark);
            }
            None => self.begin_list(mark),
        }
        let mut number = mark.number;
        if let (Some(next), Some(typed)) = (self.lists.last_mut().and_then(|list| list.next.as_mut()), number)
        {
            number = number.filter(|number| number != next); // The browser counts.
            *next = typed + 1;
        }
        self.begin(Part::Item, number, line, after);
    }

    fn begin_list(&mut self, mark: Mark) {
        self.out.raw(if mark.number.is_some() { "<ol class=\"text\">" } else { "<ul class=\"text\">" });
        self.lists.push(List { indent: mark.indent, next: mark.number.map(|_| 1) });
    }

    /// Writes a block of code: its `first` line, and those of `lines` that continue it.
    fn code(&mut self, first: Line, lines: &mut Lines) {
        self.out.raw("<pre tabindex=\"0\"><code>");
        self.out.text(first.content);
        let closing = self.closing_bytes() + "</code></pre>".len();
        for line in lines.clone() {
            if line.is_blank() {
                continue;
            }
            if !line.is_indented() || line.quotes != first.quotes {
                break;
            }
            while lines.at <= line.at {
                if self.out.begins(lines.at, true, closing) {
                    return;
                }
                self.out.raw("\n");
                self.out.text(lines.next().map_or("", |line| line.content));
            }
        }
        self.out.raw("</code></pre>");
    }

    /// Writes a line without the backslash before a mark at its beginning.
    fn unescaped(&mut self, line: Line, after: Before) {
        let skipped = usize::from(is_escaped(line.content));
        self.words(line.start + skipped, &line.content[skipped..], line, after);
    }

    /// Writes `words`, which begin at `at` in the text and are of this line.
    fn words(&mut self, at: usize, words: &str, line: Line, after: Before) {
        let mut written = 0;
        for (range, token) in Tokens::of(words) {
            self.out.text(&words[written..range.start]);
            written = range.end;
            match token {
                Token::Star { opens, closes } => self.star(at + range.start, opens, closes, line, after),
                Token::Literal(letter) => self.out.raw(letter),
                Token::Code(code) if spend(&mut self.spare, CODE_IN_LINE_BYTES) => {
                    self.out.raw("<code>");
                    self.out.text(code);
                    self.out.raw("</code>");
                }
                Token::Address(address) if self.can_link(shown(address), 0) => {
                    self.link(address, shown(address), shown(address).len() < address.len());
                }
                Token::Link(text, address) if self.can_link(text, HOST_BYTES + shown_host(address).len()) => {
                    self.link(address, text, false);
                    self.host(address);
                }
                Token::Code(_) | Token::Address(_) | Token::Link(..) => self.out.text(&words[range]),
            }
        }
        self.out.text(&words[written..]);
    }

    /// Writes the star at `at`.
    fn star(&mut self, at: usize, opens: bool, closes: bool, line: Line, after: Before) {
        let (text, Some(open)) = (self.text, &mut self.open) else { return };
        let mut last_closer =
            || *open.last_closer.get_or_insert_with(|| self::last_closer(text, line.at, after));
        if closes && open.is_emphasised {
            open.is_emphasised = false;
            self.out.raw("</em>");
        } else if opens && !open.is_emphasised && at < last_closer() && spend(&mut self.spare, EMPHASIS_BYTES)
        {
            open.is_emphasised = true;
            self.out.raw("<em>");
        } else {
            self.out.raw("*");
        }
    }

    /// Takes the bytes of a link with this text and `more`; `false`: there are not as many.
    fn can_link(&mut self, text: &str, more: usize) -> bool {
        spend(&mut self.spare, LINK_BYTES + escaped_length(text) + more)
    }

    fn link(&mut self, address: &str, text: &str, is_cut: bool) {
        self.out.raw("<a href=\"");
        self.out.value(address);
        self.out.raw("\" rel=\"nofollow ugc noopener\">");
        self.out.text(text);
        self.out.raw(if is_cut { "…" } else { "" });
        self.out.raw("</a>");
    }

    /// Writes the host behind a link, which the link's text may hide. Its direction is its own.
    fn host(&mut self, address: &str) {
        let shown = shown_host(address);
        self.out.raw(" (<bdi>");
        self.out.raw(if shown.len() < host(address).len() { "…" } else { "" });
        self.out.text(shown);
        self.out.raw("</bdi>)");
    }
}

/// The lines of a paragraph or item from the one at `at` on, after which is `after`.
fn lines_of_part(text: &str, at: usize, after: Before) -> impl Iterator<Item = Line<'_>> {
    let mut lines = Lines { text, at };
    let first = lines.next();
    first.into_iter().chain(lines.take_while(move |line| line.kind(after) == Kind::Further))
}

/// The position of the last star that can close emphasis in the paragraph or item, from the line at `at` on.
fn last_closer(text: &str, at: usize, after: Before) -> usize {
    let stars = lines_of_part(text, at, after).flat_map(|line| {
        Tokens::of(line.content).filter_map(move |(range, token)| match token {
            Token::Star { closes: true, .. } => Some(line.start + range.start),
            _ => None,
        })
    });
    stars.last().unwrap_or(0)
}
