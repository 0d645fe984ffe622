//! Types that every layer uses: moments, ids, and positions in lists.

pub mod cursor;
pub mod id;
pub mod time;
