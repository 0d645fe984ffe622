//! Comments on posts.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::post::REMOVED;
use crate::ui::pager::Cursor;
use crate::ui::time::{MINUTE, Micros};
use crate::user::Author;
use crate::web::form::{Errors, is_blank};

/// Comments on a page of a post.
pub const ON_A_PAGE: u32 = 200;

/// A comment as its post shows it.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its number.
    pub id: i64,
    /// What was said.
    pub body: String,
    /// When.
    pub created_at: Micros,
    /// `None`: it was deleted, and only stays for the replies to it.
    pub author: Option<Author>,
    /// Its author's own voice and everyone's vote.
    pub score: i64,
    /// Whether who asks has voted for it.
    pub is_voted: bool,
}

/// A comment as its author's page shows it.
#[derive(Debug, Clone)]
pub struct OwnComment {
    /// Its number.
    pub id: i64,
    /// What was said.
    pub body: String,
    /// When.
    pub created_at: Micros,
    /// On which post.
    pub post_id: i64,
    /// And its title.
    pub post_title: String,
}

impl Comment {
    /// Its place in a list by age.
    #[must_use]
    pub fn by_age(&self) -> Cursor {
        Cursor { key: self.created_at, id: self.id }
    }

    /// Whether an admin has removed it: then nobody is its author, and this is all it says.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.author.is_none() && self.body == REMOVED
    }
}

impl OwnComment {
    /// Its place in a list by age.
    #[must_use]
    pub fn by_age(&self) -> Cursor {
        Cursor { key: self.created_at, id: self.id }
    }
}

/// The fewest characters of a comment.
const MIN_LENGTH: usize = 5;
/// The most. A page has two hundred of them, so they are shorter than a post's text.
const MAX_LENGTH: usize = 10_000;

/// The same words by the same person on the same post within ten minutes are the same comment, sent
/// twice.
pub const TWICE: Micros = 10 * MINUTE;

/// What is wrong with a comment.
#[must_use]
pub fn check(body: &str) -> Errors {
    let mut errors = Errors::default();
    if is_blank(body) {
        errors.add("body", "Body can't be blank");
    }
    if body.chars().count() < MIN_LENGTH {
        errors.add("body", "Body is too short (minimum is 5 characters)");
    }
    if body.chars().count() > MAX_LENGTH {
        errors.add("body", "Body is too long (maximum is 10000 characters)");
    }
    errors
}

/// A comment and where it is.
#[derive(Debug, Clone)]
pub struct Placed {
    /// As its post shows it.
    pub comment: Comment,
    /// On which post.
    pub post_id: i64,
    /// So many comments are before it on its post's pages, counted no further than a page holds.
    pub before: u32,
}

/// A comment to be made.
pub struct NewComment<'c> {
    /// On which post.
    pub post_id: i64,
    /// Who says it.
    pub user_id: i64,
    /// What.
    pub body: &'c str,
    /// When.
    pub created_at: Micros,
}
