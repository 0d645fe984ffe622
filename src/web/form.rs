//! What a form sent, and what a person is told when it cannot be taken.

use std::borrow::Cow;
use std::io::Read;

use percent_encoding::percent_decode;
use rouille::Request;

use super::error::Error;
use crate::site::limiter::{Action, Limiter, RetryAfter};
use crate::text::{is_blank, is_control};

/// A form of ours has a handful of fields; more are somebody's experiment.
pub const MAX_FIELDS: usize = 100;

/// The fields of a form in the order in which they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

/// Why a request's body is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It does not say that it is one.
    OtherType,
    /// It is not UTF-8, not whole, or has too many fields.
    Malformed,
}

impl Form {
    /// The form in the body of a request. The server has bounded its size.
    pub(super) fn read(request: &Request) -> std::result::Result<Form, Unreadable> {
        let content_type = request.header("Content-Type").unwrap_or("");
        let name = content_type.split(';').next().unwrap_or_default().trim();
        // No body at all says no type: it is a form without a field.
        if !name.is_empty() && !name.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Unreadable::OtherType);
        }
        let mut body = Vec::new();
        let read = request.data().map(|mut data| data.read_to_end(&mut body));
        if let Some(Err(_)) = read {
            return Err(Unreadable::Malformed);
        }
        if name.is_empty() && !body.is_empty() {
            return Err(Unreadable::OtherType);
        }
        Form::parse(&body).ok_or(Unreadable::Malformed)
    }

    /// Reads `name=value&…`; `None` unless it is UTF-8 once it is decoded. (The decoder itself would
    /// put U+FFFD in the place of what it cannot read, and what was typed would be lost in silence.)
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Form> {
        let fields = body.iter().filter(|&&byte| byte == b'&').count() + 1;
        if fields > MAX_FIELDS || percent_decode(body).decode_utf8().is_err() {
            return None;
        }
        serde_urlencoded::from_bytes(body).ok().map(Form)
    }

    /// A form of these fields.
    #[must_use]
    pub fn of(fields: &[(&str, String)]) -> Form {
        Form(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    /// As it is sent.
    #[must_use]
    pub fn encoded(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap_or_default()
    }

    /// The texts that a person typed into any form of the site, one below the other: for those who cannot post
    /// them, to copy them.
    #[must_use]
    pub fn texts(&self) -> String {
        let text = |name: &&str| Some(self.text(name)).filter(|text| !is_blank(text));
        let texts: Vec<String> =
            ["title", "url", "description", "body", "about"].iter().filter_map(text).collect();
        texts.join("\n\n")
    }

    /// A field as it was sent; `None` when there is none of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    /// A field for one line: without control characters, and its words a space apart. What has no
    /// word at all stays as it was typed. Empty when there is no such field.
    #[must_use]
    pub fn line(&self, name: &str) -> String {
        let typed = self.get(name).unwrap_or_default();
        let spaced: String =
            typed.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect();
        let visible: String = spaced.chars().filter(|&letter| !is_control(letter)).collect();
        let words: Vec<&str> = visible.split_whitespace().collect();
        if words.is_empty() { visible } else { words.join(" ") }
    }

    /// A field for text of many lines: line breaks are `\n`, and no other control character but the
    /// tab is left. Empty when there is no such field.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let unix = self.get(name).unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
        unix.chars().filter(|&letter| matches!(letter, '\n' | '\t') || !is_control(letter)).collect()
    }
}

/// Why a form was refused: sentences, each about a field. A person can mend them, so they are no
/// [`Error`]: the form is shown again, with what was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors {
    list: Vec<(&'static str, Cow<'static, str>)>,
    wait: Option<RetryAfter>,
}

/// Nothing is wrong.
pub static NO_ERRORS: Errors = Errors { list: Vec::new(), wait: None };

impl Errors {
    /// One sentence about a field.
    #[must_use]
    pub fn one(field: &'static str, sentence: &'static str) -> Errors {
        let mut errors = Errors::default();
        errors.add(field, sentence);
        errors
    }

    /// Adds a whole sentence about a field.
    pub fn add(&mut self, field: &'static str, sentence: impl Into<Cow<'static, str>>) {
        self.list.push((field, sentence.into()));
    }

    /// Adds all of `others`.
    pub fn append(&mut self, others: Errors) {
        self.list.extend(others.list);
    }

