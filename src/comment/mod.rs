//! Comments on posts.

pub mod handlers;
pub mod sql;
pub mod tree;
pub mod views;

use std::time::Duration;

use smol_str::SmolStr;
pub use tree::{MAX_LEVELS, PAGE_SIZE};
use tree::{Node, Row};

use crate::text::is_blank;
use crate::types::cursor::Cursor;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::user::{self, Author};
use crate::web::Viewer;
use crate::web::form::Errors;
use crate::web::paths::{self, Path};

/// So many comments of a post are put in order, the newest: the work of a page is bounded by it. The
/// others are found at their own addresses.
pub const MAX_ORDERED: u32 = 10_000;

/// A comment as its post shows it.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its number.
    pub id: CommentId,
    /// What it replies to; `None` when that is the post.
    pub parent_id: Option<CommentId>,
    /// What was said.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
    /// `None`: it was deleted, and only stays for the replies to it.
    pub author: Option<Author>,
    /// Its author's own voice and everyone's vote.
    pub score: i64,
    /// Whether who asks has voted for it.
    pub is_voted: bool,
    /// An admin has removed it: nobody is its author, and it says nothing.
    pub is_removed: bool,
}

/// A comment as its author's page shows it.
#[derive(Debug, Clone)]
pub struct OwnComment {
    /// Its number.
    pub id: CommentId,
    /// What was said.
    pub body: String,
    /// When.
    pub created_at: Timestamp,
    /// On which post.
    pub post_id: PostId,
    /// And its title.
    pub post_title: SmolStr,
}

impl Comment {
    /// What its place in the discussion depends on.
    #[must_use]
    pub fn node(&self) -> Node {
        let Comment { id, parent_id, score, created_at, .. } = *self;
        Node { id, parent_id, score, created_at }
    }

    /// Whether it is new to somebody to whom others' comments are `since` a moment: not to its author,
    /// and not to who looks for the first time.
    #[must_use]
    pub fn is_new(&self, viewer: Option<&Viewer>, since: Option<Timestamp>) -> bool {
        let is_others = self.author.is_some() && !user::is_own(self.author.as_ref(), viewer);
        is_others && since.is_some_and(|since| self.created_at > since)
    }
}

/// A page of a discussion.
#[derive(Debug, Default)]
pub struct Thread {
    /// The comments, each with its place.
    pub rows: Vec<(Row, Comment)>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
    /// There are more than [`MAX_ORDERED`]: the oldest are not among them.
    pub is_truncated: bool,
    /// One that is new to who asks and not on this page.
    pub new_elsewhere: Option<CommentId>,
}

impl OwnComment {
    /// Its place in a list by age.
    #[must_use]
    pub fn by_age(&self) -> Cursor {
        Cursor { key: self.created_at.as_micros(), id: self.id.get() }
    }
}

/// The fewest characters of a comment.
const MIN_LENGTH: usize = 5;
/// The most. A page has two hundred of them, so they are shorter than a post's text.
const MAX_LENGTH: usize = 10_000;

/// The same words by the same person in the same place within ten minutes are the same comment, sent
/// twice.
pub const DUPLICATE_WINDOW: Duration = Duration::from_mins(10);

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

/// Somebody took back what was being replied to.
fn parent_deleted() -> Errors {
    Errors::one("body", "The comment that you replied to was deleted while you were writing")
}

/// What somebody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyTarget {
    /// A post, by its number.
    Post(PostId),
    /// A comment, by its number: theirs is a reply to it.
    Comment(CommentId),
}

impl ReplyTarget {
    /// Where what they say is sent.
    #[must_use]
    pub fn address(self) -> Path {
        match self {
            ReplyTarget::Post(id) => paths::new_comment(id),
            ReplyTarget::Comment(id) => paths::replies(id),
        }
    }

    /// What it is a reply to, if that is a comment.
    #[must_use]
    pub fn parent_id(self) -> Option<CommentId> {
        match self {
            ReplyTarget::Post(_) => None,
            ReplyTarget::Comment(id) => Some(id),
        }
    }

    /// Where the form for it is.
    #[must_use]
    pub fn form(self) -> Path {
        match self {
            ReplyTarget::Post(id) => paths::comment_form(id),
            ReplyTarget::Comment(id) => paths::reply(id),
        }
    }
}

/// Whether something can be said there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentStatus {
    /// It can, on the post of this number.
    Open(PostId),
    /// An admin has locked the post; why.
    Locked(String),
    /// The post is gone, or only kept for the comments that it has.
    NoPost,
    /// The comment is gone; on which post it was, if it still stands there for the replies to it.
    NoParent(Option<PostId>),
}

/// A comment and where it is.
#[derive(Debug, Clone)]
pub struct LocatedComment {
    /// As its post shows it.
    pub comment: Comment,
    /// On which post.
    pub post_id: PostId,
    /// It was deleted, and only stays for the replies to it.
    pub is_deleted: bool,
}

/// A comment to be made.
pub struct NewComment<'c> {
    /// On which post.
    pub post_id: PostId,
    /// In reply to which comment on it; `None`: to the post itself.
    pub parent_id: Option<CommentId>,
    /// Who says it.
    pub user_id: UserId,
    /// What.
    pub body: &'c str,
    /// When.
    pub created_at: Timestamp,
}
