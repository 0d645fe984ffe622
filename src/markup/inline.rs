//! The markup within a line: emphasis, code, links.

use std::ops::Range;

use super::address::{bare, ends_delimited, without_tail};
use crate::text::{has_no_blanks, is_blank, is_control};

/// A part of a line that is not plain text.
#[derive(Clone, Copy)]
pub(super) enum Token<'t> {
    /// A star, and whether the characters beside it allow it to open or close emphasis.
    Star { opens: bool, closes: bool },
    /// A character that a backslash, or for a star another star, makes plain text.
    Literal(&'static str),
    /// Code between backquotes.
    Code(&'t str),
    /// An address.
    Address(&'t str),
    /// A text that is a link to an address.
    Link(&'t str, &'t str),
}

/// The tokens of a line from `at` on, with their ranges. Every token contains one of `*`, `` ` ``, `[` and `:`, so `memchr`
/// finds it.
pub(super) struct Tokens<'t> {
    line: &'t str,
    at: usize,
    /// The positions of the next of `*`, `` ` `` and `[`, and of the next colon, once they are searched for; `usize::MAX`: there
    /// is none.
    sign: Option<usize>,
    colon: Option<usize>,
    /// Whether no code between one backquote on each side begins after `at`, and none between two. The end of code is searched
    /// once in vain: a search at each backquote would take quadratic time.
    is_without_code: [bool; 2],
}

impl<'t> Tokens<'t> {
    pub(super) fn of(line: &'t str) -> Tokens<'t> {
        Tokens { line, at: 0, sign: None, colon: None, is_without_code: [false; 2] }
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = (Range<usize>, Token<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.next_sign()?;
            let token = match self.line.as_bytes()[at] {
                b'*' => Some(self.star(at)),
                b'`' => self.code(at),
                b'[' => self.link(at),
                _ => self.address(at),
            };
            if let Some((range, token)) = token {
                self.at = range.end;
                return Some((range, token));
            }
            self.at = self.at.max(at + 1);
        }
    }
}

impl<'t> Tokens<'t> {
    /// The position of the next character with which a token may be.
    fn next_sign(&mut self) -> Option<usize> {
        let (at, rest) = (self.at, &self.line.as_bytes()[self.at..]);
        let place = |found: Option<usize>| found.map_or(usize::MAX, |length| at + length);
        let known = |known: Option<usize>| known.filter(|&known| known >= at);
        let sign = known(self.sign).unwrap_or_else(|| place(memchr::memchr3(b'*', b'`', b'[', rest)));
        let colon = known(self.colon).unwrap_or_else(|| place(memchr::memchr(b':', rest)));
        (self.sign, self.colon) = (Some(sign), Some(colon));
        Some(sign.min(colon)).filter(|&at| at < usize::MAX)
    }

    /// The literal character at `at`, if a backslash is before it.
    fn escaped(&self, at: usize, letter: &'static str) -> Option<(Range<usize>, Token<'t>)> {
        self.line[self.at..at].ends_with('\\').then(|| (at - 1..at + 1, Token::Literal(letter)))
    }

    /// The token of the star at `at`.
    fn star(&self, at: usize) -> (Range<usize>, Token<'t>) {
        let after = &self.line[at + 1..];
        if let Some(escaped) = self.escaped(at, "*") {
            return escaped;
        }
        if after.starts_with('*') {
            return (at..at + 2, Token::Literal("*"));
        }
        let is_visible = |beside: Option<char>| beside.is_some_and(|letter| !letter.is_whitespace());
        let opens = is_visible(after.chars().next());
        let closes = is_visible(self.line[..at].chars().next_back());
        (at..at + 1, Token::Star { opens, closes })
    }

    /// The code between the one or two backquotes at `at` and as many in the line. Three and more are text, all of them.
    fn code(&mut self, at: usize) -> Option<(Range<usize>, Token<'t>)> {
        if let Some(escaped) = self.escaped(at, "`") {
            return Some(escaped);
        }
        let quotes = run(&self.line[at..]);
        self.at = at + quotes; // Where no code is, the next token is after all of them.
        let is_without = self.is_without_code.get_mut(quotes - 1).filter(|is_without| !**is_without)?;
        let mut end = at + quotes;
        let length = loop {
            let Some(length) = memchr::memchr(b'`', &self.line.as_bytes()[end..]) else {
                *is_without = true;
                return None;
            };
            end += length;
            let closing = run(&self.line[end..]);
            if closing == quotes {
                break end - at - quotes;
            }
            end += closing;
        };
        let code = &self.line[at + quotes..][..length];
        let inner = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' ')).unwrap_or(code);
        let code = if quotes == 2 { inner } else { code };
        (!is_blank(code)).then_some((at..end + quotes, Token::Code(code)))
    }

    /// The link `[text](address)` at `at`. Its text has no bracket, no address of its own and no character that changes the
    /// direction of the address behind it.
    fn link(&self, at: usize) -> Option<(Range<usize>, Token<'t>)> {
        if let Some(escaped) = self.escaped(at, "[") {
            return Some(escaped);
        }
        let inside = &self.line[at + 1..];
        let text = &inside[..memchr::memchr2(b'[', b']', inside.as_bytes())?];
        let rest = inside[text.len()..].strip_prefix("](")?;
        let is_plain = !is_blank(text) && !text.contains("://") && !text.contains(is_control);
        if !is_plain || !begins_with_address(rest) {
            return None;
        }
        let address = bare(rest);
        let end = self.line.len() - rest.len() + address.len();
        rest[address.len()..].starts_with(')').then_some((at..end + 1, Token::Link(text, address)))
    }

    /// The address around the colon at `at`, if it is one.
    fn address(&self, at: usize) -> Option<(Range<usize>, Token<'t>)> {
        let before = &self.line[self.at..at];
        let start = ["https", "http"].into_iter().find_map(|scheme| {
            let start = before.len().checked_sub(scheme.len())?;
            before.get(start..)?.eq_ignore_ascii_case(scheme).then_some(start)
        })?;
        let letter_before = before[..start].chars().next_back();
        let is_in_word =
            letter_before.is_some_and(|letter| letter.is_alphanumeric() && !has_no_blanks(letter));
        let start = self.at + start;
        let rest = &self.line[start..];
        if is_in_word || !begins_with_address(rest) {
            return None;
        }
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

/// Whether `text` begins with `http://` or `https://`, in any case, and with what may be a host.
fn begins_with_address(text: &str) -> bool {
    let is_web = |scheme: &str| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let colon = text.bytes().take("https:".len()).position(|byte| byte == b':');
    colon.and_then(|colon| text.split_at_checked(colon)).is_some_and(|(scheme, rest)| {
        let host = rest.strip_prefix("://");
        is_web(scheme) && host.is_some_and(|host| host.starts_with(char::is_alphanumeric))
    })
}

/// The number of backquotes with which `text` begins.
fn run(text: &str) -> usize {
    text.bytes().take_while(|&byte| byte == b'`').count()
}
