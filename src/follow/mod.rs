//! Following a user: their comments come into a list of the follower's own. The followed user is not told.

pub mod handlers;
pub mod sql;
pub mod views;

/// The most users whom a user follows: each costs a search of an index for a page of their comments.
pub const MAX_FOLLOWED: u32 = 200;

/// The outcome of a request to follow a user, or no longer to do so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is as requested, perhaps already before the request.
    Done,
    /// There is no such user.
    NotFound,
    /// Refused: the user follows [`MAX_FOLLOWED`] users.
    TooMany,
}
