//! Saved posts: those that somebody wants to find again. Nobody else sees which they are.

pub mod handlers;
pub mod sql;
pub mod views;

/// What is to become of a post among those that somebody has saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It is one of them.
    Save,
    /// It is not.
    Unsave,
}

/// What has become of a [`Wish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    /// It is as it was wanted, perhaps since it was before.
    Done,
    /// There is no post of that number, or not any more.
    Gone,
    /// The session, perhaps with the whole account, ended meanwhile.
    SignedOut,
}
