//! Flags: readers say that a post or comment does not belong here, and why; an admin decides.
//!
//! What is flagged has a case, which counts its flags: one a user. The case is closed, and its flags are
//! gone, when an admin removes the thing or dismisses the flags, or its author takes it back.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::text::is_blank;
use crate::types::cursor::Cursor;
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::vote::Target;
use crate::web::form::{Errors, Form};

/// The usual reasons: as forms and as admins have them.
const KINDS: [(&str, &str); 4] =
    [("spam", "Spam"), ("off-topic", "Off-topic"), ("rude", "Rude"), ("broken-link", "Broken link")];

/// The most characters of what a reader adds.
const MAX_WORDS: usize = 300;
/// The fewest of words that stand alone.
const MIN_WORDS: usize = 3;

/// Why something is flagged, as a form says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// The name of a usual reason; empty for none.
    pub kind: String,
    /// What the reader adds to it, or says instead.
    pub words: String,
}

impl Reason {
    /// The names of its fields.
    pub const FIELDS: [&str; 2] = ["kind", "words"];

    /// What a form says.
    #[must_use]
    pub fn of(form: &Form) -> Reason {
        Reason { kind: form.line("kind"), words: form.line("words") }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Errors {
        let mut errors = Errors::default();
        let length = self.words.chars().count();
        if self.kind.is_empty() && is_blank(&self.words) {
            errors.add("words", "Reason can't be blank: choose one, or say it in your own words");
        } else if !self.kind.is_empty() && self.label().is_none() {
            errors.add("words", "Reason is none of those that can be chosen");
        } else if self.kind.is_empty() && length < MIN_WORDS {
            errors.add("words", "Reason is too short (minimum is 3 characters)");
        }
        if length > MAX_WORDS {
            errors.add("words", "Reason is too long (maximum is 300 characters)");
        }
        errors
    }

    fn label(&self) -> Option<&'static str> {
        KINDS.iter().find_map(|(code, label)| (*code == self.kind).then_some(*label))
    }

    /// As admins read it.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.label() {
            Some(label) if is_blank(&self.words) => label.to_owned(),
            Some(label) => format!("{label}: {}", self.words),
            None => self.words.clone(),
        }
    }
}

/// What has become of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flagged {
    /// It is there.
    Done,
    /// It was there before, and has this reason now.
    Again,
    /// It is their own.
    Own,
    /// There is nothing of that number, or not any more.
    Gone,
}

/// Something to be flagged.
pub struct NewFlag<'f> {
    /// Who flags it.
    pub user_id: UserId,
    /// What.
    pub target: Target,
    /// Why, see [`Reason::sentence`].
    pub reason: &'f str,
    /// When.
    pub now: Timestamp,
}

/// What waits for an admin, as the queue shows it.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its number.
    pub id: i64,
    /// What was flagged.
    pub target: Target,
    /// A post's title, or how a comment begins.
    pub text: String,
    /// Who wrote it.
    pub author: Option<Author>,
    /// How many flagged it.
    pub flags_count: i64,
    /// Why, no more than [`sql::REASONS`] of them.
    pub reasons: Vec<String>,
}

impl Waiting {
    /// Its place in the queue.
    #[must_use]
    pub fn by_flags(&self) -> Cursor {
        Cursor { key: self.flags_count, id: self.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_chosen_or_said_or_both() {
        let long = "a".repeat(301);
        for (kind, words, sentence) in [
            ("spam", "", Ok("Spam")),
            ("spam", "again", Ok("Spam: again")),
            ("", "It is wrong", Ok("It is wrong")),
            ("", "", Err("Reason can't be blank: choose one, or say it in your own words")),
            ("", "\u{200b}", Err("Reason can't be blank: choose one, or say it in your own words")),
            ("", "no", Err("Reason is too short (minimum is 3 characters)")),
            ("dislike", "", Err("Reason is none of those that can be chosen")),
            ("spam", &long, Err("Reason is too long (maximum is 300 characters)")),
        ] {
            let reason = Reason { kind: kind.into(), words: words.into() };
            match sentence {
                Ok(sentence) => {
                    assert!(reason.check().is_empty(), "{reason:?}");
                    assert_eq!(reason.sentence(), sentence);
                }
                Err(why) => assert_eq!(reason.check().sentences().next(), Some(why), "{reason:?}"),
            }
        }
    }
}
