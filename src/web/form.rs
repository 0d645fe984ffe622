//! Forms: their fields, and the validation errors that are shown with a refused form.

use std::borrow::Cow;
use std::io::Read;

use percent_encoding::percent_decode;
use rouille::Request;

use super::error::Error;
use super::list_header;
use crate::html::text::escaped_value_length;
use crate::site::limiter::{Action, Limiter, RetryAfter};
use crate::text::{is_blank, is_control, isolated};

/// The most fields of a form: those of the site have fewer than ten.
pub const MAX_FIELDS: usize = 100;

/// The fields of a form in the order in which they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

/// The reason for which a request's body is not a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Its `Content-Type` is another type's, or there are several, or it has a `Content-Encoding`.
    OtherType,
    /// It is not UTF-8, not complete, or has too many fields.
    Malformed,
}

impl Form {
    /// Reads the form in the body of a request. The server limits its size.
    pub(super) fn read(request: &Request) -> std::result::Result<Form, Unreadable> {
        // With two types, a filter in front of the site could read the body as the other one.
        let mut types = list_header::lines(request, "Content-Type");
        let (content_type, second) = (types.next().unwrap_or_default(), types.next());
        let is_encoded = list_header::members(request, "Content-Encoding").any(|coding| coding != "identity");
        if second.is_some() || is_encoded {
            return Err(Unreadable::OtherType);
        }
        let name = content_type.split(';').next().unwrap_or_default().trim();
        // A request without a body has no type: it is a form without fields.
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

    /// Parses `name=value&…`. `None`: it is not UTF-8 after decoding, or has more than [`MAX_FIELDS`].
    /// (serde_urlencoded alone would replace invalid bytes with U+FFFD, and typed text would be lost
    /// silently.)
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Form> {
        let fields = body.iter().filter(|&&byte| byte == b'&').count() + 1;
        if fields > MAX_FIELDS || percent_decode(body).decode_utf8().is_err() {
            return None;
        }
        serde_urlencoded::from_bytes(body).ok().map(Form)
    }

    /// A form with these fields.
    #[must_use]
    pub fn of(fields: &[(&str, String)]) -> Form {
        Form(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    /// Whether a page can show all values again, escaped, in at most `limit` bytes.
    #[must_use]
    pub fn fits(&self, limit: usize) -> bool {
        let values = || self.0.iter().map(|(_, value)| value.as_str());
        // A quote, which takes six bytes, is the longest character to escape.
        6 * values().map(str::len).sum::<usize>() <= limit
            || values().map(escaped_value_length).sum::<usize>() <= limit
    }

    /// The form as `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn encoded(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap_or_default()
    }

    /// The texts that a user typed into any form of the site, one below the other: an error page shows them,
    /// so that a user who cannot post them can copy them.
    #[must_use]
    pub fn texts(&self) -> String {
        let text = |name: &&str| Some(self.text(name)).filter(|text| !is_blank(text));
        let texts: Vec<String> = ["title", "url", "description", "body", "about", "words", "reason"]
            .iter()
            .filter_map(text)
            .collect();
        texts.join("\n\n")
    }

    /// The first field of this name, as it was sent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    /// The value of a single-line field: without control characters, its words one space apart. A value
    /// without words keeps its spaces. Empty when there is no such field.
    #[must_use]
    pub fn line(&self, name: &str) -> String {
        let typed = self.get(name).unwrap_or_default();
        let spaced: String =
            typed.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect();
        let visible: String = spaced.chars().filter(|&letter| !is_control(letter)).collect();
        let words: Vec<&str> = visible.split_whitespace().collect();
        if words.is_empty() { visible } else { words.join(" ") }
    }

    /// The value of a multi-line field: line breaks are `\n`, and other control characters but the tab are
    /// removed. Empty when there is no such field.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let unix = self.get(name).unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n");
        unix.chars().filter(|&letter| matches!(letter, '\n' | '\t') || !is_control(letter)).collect()
    }
}

/// The validation errors of a refused form: sentences, each about a field. The user can correct them, so they
/// are no [`Error`]: the form is shown again with its typed text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors {
    list: Vec<(&'static str, Cow<'static, str>)>,
    retry_after: Option<RetryAfter>,
    is_for_another_account: bool,
}

