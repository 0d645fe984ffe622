//! Saved posts and comments: private lists of each user.

pub mod handlers;
pub mod sql;
pub mod views;

/// The requested change to a user's list of saved posts or comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveAction {
    /// Adds the post or comment.
    Save,
    /// Removes it.
    Unsave,
}
