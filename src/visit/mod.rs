//! When a reader looked at a post: what others said since they were there before is new to them.

/// [`MANY_NEW`], also for SQL.
macro_rules! many_new {
    () => {
        100
    };
}

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::time::Timestamp;

/// What is known of the time when a reader was at a post.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// Since when what others said is new to them: since they were here before this visit.
    pub new_since: Timestamp,
    /// When they looked last.
    pub looked_at: Timestamp,
}

/// New comments are counted up to here: beyond, the number says no more than "many".
pub const MANY_NEW: i64 = many_new!();
