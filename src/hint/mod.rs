//! Hints for admins: users who vote for each other, and users with one address. A hint is a reason to look, and no proof:
//! friends read the posts of friends, and a household or an office has one address. Nothing follows from it by itself.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::user::Author;

/// The newest posts, and of comments this number as well, whose votes are compared.
pub const MAX_TARGETS: u32 = 5_000;
/// The fewest votes of each of two users for the other.
pub const MIN_MUTUAL_VOTES: u32 = 3;
/// The newest sessions whose addresses are compared. A session ends after `--session-days` without use, and its address goes
/// with it.
pub const MAX_SESSIONS: u32 = 20_000;
/// The most hints of a kind.
pub const MAX_HINTS: u32 = 50;
/// The most users of an address who are named.
pub const MAX_NAMES: usize = 20;

/// Two users who vote for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutualVotes {
    /// One, and their votes for the other.
    pub one: Votes,
    /// The other, and their votes for the one.
    pub other: Votes,
}

/// The votes of one of two users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Votes {
    /// The user.
    pub author: Option<Author>,
    /// Those for the posts and comments of the other, of the compared ones.
    pub for_other: i64,
    /// All of them, of the compared ones.
    pub all: i64,
}

/// The users who have signed in from one address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SharedAddress {
    /// The users, at most [`MAX_NAMES`].
    pub authors: Vec<Author>,
    /// The number of others.
    pub more: usize,
}
