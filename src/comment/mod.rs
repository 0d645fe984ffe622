//! Comments on posts.

pub mod sql;
pub mod views;

use crate::ui::pager::Cursor;
use crate::ui::time::Micros;
use crate::user::Author;

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
    /// `None`: has left.
    pub author: Option<Author>,
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
}

impl OwnComment {
    /// Its place in a list by age.
    #[must_use]
    pub fn by_age(&self) -> Cursor {
        Cursor { key: self.created_at, id: self.id }
    }
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
