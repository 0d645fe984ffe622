//! The lines of a text, and what each of them is: part of a quote, an item of a list, code.

/// The most quotes within each other. Further marks are read and have no effect.
pub(super) const MAX_QUOTES: usize = 3;

/// A line of a text.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    /// Its position in the text.
    pub at: usize,
    /// The position of its content, after the marks of quotes.
    pub start: usize,
    /// The number of quotes that it is in.
    pub quotes: usize,
    /// The line without the marks of quotes and without its line break.
    pub content: &'t str,
}

impl<'t> Line<'t> {
    fn of(at: usize, line: &'t str) -> Line<'t> {
        let (quotes, length) = quote_marks(line);
        Line { at, start: at + length, quotes, content: &line[length..] }
    }

    /// The line with the marks of quotes as its text.
    pub(super) fn unquoted(self, text: &'t str) -> Line<'t> {
        Line { start: self.at, quotes: 0, content: &text[self.at..self.start + self.content.len()], ..self }
    }

    /// Whether there is nothing but whitespace.
    pub(super) fn is_blank(self) -> bool {
        self.content.trim_start().is_empty()
    }

    pub(super) fn is_indented(self) -> bool {
        ["  ", "\t", " \t"].iter().any(|indent| self.content.starts_with(indent))
    }

    /// What the line is, after the lines `before` it.
    pub(super) fn kind(self, before: Before) -> Kind {
        let before = if before.quotes == self.quotes { before.part } else { None };
        if self.is_blank() {
            return Kind::Blank;
        }
        if before.is_none() && self.is_indented() {
            return Kind::Code;
        }
        // "I have\n2. no": within a paragraph only the number 1 begins a list.
        let begins = |mark: &Mark| before != Some(Part::Paragraph) || matches!(mark.number, None | Some(1));
        match (mark(self.content).filter(begins), before) {
            (Some(mark), _) => Kind::Item(mark),
            (None, Some(Part::Paragraph)) => Kind::Further,
            (None, Some(Part::Item)) if self.is_indented() => Kind::Further,
            _ => Kind::Paragraph,
        }
    }
}

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Code,
    /// The first line of an item of a list.
    Item(Mark),
    /// The first line of a paragraph.
    Paragraph,
    /// A further line of the paragraph or item before it.
    Further,
}

/// What the next line may go on with.
#[derive(Clone, Copy, Default)]
pub(super) struct Before {
    /// The quotes that it is in.
    pub quotes: usize,
    /// The part of the text; `None` after a blank line, after code and at the start.
    pub part: Option<Part>,
}

impl Before {
    /// What is before the next line after one of this kind.
    pub(super) fn after(self, line: Line, kind: Kind) -> Before {
        let part = match kind {
            Kind::Blank | Kind::Code => None,
            Kind::Item(_) => Some(Part::Item),
            Kind::Paragraph => Some(Part::Paragraph),
            Kind::Further => self.part,
        };
        Before { quotes: line.quotes, part }
    }
}

/// A part of a text that may have further lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Paragraph,
    Item,
}

/// The mark of an item of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The columns before it, a tab as four.
    pub indent: usize,
    /// Its number; `None`: a bullet.
    pub number: Option<u16>,
    /// Its bytes, with the blanks around it.
    pub length: usize,
}

/// The mark with which the content of a line begins: `- `, `* ` or a number of at most three digits, so no year, and `. `.
/// After it there are words: `* * *` and `- - -` separate parts of a text.
fn mark(content: &str) -> Option<Mark> {
    if content.as_bytes().first().is_none_or(u8::is_ascii_alphabetic) {
        return None; // As most lines.
    }
    let unindented = content.trim_start_matches([' ', '\t']);
    let digits = unindented.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let (number, after) = match unindented.as_bytes().get(digits)? {
        b'-' | b'*' if digits == 0 => (None, &unindented[1..]),
        b'.' if (1..=3).contains(&digits) && (digits == 1 || !unindented.starts_with('0')) => {
            (Some(unindented[..digits].parse().ok()?), &unindented[digits + 1..])
        }
        _ => return None,
    };
    let words = after.trim_start_matches([' ', '\t']);
    let is_mark = words.len() < after.len()
        && words.contains(|letter: char| !letter.is_whitespace() && !matches!(letter, '-' | '*'));
    let indent = &content[..content.len() - unindented.len()];
    is_mark.then(|| Mark {
        indent: indent.bytes().map(|byte| if byte == b'\t' { 4 } else { 1 }).sum(),
        number,
        length: content.len() - words.len(),
    })
}

/// The number of quotes that a line is in, and the bytes of their marks: each is a `>` before a blank, before another mark
/// or at the end of the line.
fn quote_marks(line: &str) -> (usize, usize) {
    let (bytes, mut at, mut marks, mut found) = (line.as_bytes(), 0, 0, (0, 0));
    while bytes.get(at) == Some(&b'>') {
        (at, marks) = (at + 1, marks + 1);
        match bytes.get(at) {
            None => found = (marks, at),
            Some(b' ') => {
                at += 1;
                found = (marks, at);
            }
            Some(_) => {}
        }
    }
    (found.0.min(MAX_QUOTES), found.1)
}

/// Whether a line begins with the mark of a quote or of an item of a list.
#[must_use]
pub fn begins_with_mark(content: &str) -> bool {
    mark(content).is_some() || quote_marks(content).0 > 0
}

/// Whether a line's content begins with a mark after a backslash, which makes it text.
pub(super) fn is_escaped(content: &str) -> bool {
    content.strip_prefix('\\').is_some_and(begins_with_mark)
}

/// The lines of a text from the byte position `at` on, the start of a line.
#[derive(Clone)]
pub(super) struct Lines<'t> {
    pub text: &'t str,
    pub at: usize,
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let (line, end) = rest.split_at(length);
        self.at = start + length + if end.starts_with("\r\n") { 2 } else { 1 };
        Some(Line::of(start, line))
    }
}
