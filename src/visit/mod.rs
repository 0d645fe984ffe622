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

use std::time::Duration;

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

impl Visit {
    /// The first moment at which another look begins another visit.
    #[must_use]
    pub fn ends_at(self) -> Timestamp {
        self.looked_at + VISIT_PAUSE
    }
}

/// The SQL about visits has a time of its own, in milliseconds and some later than the page's: within this margin it may
/// say something else than the page's clock.
pub const CLOCK_MARGIN: Duration = Duration::from_secs(5);

/// A look this long after the last one begins another visit: see `sql::new_since`.
const VISIT_PAUSE: Duration = Duration::from_mins(30);

/// New comments are counted up to this number: to a reader, a larger one says no more than "many".
pub const MANY_NEW: i64 = many_new!();
