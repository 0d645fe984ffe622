//! What admins do, in the open: they remove, lock and ban, each with a reason, and each act can be taken
//! back. All of it stands in a log that everybody can read.
//!
//! What is removed keeps its author, its words and its votes in its row, so that it can be restored, and
//! `deleted_at` is set, so that no list shows it. It counts for nothing meanwhile.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::text::is_blank;
use crate::types::cursor::Cursor;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::vote::Target;
use crate::web::form::{Errors, Form};
use crate::web::paths::{self, Path};

/// What is decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A post, by its number.
    Post(PostId),
    /// A comment, by its number.
    Comment(CommentId),
    /// Somebody, by their number.
    User(UserId),
}

impl From<Target> for Subject {
    fn from(target: Target) -> Subject {
        match target {
            Target::Post(id) => Subject::Post(id),
            Target::Comment(id) => Subject::Comment(id),
        }
    }
}

impl Subject {
    /// As the log keeps it: what it is, and its number as a post's, a comment's, or a user's.
    #[must_use]
    pub fn columns(self) -> (&'static str, Option<PostId>, Option<CommentId>, Option<UserId>) {
        match self {
            Subject::Post(id) => ("post", Some(id), None, None),
            Subject::Comment(id) => ("comment", None, Some(id), None),
            Subject::User(id) => ("user", None, None, Some(id)),
        }
    }

    /// Where everybody sees it.
    #[must_use]
    pub fn address(self) -> Path {
        match self {
            Subject::Post(id) => paths::post(id),
            Subject::Comment(id) => paths::comment(id),
            Subject::User(id) => paths::user(id),
        }
    }

    /// Where an admin decides about it.
    #[must_use]
    pub fn moderation_path(self) -> Path {
        match self {
            Subject::Post(id) => paths::moderate_post(id),
            Subject::Comment(id) => paths::moderate_comment(id),
            Subject::User(id) => paths::moderate_user(id),
        }
    }
}

/// What an admin can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Nobody sees it any more.
    Remove,
    /// Everybody sees it again.
    Restore,
    /// Nobody can comment on it any more.
    Lock,
    /// Everybody can again.
    Unlock,
    /// They can only read, and leave.
    Ban,
    /// They can write again.
    Unban,
    /// What readers flagged is left as it is.
    Dismiss,
}

impl Verb {
    const ALL: [Verb; 7] =
        [Verb::Remove, Verb::Restore, Verb::Lock, Verb::Unlock, Verb::Ban, Verb::Unban, Verb::Dismiss];

    /// Its name in forms and in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Verb::Remove => "remove",
            Verb::Restore => "restore",
            Verb::Lock => "lock",
            Verb::Unlock => "unlock",
            Verb::Ban => "ban",
            Verb::Unban => "unban",
            Verb::Dismiss => "dismiss",
        }
    }

    /// The verb of a name.
    #[must_use]
    pub fn of(code: &str) -> Option<Verb> {
        Verb::ALL.into_iter().find(|verb| verb.code() == code)
    }

    /// What its button says.
    #[must_use]
    pub fn imperative(self) -> &'static str {
        match self {
            Verb::Remove => "Remove",
            Verb::Restore => "Restore",
            Verb::Lock => "Lock",
            Verb::Unlock => "Unlock",
            Verb::Ban => "Ban",
            Verb::Unban => "Unban",
            Verb::Dismiss => "Dismiss flags",
        }
    }

    /// What the log says, before what it was done to.
    #[must_use]
    pub fn past(self) -> &'static str {
        match self {
            Verb::Remove => "removed",
            Verb::Restore => "restored",
            Verb::Lock => "locked",
            Verb::Unlock => "unlocked",
            Verb::Ban => "banned",
            Verb::Unban => "unbanned",
            Verb::Dismiss => "dismissed the flags of",
        }
    }
}

/// What an admin has decided.
pub struct Decision<'a> {
    /// What.
    pub verb: Verb,
    /// To what.
    pub subject: Subject,
    /// Why.
    pub reason: &'a str,
    /// When.
    pub now: Timestamp,
}