/// The errors of a form that is in order.
pub static NO_ERRORS: Errors = Errors { list: Vec::new(), retry_after: None, is_for_another_account: false };

impl Errors {
    /// Errors with one sentence about a field.
    #[must_use]
    pub fn one(field: &'static str, sentence: &'static str) -> Errors {
        let mut errors = Errors::default();
        errors.add(field, sentence);
        errors
    }

    /// Adds a sentence about a field; `""` is the whole form.
    pub fn add(&mut self, field: &'static str, sentence: impl Into<Cow<'static, str>>) {
        self.list.push((field, sentence.into()));
    }

    /// Adds all of `others`.
    pub fn append(&mut self, others: Errors) {
        self.list.extend(others.list);
    }

    /// These errors; where there are none, the refusal of `action` by its rate limit. A form with errors does
    /// not count as an action.
    #[must_use]
    pub fn or_rate_limited(self, limiter: &Limiter, action: Action) -> Errors {
        if !self.is_empty() {
            return self;
        }
        limiter.check_and_record(action).map_or_else(Errors::rate_limited, |()| self)
    }

    /// The refusal of a form that exceeds a rate limit.
    #[must_use]
    pub fn rate_limited(wait: RetryAfter) -> Errors {
        let mut errors = Errors { retry_after: Some(wait), ..Errors::default() };
        errors.add("", format!("That was a little too fast. Please try again in {wait}."));
        errors
    }

    /// These errors, after that of a form that was made for another account than that of `screen_name`, who
    /// is signed in.
    #[must_use]
    pub fn for_another_account(mut self, screen_name: &str) -> Errors {
        if !self.is_for_another_account {
            let screen_name = isolated(screen_name);
            let sentence = format!(
                "You are signed in as {screen_name} now, and this form was made for another account. \
                 Send it again to send it as {screen_name}"
            );
            self.list.insert(0, ("", sentence.into()));
            self.is_for_another_account = true;
        }
        self
    }

    /// Whether the form was made for another account.
    #[must_use]
    pub fn is_for_another_account(&self) -> bool {
        self.is_for_another_account
    }

    /// Whether the form is in order.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All sentences in the order in which they were added.
    pub fn sentences(&self) -> impl ExactSizeIterator<Item = &str> {
        self.list.iter().map(|(_, sentence)| &**sentence)
    }

    /// Each field with a sentence about it, in the order in which they were added; `""` is the whole form.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.list.iter().map(|(field, sentence)| (*field, &**sentence))
    }

    /// The sentences about a field.
    pub fn of(&self, field: &str) -> impl Iterator<Item = &str> {
        self.list.iter().filter(move |(about, _)| *about == field).map(|(_, sentence)| &**sentence)
    }

    /// The sentences about none of these fields.
    pub fn outside(&self, fields: &[&str]) -> impl Iterator<Item = &str> {
        self.list.iter().filter(|(about, _)| !fields.contains(about)).map(|(_, sentence)| &**sentence)
    }

    /// How long to wait, if a rate limit refused the form.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_after
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

/// The text, if it is a path on this site that a redirect may lead to: at most 2,000 printable ASCII
/// characters, without those that lead to another site (`//host`, `/\host`).
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
    fn fields_are_decoded_and_the_first_with_a_name_counts() {
        let form = form("title=a+b%26c&body=%C3%A9&title=second&empty=");
        assert_eq!(form.get("title"), Some("a b&c"));
        assert_eq!(form.get("body"), Some("é"));
        assert_eq!(form.get("empty"), Some(""));
        assert_eq!(form.get("missing"), None);
    }

    #[test]
    fn a_body_that_is_not_utf8_or_has_too_many_fields_is_no_form() {
        for body in [&b"a=\xff"[..], b"a=%ff", b"a=%C3", b"%ff=a", "a=1&".repeat(100).as_bytes()] {
            assert_eq!(Form::parse(body), None, "{body:?}");
        }
        // A percent sign that encodes nothing is a percent sign, as in every browser's decoder.
        assert_eq!(form("a=100%").get("a"), Some("100%"));
    }

    #[test]
    fn a_line_has_one_space_between_words_and_no_invisible_characters() {
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
    fn only_a_path_of_this_site_is_followed() {
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
