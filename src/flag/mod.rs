//! Flags: users report a post or comment with a reason; an admin decides.
//!
//! A flagged post or comment has a case, which counts its flags, at most one for each user. The case and its
//! flags are deleted when an admin removes the post or comment or dismisses the flags, or when the author
//! deletes it. Enough flags hide it until then ([`crate::dead`]).

pub mod handlers;
pub mod sql;
pub mod views;

use crate::text::{self, is_blank};
use crate::types::cursor::Cursor;
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::vote::Target;
use crate::web::form::{Errors, Form};

/// The usual reasons: the code in forms, and the label.
const USUAL_REASONS: [(&str, &str); 4] =
    [("spam", "Spam"), ("off-topic", "Off-topic"), ("rude", "Rude"), ("broken-link", "Broken link")];

/// The greatest number of characters in the details.
const MAX_DETAILS_CHARS: usize = 300;
/// The least [length](text::length_of_words) of details without a usual reason.
const MIN_DETAILS_LENGTH: usize = 3;

/// The reason of a flag, as a form has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// The code of a usual reason; empty: none is chosen.
    pub kind: String,
    /// The user's own words, in addition to a usual reason or in place of it.
    pub details: String,
}

impl Reason {
    /// The names of the form's fields.
    pub const FIELDS: [&str; 2] = ["kind", "words"];

    /// The reason in a form.
    #[must_use]
    pub fn from_form(form: &Form) -> Reason {
        Reason { kind: form.line("kind"), details: form.line("words") }
    }

    /// The errors of the form.
    #[must_use]
    pub fn check(&self) -> Errors {
        let mut errors = Errors::default();
        if self.kind.is_empty() && is_blank(&self.details) {
            errors.add("words", "Reason can't be blank: choose one, or say it in your own words");
        } else if !self.kind.is_empty() && self.label().is_none() {
            errors.add("words", "Reason is none of those that can be chosen");
        } else if self.kind.is_empty() && text::length_of_words(&self.details) < MIN_DETAILS_LENGTH {
            errors.add("words", "Reason is too short (minimum is 3 characters)");
        } else if self.details.chars().count() > MAX_DETAILS_CHARS {
            errors.add("words", "Reason is too long (maximum is 300 characters)");
        }
        errors
    }

    fn label(&self) -> Option<&'static str> {
        USUAL_REASONS.iter().find_map(|(code, label)| (*code == self.kind).then_some(*label))
    }

    /// The reason as it is stored and as admins read it.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.label() {
            Some(label) if is_blank(&self.details) => label.to_owned(),
            Some(label) => format!("{label}: {}", self.details),
            None => self.details.clone(),
        }
    }
}

/// The result of [`sql::create`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagOutcome {
    /// The flag is stored.
    Created,
    /// The user had flagged it before; the reason is replaced.
    ReasonChanged,
    /// The user is the author: nothing is stored.
    OwnContent,
    /// The post or comment does not exist, or is deleted.
    NotFound,
}

/// A flag to be stored.
pub struct NewFlag<'f> {
    /// The user who flags it.
    pub user_id: UserId,
    /// The flagged post or comment.
    pub target: Target,
    /// The reason, from [`Reason::sentence`].
    pub reason: &'f str,
    /// The time of the flag; that of the first one is the time of the case.
    pub now: Timestamp,
}

/// A flagged post or comment in the queue.
#[derive(Debug, Clone)]
pub struct FlaggedItem {
    /// The id of the case.
    pub id: i64,
    /// The flagged post or comment.
    pub target: Target,
    /// A post's title, or the first 200 characters of a comment.
    pub text: String,
    /// The author; `None` once the account is deleted.
    pub author: Option<Author>,
    /// Whether flags have hidden it.
    pub is_dead: bool,
    /// The number of users who flagged it.
    pub flags_count: i64,
    /// Reasons, at most [`sql::MAX_SHOWN_REASONS`].
    pub reasons: Vec<String>,
}

impl FlaggedItem {
    /// The item's position in the queue.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { key: self.flags_count, id: self.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_a_usual_one_or_details_or_both() {
        let long = "a".repeat(301);
        for (kind, details, sentence) in [
            ("spam", "", Ok("Spam")),
            ("spam", "again", Ok("Spam: again")),
            ("", "It is wrong", Ok("It is wrong")),
            ("", "", Err("Reason can't be blank: choose one, or say it in your own words")),
            ("", "\u{200b}", Err("Reason can't be blank: choose one, or say it in your own words")),
            ("", "好", Err("Reason is too short (minimum is 3 characters)")),
            ("", "no", Err("Reason is too short (minimum is 3 characters)")),
            ("dislike", "", Err("Reason is none of those that can be chosen")),
            ("spam", &long, Err("Reason is too long (maximum is 300 characters)")),
        ] {
            let reason = Reason { kind: kind.into(), details: details.into() };
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
