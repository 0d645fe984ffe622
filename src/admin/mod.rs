//! The overview for admins: people, what waits for a decision, errors, the backup, jobs and sizes.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::cursor::Cursor;
use crate::types::time::Timestamp;
use crate::user::Author;

/// The people in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// All users.
    All,
    /// Users who are banned.
    Banned,
    /// Admins.
    Admins,
}

/// A user in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user.
    pub author: Option<Author>,
    /// The time of signing up.
    pub created_at: Timestamp,
    /// The number of posts, without removed ones.
    pub posts_count: i64,
    /// The number of comments, without deleted and removed ones.
    pub comments_count: i64,
    /// The number of other users' votes.
    pub karma: i64,
    /// Whether the user is banned.
    pub is_banned: bool,
}

impl Person {
    /// The place in a list: that of the account's number.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { key: 0, id: self.author.as_ref().map_or(0, |author| author.id.get()) }
    }
}
