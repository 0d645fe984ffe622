//! Deletions of posts and comments by their authors, which can be undone for ten minutes.
//!
//! A deletion empties the row of the post or comment at once, as every deletion does: no place can show what the
//! row does not have. Author, title and text wait in a table that only the undo reads
//! (`docs/decisions/0029-undo.md`).

pub mod handlers;
pub mod sql;

use std::time::Duration;

use crate::types::id::UserId;
use crate::types::time::{MINUTE, Timestamp};

/// The time for which a deletion can be undone.
pub const UNDO_WINDOW: Duration = MINUTE.saturating_mul(10);

/// The part of a deleted post or comment that its row has lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The author.
    pub user_id: UserId,
    /// The time of the deletion.
    pub deleted_at: Timestamp,
    /// The time of its last change before the deletion.
    pub updated_at: Timestamp,
    /// A post's title.
    pub title: Option<String>,
    /// A post's link: its URL, site and address.
    pub link: [Option<String>; 3],
    /// A post's text, or that of a comment.
    pub text: String,
}

/// The result of an undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoOutcome {
    /// The post or comment is there, since this undo or since an earlier one.
    Restored,
    /// Refused: another post has the title or the address now.
    Taken,
    /// Refused: it was not deleted, not by this user, or too long ago.
    NotHeld,
}
