//! Saved posts: a private list of each user.

pub mod handlers;
pub mod sql;
pub mod views;

/// The requested change to a user's list of saved posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveAction {
    /// Adds the post.
    Save,
    /// Removes the post.
    Unsave,
}
