//! What every layer speaks of: moments and places in lists.

pub mod cursor;
pub mod time;
