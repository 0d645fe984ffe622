//! Types that every layer uses: timestamps, ids, and cursors of lists.

pub mod cursor;
pub mod id;
pub mod time;