/// What has become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, and logged.
    Done,
    /// It was so before: nothing has changed, and nothing is logged.
    Already,
    /// There is nothing of that number, not any more, or it cannot be done to it.
    Gone,
    /// They are an admin.
    Protected,
    /// Who asks is no admin any more, or signed out.
    NoAdmin,
}

/// An act as the log shows it.
#[derive(Debug, Clone)]
pub struct Act {
    /// Its number; they rise with time.
    pub id: i64,
    /// When.
    pub created_at: Timestamp,
    /// By whom; `None`: has left.
    pub admin: Option<Author>,
    /// What was done.
    pub verb: Verb,
    /// `post`, `comment` or `user`.
    pub noun: String,
    /// To what; `None`: it is gone, or its author has taken it back.
    pub subject: Option<Subject>,
    /// Its title or their name, where everybody sees it.
    pub name: Option<String>,
    /// Why.
    pub reason: String,
}

impl Act {
    /// Its place in the log.
    #[must_use]
    pub fn by_id(&self) -> Cursor {
        Cursor { key: self.created_at.as_micros(), id: self.id }
    }
}

/// What an admin decides about, with what nobody else sees.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is.
    pub subject: Subject,
    /// A post's title, or somebody's name.
    pub name: Option<String>,
    /// A post's link.
    pub url: Option<String>,
    /// What it says.
    pub text: String,
    /// Who wrote it.
    pub author: Option<Author>,
    /// It can be restored.
    pub is_removed: bool,
    /// It can be unlocked.
    pub is_locked: bool,
    /// They can be unbanned.
    pub is_banned: bool,
    /// They cannot be banned.
    pub is_admin: bool,
    /// Its author took it back: nothing is left of it.
    pub is_empty: bool,
    /// Why readers flagged it.
    pub flags: Vec<String>,
}

impl Case {
    /// What can be done now.
    #[must_use]
    pub fn verbs(&self) -> Vec<Verb> {
        let choose = |is_done: bool, undo: Verb, act: Verb| if is_done { undo } else { act };
        match self.subject {
            _ if self.is_empty => Vec::new(),
            Subject::User(_) if self.is_admin => Vec::new(),
            Subject::User(_) => vec![choose(self.is_banned, Verb::Unban, Verb::Ban)],
            _ => {
                let mut verbs = vec![choose(self.is_removed, Verb::Restore, Verb::Remove)];
                if matches!(self.subject, Subject::Post(_)) {
                    verbs.push(choose(self.is_locked, Verb::Unlock, Verb::Lock));
                }
                if !self.flags.is_empty() {
                    verbs.push(Verb::Dismiss);
                }
                verbs
            }
        }
    }
}

/// The fewest characters of a reason.
const MIN_REASON: usize = 3;
/// The most.
const MAX_REASON: usize = 500;

/// The names of a form's fields.
const FIELDS: [&str; 2] = ["act", "reason"];

/// What is wrong with a reason.
#[must_use]
pub fn check(reason: &str) -> Errors {
    let mut errors = Errors::default();
    let length = reason.chars().count();
    if is_blank(reason) {
        errors.add("reason", "Reason can't be blank");
    } else if length < MIN_REASON {
        errors.add("reason", "Reason is too short (minimum is 3 characters)");
    }
    if length > MAX_REASON {
        errors.add("reason", "Reason is too long (maximum is 500 characters)");
    }
    errors
}

/// What a form asks for, and why.
fn wanted(form: &Form) -> (Option<Verb>, String) {
    (form.get("act").and_then(Verb::of), form.line("reason"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_known_by_its_name() {
        for verb in Verb::ALL {
            assert_eq!(Verb::of(verb.code()), Some(verb));
        }
        assert_eq!(Verb::of("Remove"), None);
    }

    #[test]
    fn a_reason_says_something_and_not_too_much() {
        for (reason, wrong) in [
            ("", Some("Reason can't be blank")),
            ("  \u{200b}", Some("Reason can't be blank")),
            ("ab", Some("Reason is too short (minimum is 3 characters)")),
            ("äöü", None),
            (&"ä".repeat(500), None),
            (&"a".repeat(501), Some("Reason is too long (maximum is 500 characters)")),
        ] {
            assert_eq!(check(reason).sentences().next(), wrong, "{reason}");
        }
    }
}
