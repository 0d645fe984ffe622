//! Posts.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::ui::pager::Cursor;
use crate::ui::time::Micros;
use crate::user::Author;

/// A post as a list shows it.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its number, which is in its address.
    pub id: i64,
    /// Unique on the site.
    pub title: String,
    /// When it was posted.
    pub created_at: Micros,
    /// Its place on the front page, see [`crate::rank`].
    pub hotness: i64,
    /// How many comments it has.
    pub comments_count: i64,
    /// `None`: has left.
    pub author: Option<Author>,
}

impl Post {
    /// Its place in a list by age.
    #[must_use]
    pub fn by_age(&self) -> Cursor {
        Cursor { key: self.created_at, id: self.id }
    }

    /// Its place on the front page.
    #[must_use]
    pub fn by_hotness(&self) -> Cursor {
        Cursor { key: self.hotness, id: self.id }
    }
}

/// A post to be made.
pub struct NewPost<'p> {
    /// Who posts.
    pub user_id: i64,
    /// Unique on the site.
    pub title: &'p str,
    /// May be empty.
    pub description: &'p str,
    /// When.
    pub created_at: Micros,
}
