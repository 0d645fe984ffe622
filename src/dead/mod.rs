//! What users hide and bring back without an admin, as at Hacker News: a post or comment that enough users have flagged
//! is dead, and one for which enough others vouch is back. An admin's decision ends both.
//!
//! A dead thing is removed ([`crate::moderation`]) and has a row in `verdicts`. What its readers see is in
//! [`crate::visibility`].

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::cursor::Cursor;
use crate::types::time::{DAY, Timestamp};
use crate::user::Author;
use crate::vote::Target;

/// The users who must vouch for a dead thing. Hacker News says only "enough users" (its FAQ, "How do I vouch?"). Two,
/// so that one friend of the author does not bring it back; fewer than the flags of the default, since fewer readers
/// look at dead things.
pub const VOUCHES: u32 = 2;

/// The most characters of a text on the page of dead things. The page has thirty of them.
pub const MAX_SHOWN_CHARS: u32 = 1_000;

/// The rules of the site at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The flags of users in good standing that hide a post or comment; 0: none do.
    pub flags_to_hide: u32,
    /// The days in which a user counts as new; 0: none does.
    pub new_user_days: u32,
    /// The moment.
    pub now: Timestamp,
}

impl Rules {
    /// A user who signed up later is new.
    #[must_use]
    pub fn newest_old_user(&self) -> Timestamp {
        self.now - DAY * self.new_user_days
    }
}

/// The reason in the log of an act of the site: `Flagged by 4 users.`
#[must_use]
pub fn reason(verb: &str, number: u32) -> String {
    format!("{verb} by {number} {}.", if number == 1 { "user" } else { "users" })
}

/// The result of a request to vouch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is counted, or was before; the post or comment is still dead.
    Counted,
    /// It is back: by this request, or by an earlier one.
    Back,
    /// The user is its author: nothing is stored.
    OwnContent,
    /// The user has flagged it: nothing is stored.
    HasFlagged,
    /// There is no such thing, or flags have not hidden it.
    NotFound,
}

/// A dead post or comment, as a user in good standing sees it.
#[derive(Debug, Clone)]
pub struct DeadItem {
    /// The id of its verdict.
    pub id: i64,
    /// The post or comment.
    pub target: Target,
    /// The time at which flags hid it.
    pub died_at: Timestamp,
    /// A post's title.
    pub title: Option<String>,
    /// A post's link.
    pub url: Option<String>,
    /// At most [`MAX_SHOWN_CHARS`] and one more of its text, in the site's markup.
    pub text: String,
    /// The author.
    pub author: Option<Author>,
    /// The number of users who vouch for it.
    pub vouches: u32,
    /// Whether the viewer vouches for it.
    pub has_vouched: bool,
    /// Whether the viewer has flagged it.
    pub has_flagged: bool,
}

impl DeadItem {
    /// The item's position in the list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { key: self.id, id: self.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_counts_users() {
        assert_eq!(reason("Flagged", 1), "Flagged by 1 user.");
        assert_eq!(reason("Flagged", 4), "Flagged by 4 users.");
    }
}
