//! The inbox: the comments that answer a user, and those that mention them by name.

pub mod handlers;
pub mod mention;
pub mod sql;
pub mod views;

use smol_str::SmolStr;

use crate::types::cursor::Cursor;
use crate::types::id::{CommentId, PostId};
use crate::types::time::Timestamp;
use crate::user::Author;

/// The most users whom a comment mentions and who are told of it.
pub const MAX_MENTIONS: usize = 5;

/// Why a comment is in an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is a comment on the user's post.
    Post,
    /// It is a reply to the user's comment.
    Comment,
    /// It mentions the user.
    Mention,
}

impl Why {
    /// Its name in the database.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Why::Post => "post",
            Why::Comment => "comment",
            Why::Mention => "mention",
        }
    }

    /// The reason with this name; a mention for an unknown one.
    #[must_use]
    pub fn from_code(code: &str) -> Why {
        [Why::Post, Why::Comment].into_iter().find(|why| why.code() == code).unwrap_or(Why::Mention)
    }
}

/// A comment in an inbox.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id.
    pub comment_id: CommentId,
    /// Why it is there.
    pub why: Why,
    /// Whether the user has not seen it yet.
    pub is_unread: bool,
    /// The text, in the site's markup.
    pub body: String,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// Its author; `None`: the account is deleted.
    pub author: Option<Author>,
    /// Its post.
    pub post_id: PostId,
    /// The title of its post, or a placeholder.
    pub post_title: SmolStr,
    /// Whether the user has muted the discussion.
    pub is_muted: bool,
}

impl Item {
    /// The cursor of the list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { key: self.created_at.as_micros(), id: self.comment_id.get() }
    }
}
