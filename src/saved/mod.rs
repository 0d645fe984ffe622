//! Saved posts: those that somebody wants to find again. Nobody else sees which they are.

pub mod handlers;
pub mod sql;
pub mod views;

/// What is to become of a post among those that somebody has saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveAction {
    /// It is one of them.
    Save,
    /// It is not.
    Unsave,
}