    /// A form that is in order is taken for `action`, unless it comes too fast after others. One that is
    /// not does not count.
    #[must_use]
    pub fn or_rate_limited(self, limiter: &Limiter, action: Action) -> Errors {
        if !self.is_empty() {
            return self;
        }
        limiter.check_and_record(action).map_or_else(Errors::rate_limited, |()| self)
    }

    /// The form is in order, and comes too fast after others.
    #[must_use]
    pub fn rate_limited(wait: RetryAfter) -> Errors {
        let mut errors = Errors { wait: Some(wait), ..Errors::default() };
        errors.add("", format!("That was a little too fast. Please try again in {wait}."));
        errors
    }

    /// Whether there is nothing to mend.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All sentences in the order of their adding.
    pub fn sentences(&self) -> impl ExactSizeIterator<Item = &str> {
        self.list.iter().map(|(_, sentence)| &**sentence)
    }

    /// Those about a field.
    pub fn of(&self, field: &str) -> impl Iterator<Item = &str> {
        self.list.iter().filter(move |(about, _)| *about == field).map(|(_, sentence)| &**sentence)
    }

    /// How long to wait, where it is only a matter of time.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.wait
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Error {
        match unreadable {
            Unreadable::OtherType => Error::UnsupportedMediaType,
            Unreadable::Malformed => Error::BadRequest(
                "The form is not well-formed: it must be URL-encoded UTF-8 of a few fields.",
            ),
        }
    }
}

/// A path on this site that somebody may be led to: `/`, then anything but what could make it another
/// site's (`//host`, `/\host`) or end a header. `None` for anything else.
#[must_use]
pub fn local_path(text: &str) -> Option<&str> {
    let fits = text.len() <= 2000 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_local = text.starts_with('/') && !text.starts_with("//");
    (fits && is_local).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str) -> Form {
        Form::parse(body.as_bytes()).expect("it is well-formed")
    }

    #[test]
    fn fields_are_decoded_and_the_first_of_a_name_counts() {
        let form = form("title=a+b%26c&body=%C3%A9&title=second&empty=");
        assert_eq!(form.get("title"), Some("a b&c"));
        assert_eq!(form.get("body"), Some("é"));
        assert_eq!(form.get("empty"), Some(""));
        assert_eq!(form.get("missing"), None);
    }

    #[test]
    fn what_is_not_utf8_or_has_too_many_fields_is_no_form() {
        for body in [&b"a=\xff"[..], b"a=%ff", b"a=%C3", b"%ff=a", "a=1&".repeat(100).as_bytes()] {
            assert_eq!(Form::parse(body), None, "{body:?}");
        }
        // A percent sign that encodes nothing is a percent sign, as in every browser's decoder.
        assert_eq!(form("a=100%").get("a"), Some("100%"));
    }

    #[test]
    fn a_line_has_its_words_a_space_apart_and_nothing_that_cannot_be_seen() {
        for (typed, line) in [
            ("  a \u{a0} b\r\n\tc ", "a b c"),
            ("a\0b\u{7f}c\u{9d}d\u{202e}e\u{2066}f", "abcdef"),
            ("     ", "     "),
            ("", ""),
            ("👩‍🔬 می‌خواهم", "👩‍🔬 می‌خواهم"),
        ] {
            assert_eq!(Form::of(&[("a", typed.into())]).line("a"), line, "{typed:?}");
        }
    }

    #[test]
    fn a_text_keeps_its_lines() {
        for (typed, text) in [("a\r\nb\rc\nd", "a\nb\nc\nd"), ("  a\tb\0\u{1b}[1m \n", "  a\tb[1m \n")] {
            assert_eq!(Form::of(&[("a", typed.into())]).text("a"), text, "{typed:?}");
        }
    }

    #[test]
    fn only_a_path_of_ours_is_followed() {
        for path in ["/", "/posts/1?after=2-3#comments", "/posts/new?title=%E2%98%83"] {
            assert_eq!(local_path(path), Some(path));
        }
        let long = format!("/{}", "a".repeat(2000));
        for elsewhere in [
            "",
            "posts",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: a=b",
            "/\t/evil.example",
            " /",
            "/é",
            "/a b",
            &long,
        ] {
            assert_eq!(local_path(elsewhere), None, "{elsewhere:?}");
        }
    }
}
