//! Visits of users to posts: other users' comments since the previous visit are new.

/// [`MANY_NEW`] as a literal for SQL.
macro_rules! many_new {
    () => {
        100
    };
}

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::time::Timestamp;

/// The times of a user's looks at a post.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// The last look before the current visit: other users' comments after it are new. On the first visit,
    /// the first look.
    pub new_since: Timestamp,
    /// The last look.
    pub looked_at: Timestamp,
}

/// New comments are counted up to this number: to a reader, a larger one says no more than "many".
pub const MANY_NEW: i64 = many_new!();
