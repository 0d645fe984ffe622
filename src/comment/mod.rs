//! Comments on posts: types and rules.

pub mod handlers;
pub mod sql;
pub mod tree;
pub mod views;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use smol_str::SmolStr;
pub use tree::{MAX_LEVELS, PAGE_SIZE};
use tree::{Node, Row};

use crate::html::text::Rendered;
use crate::text::{self, is_blank};
use crate::types::cursor::Cursor;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::visibility::{Remover, State};
use crate::web::Viewer;
use crate::web::form::Errors;
use crate::web::paths::{self, Path};

/// The most comments on a post that are sorted, the newest: it bounds the work for one page. Older comments
/// are reached only by their own addresses.
pub const MAX_ORDERED: u32 = 10_000;

/// A comment in a discussion.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// The comment to which it replies; `None`: it is on the post itself.
    pub parent_id: Option<CommentId>,
    /// The text, in the site's markup; empty for a removed comment.
    pub body: Arc<str>,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time of its last change by its author, or of its deletion; `None`: it is as it was created.
    pub edited_at: Option<Timestamp>,
    /// `None`: the comment is deleted, and stays only for the replies to it.
    pub author: Option<Author>,
    /// The score: one for the author, and one for each vote.
    pub score: i64,
    /// Whether the viewer has voted for it.
    pub is_voted: bool,
    /// Whether the viewer has flagged it, and no admin has decided about it since.
    pub is_flagged: bool,
    /// The one who removed it, if it was: its author and text are hidden.
    pub remover: Option<Remover>,
    /// Whether the viewer has muted its author.
    pub is_muted: bool,
}

/// A comment in the list on its author's page.
#[derive(Debug, Clone)]
pub struct OwnComment {
    /// Its id.
    pub id: CommentId,
    /// The text, in the site's markup.
    pub body: String,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// Its post.
    pub post_id: PostId,
    /// The title of its post, or a placeholder when an admin has removed the post.
    pub post_title: SmolStr,
}

/// A comment in a list of comments by several users.
#[derive(Debug, Clone)]
pub struct ListedComment {
    /// The comment.
    pub comment: OwnComment,
    /// Its author; `None`: the account is deleted.
    pub author: Option<Author>,
    /// Whether the viewer has saved it.
    pub is_saved: bool,
}

/// A comment in the list of its author's comments, with replies.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The comment.
    pub comment: OwnComment,
    /// The newest direct replies to it, at most [`MAX_REPLIES_LISTED`], the oldest of them first.
    pub replies: Vec<ListedComment>,
    /// Whether there are more replies.
    pub has_more: bool,
}

/// The most replies to one comment in a list of a user's comments.
pub const MAX_REPLIES_LISTED: u32 = 5;

impl Comment {
    /// The values by which the discussion is sorted.
    #[must_use]
    pub fn node(&self) -> Node {
        let Comment { id, parent_id, score, created_at, .. } = *self;
        Node { id, parent_id, score, created_at, bytes: u32::try_from(self.body.len()).unwrap_or(u32::MAX) }
    }

    /// Whether it is hidden, and why. A deleted comment has no author.
    #[must_use]
    pub fn state(&self) -> State {
        State::of(self.author.is_none(), self.remover)
    }

    /// Whether it is new to the viewer, who visited the discussion last at `since` (`None`: never). A
    /// viewer's own comments are not new to them, and nothing is new on a first visit.
    #[must_use]
    pub fn is_new(&self, viewer: Option<&Viewer>, since: Option<Timestamp>) -> bool {
        let author = self.author.as_ref().map(|author| author.id);
        is_new(author, self.created_at, viewer.map(|viewer| viewer.id), since)
    }
}

/// The rule of [`Comment::is_new`].
fn is_new(
    author: Option<UserId>,
    created_at: Timestamp,
    viewer_id: Option<UserId>,
    since: Option<Timestamp>,
) -> bool {
    author.is_some() && author != viewer_id && since.is_some_and(|since| created_at > since)
}

/// One page of a discussion.
#[derive(Debug, Default)]
pub struct Thread {
    /// The comments in reading order.
    pub rows: Rows,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<Cursor>,
    /// Whether the post has more than [`MAX_ORDERED`] comments, of which the oldest are left out.
    pub is_truncated: bool,
    /// A comment that is new to the viewer and not on this page.
    pub new_elsewhere: Option<CommentId>,
}

impl Thread {
    /// The ids of its comments.
    #[must_use]
    pub fn ids(&self) -> Vec<CommentId> {
        match &self.rows {
            Rows::Read(rows) => rows.iter().map(|(row, _)| row.id).collect(),
            Rows::Shared { list, .. } => list.items.iter().map(|item| item.row.id).collect(),
        }
    }
}

