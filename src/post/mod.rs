//! Posts.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::ui::pager::Cursor;
use crate::ui::time::Micros;
use crate::user::Author;
use crate::web::form::{Errors, Form, is_blank};

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
    /// Its author's own voice and everyone's vote.
    pub score: i64,
    /// Where it leads, if it is a link.
    pub link: Option<Link>,
    /// Whether who asks has voted for it.
    pub is_voted: bool,
    /// How many comments others made since who asks last saw them, counted up to [`MANY_NEW`]; 0 for
    /// who has never looked.
    pub new_comments: i64,
    /// `None`: has left.
    pub author: Option<Author>,
}

/// Where a post leads, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// As it was given.
    pub url: String,
    /// Its domain, or what stands for it.
    pub site: String,
}

/// New comments are counted up to here: beyond, the number says no more than "many".
pub const MANY_NEW: i64 = 100;

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

/// A post as its own page shows it.
#[derive(Debug, Clone)]
pub struct Whole {
    /// What a list shows, too.
    pub post: Post,
    /// Its text.
    pub description: String,
    /// It is only kept for its comments: author, title and text are gone.
    pub is_deleted: bool,
}

/// What somebody wants a post to say.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// On one line.
    pub title: String,
    /// May be empty.
    pub description: String,
}

/// What stands for what somebody took back.
pub const DELETED: &str = "[deleted]";

/// The fewest characters of a title.
const MIN_TITLE: usize = 5;
/// The most.
const MAX_TITLE: usize = 255;
/// The most characters of a text: longer than anybody reads, and little to render.
pub const MAX_TEXT: usize = 65_536;

impl Content {
    /// The names of its fields.
    pub const FIELDS: [&str; 2] = ["title", "description"];

    /// What a form says; `before` where it says nothing.
    #[must_use]
    pub fn of(form: &Form, before: Content) -> Content {
        Content {
            title: form.get("title").map_or(before.title, |_| form.line("title")),
            description: form.get("description").map_or(before.description, |_| form.text("description")),
        }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Errors {
        let mut errors = Errors::default();
        let length = self.title.chars().count();
        if is_blank(&self.title) {
            errors.add("title", "Title can't be blank");
        }
        if length < MIN_TITLE {
            errors.add("title", "Title is too short (minimum is 5 characters)");
        }
        if length > MAX_TITLE {
            errors.add("title", "Title is too long (maximum is 255 characters)");
        }
        if self.description.chars().count() > MAX_TEXT {
            errors.add("description", "Description is too long (maximum is 65536 characters)");
        }
        errors
    }
}

/// There is another post of the title.
fn title_taken() -> Errors {
    Errors::one("title", "Title has already been taken")
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
