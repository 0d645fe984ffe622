//! Posts.

pub mod best;
pub mod handlers;
pub mod link;
pub mod sql;
pub mod views;

use std::time::Duration;

use smol_str::SmolStr;

use self::link::NewLink;
use crate::text::is_blank;
use crate::types::cursor::Cursor;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::web::form::{Errors, Form};

/// A post as a list shows it.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its number, which is in its address.
    pub id: PostId,
    /// Unique on the site.
    pub title: SmolStr,
    /// When it was posted.
    pub created_at: Timestamp,
    /// How many comments it has.
    pub comments_count: i64,
    /// Its author's own voice and everyone's vote.
    pub score: i64,
    /// Where it leads, if it is a link.
    pub link: Option<Link>,
    /// Whether who asks has voted for it.
    pub is_voted: bool,
    /// How many comments others made since who asks was here before this visit, counted up to
    /// [`MANY_NEW`](crate::visit::MANY_NEW); 0 for a viewer who was never here.
    pub new_comments: i64,
    /// Whether one of them came after they looked last.
    pub has_unseen: bool,
    /// `None`: has left.
    pub author: Option<Author>,
}

/// Where a post leads, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// As it was given.
    pub url: String,
    /// Its domain, or what stands for it.
    pub site: SmolStr,
}

impl Post {
    /// Its place in a list by age.
    #[must_use]
    pub fn age_cursor(&self) -> Cursor {
        Cursor { key: self.created_at.as_micros(), id: self.id.get() }
    }

    /// Its place in a list by points.
    #[must_use]
    pub fn score_cursor(&self) -> Cursor {
        Cursor { key: self.score, id: self.id.get() }
    }
}

/// A post as its own page shows it.
#[derive(Debug, Clone)]
pub struct PostDetail {
    /// What a list shows, too.
    pub post: Post,
    /// Its text.
    pub description: String,
    /// Whether who asks has saved it.
    pub is_saved: bool,
    /// It is only kept for its comments, or an admin has removed it: nobody sees author, title and text.
    pub is_deleted: bool,
    /// Why an admin has removed it, if one has.
    pub removed: Option<String>,
    /// Why an admin has locked it, if one has: nobody can comment on it.
    pub locked: Option<String>,
    /// Since when what others said is new to who asks: since they were here before this visit. `None`:
    /// they never were, or are a guest.
    pub new_since: Option<Timestamp>,
    /// When they looked at it last.
    pub looked_at: Option<Timestamp>,
}

impl PostDetail {
    /// Whether it can be commented on; see [`sql::takes_comments`], too.
    #[must_use]
    pub fn takes_comments(&self) -> bool {
        !self.is_deleted && self.locked.is_none()
    }
}

/// What somebody wants a post to say.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// On one line.
    pub title: String,
    /// Where it leads; empty if it is no link.
    pub url: String,
    /// May be empty.
    pub description: String,
}

/// Who posts an address again so soon is led to the post that has it.
pub const REPOST_WINDOW: Duration = Duration::from_hours(30 * 24);

/// What stands for what somebody took back.
pub const DELETED: &str = "[deleted]";
/// What stands for what an admin removed.
pub const REMOVED: &str = "[removed]";

/// The fewest characters of a title.
const MIN_TITLE_CHARS: usize = 5;
/// The most.
const MAX_TITLE_CHARS: usize = 255;
/// The most characters of a text: longer than anybody reads, and little to render.
pub const MAX_TEXT_CHARS: usize = 65_536;

impl Content {
    /// The names of its fields.
    pub const FIELDS: [&str; 3] = ["title", "url", "description"];

    /// What a form says; `before` where it says nothing.
    #[must_use]
    pub fn of(form: &Form, before: Content) -> Content {
        Content {
            title: form.get("title").map_or(before.title, |_| form.line("title")),
            url: form.get("url").map_or(before.url, |_| form.line("url")),
            description: form.get("description").map_or(before.description, |_| form.text("description")),
        }
    }

    /// What an address of the form for a new post fills in: the same fields, and `text` for another
    /// name of the description. A title that is too long, as some pages have, is cut.
    #[must_use]
    pub fn suggested(form: &Form) -> Content {
        let Content { title, url, description } = Content::of(form, Content::default());
        let description = if description.is_empty() { form.text("text") } else { description };
        Content { title: title.chars().take(MAX_TITLE_CHARS).collect(), url, description }
    }

    /// Whether nothing stands in any field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.title.is_empty() && self.url.is_empty() && self.description.is_empty()
    }

    /// Where it leads; `None` if it is no link.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn link(&self) -> Result<Option<NewLink>, &'static str> {
        if is_blank(&self.url) { Ok(None) } else { link::parse(&self.url).map(Some) }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Errors {
        let mut errors = Errors::default();
        let length = self.title.chars().count();
        if is_blank(&self.title) {
            errors.add("title", "Title can't be blank");
        }
        if length < MIN_TITLE_CHARS {
            errors.add("title", "Title is too short (minimum is 5 characters)");
        }
        if length > MAX_TITLE_CHARS {
            errors.add("title", "Title is too long (maximum is 255 characters)");
        }
        if let Err(sentence) = self.link() {
            errors.add("url", sentence);
        }
        if self.description.chars().count() > MAX_TEXT_CHARS {
            errors.add("description", "Description is too long (maximum is 65536 characters)");
        }
        errors
    }
}

/// There is a post of the address, which is not old.
fn address_taken() -> Errors {
    Errors::one("url", "URL has been posted in the last 30 days")
}

/// There is another post of the title.
fn title_taken() -> Errors {
    Errors::one("title", "Title has already been taken")
}

/// A post to be made.
pub struct NewPost<'p> {
    /// Who posts.
    pub user_id: UserId,
    /// Unique on the site.
    pub title: &'p str,
    /// Where it leads, if it is a link.
    pub link: Option<&'p NewLink>,
    /// May be empty.
    pub description: &'p str,
    /// When.
    pub created_at: Timestamp,
}

/// What has become of a change to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// It says so now.
    Done,
    /// Another one has the title.
    TitleTaken,
    /// Another one has led there for less than [`REPOST_WINDOW`].
    AddressTaken,
}