/// The comments of a page.
#[derive(Debug)]
pub enum Rows {
    /// Each with its position.
    Read(Vec<(Row, Comment)>),
    /// Those that the viewer has something to do with, beside the list of all.
    Shared {
        /// The list.
        list: Arc<SharedList>,
        /// The comments, each with its index in the list, in order.
        touched: Vec<(usize, Comment)>,
    },
}

impl Default for Rows {
    fn default() -> Rows {
        Rows::Read(Vec::new())
    }
}

/// The first page of a discussion for members who have nothing to do with its comments.
#[derive(Debug)]
pub struct SharedList {
    /// The list, without the elements around it.
    pub html: Rendered,
    /// Its comments.
    pub items: Vec<SharedItem>,
    /// As in [`Thread`].
    pub next: Option<Cursor>,
    /// As in [`Thread`].
    pub is_truncated: bool,
}

/// A comment in a [`SharedList`].
#[derive(Debug, Clone)]
pub struct SharedItem {
    /// Its position.
    pub row: Row,
    /// Its author; `None`: it is deleted or removed.
    pub author: Option<UserId>,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// Its bytes in the list, without its replies.
    pub bytes: Range<usize>,
}

impl SharedItem {
    /// Does what [`Comment::is_new`] does, for a member.
    #[must_use]
    pub fn is_new(&self, viewer_id: UserId, since: Option<Timestamp>) -> bool {
        is_new(self.author, self.created_at, Some(viewer_id), since)
    }
}

impl OwnComment {
    /// The cursor of a list that is sorted by age.
    #[must_use]
    pub fn by_age(&self) -> Cursor {
        Cursor { key: self.created_at.as_micros(), id: self.id.get() }
    }

    /// The cursor of a list that is sorted by id.
    #[must_use]
    pub fn by_id(&self) -> Cursor {
        Cursor { key: self.id.get(), id: self.id.get() }
    }
}

/// The least [length](text::length_of_words) of a comment.
const MIN_LENGTH: usize = 5;
/// The greatest length, in characters: less than a post's text, because a page has up to 200 comments.
pub const MAX_LENGTH: usize = 10_000;

/// A comment with the text, author and target of another one that is at most this old is taken for a form
/// that was sent twice.
pub const DUPLICATE_WINDOW: Duration = Duration::from_mins(10);

/// Checks the text of a comment.
#[must_use]
pub fn check(body: &str) -> Errors {
    let mut errors = Errors::default();
    if is_blank(body) {
        errors.add("body", "Body can't be blank");
    } else if text::length_of_words(body) < MIN_LENGTH {
        errors.add("body", "Body is too short (minimum is 5 characters)");
    } else if body.chars().count() > MAX_LENGTH {
        errors.add("body", "Body is too long (maximum is 10000 characters)");
    }
    errors
}

/// The form error for a reply to a comment that was deleted meanwhile.
fn parent_deleted() -> Errors {
    Errors::one("body", "The comment that you replied to was deleted while you were writing")
}

/// The target of a new comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyTarget {
    /// A post.
    Post(PostId),
    /// A comment: the new one is a reply to it.
    Comment(CommentId),
}

impl ReplyTarget {
    /// The path to which the form is sent.
    #[must_use]
    pub fn address(self) -> Path {
        match self {
            ReplyTarget::Post(id) => paths::new_comment(id),
            ReplyTarget::Comment(id) => paths::replies(id),
        }
    }

    /// The parent of the new comment; `None`: the post.
    #[must_use]
    pub fn parent_id(self) -> Option<CommentId> {
        match self {
            ReplyTarget::Post(_) => None,
            ReplyTarget::Comment(id) => Some(id),
        }
    }

    /// The path of the page with the form.
    #[must_use]
    pub fn form(self) -> Path {
        match self {
            ReplyTarget::Post(id) => paths::comment_form(id),
            ReplyTarget::Comment(id) => paths::reply(id),
        }
    }
}

/// Whether a target takes comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommentStatus {
    /// It does; the post that it belongs to.
    Open(PostId),
    /// An admin has locked the discussion, for this reason.
    Locked(String),
    /// The post is gone, or is deleted and kept only for its comments.
    NoPost,
    /// The parent comment is deleted; its post, if the row is still there for its replies.
    NoParent(Option<PostId>),
}

/// A comment and the post it is on.
#[derive(Debug, Clone)]
pub struct LocatedComment {
    /// The comment as its post's page shows it.
    pub comment: Comment,
    /// Its post.
    pub post_id: PostId,
    /// Whether it is deleted and stays only for the replies to it.
    pub is_deleted: bool,
}

/// The values of a comment to be inserted.
pub struct NewComment<'c> {
    /// The post.
    pub post_id: PostId,
    /// The comment on that post to which it replies; `None`: it is on the post itself.
    pub parent_id: Option<CommentId>,
    /// The author.
    pub user_id: UserId,
    /// The text.
    pub body: &'c str,
    /// The time of its creation.
    pub created_at: Timestamp,
}
