//! The sitemap: the posts for search engines (<https://www.sitemaps.org/protocol.html>).
//!
//! It is an index of parts. A part covers a fixed range of post ids, so its cost does not depend on the number
//! of posts, and new posts do not change it.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::id::PostId;
use crate::types::time::Timestamp;

/// The ids that a part covers, so the most URLs in it: half a megabyte. (The protocol allows ten times as
/// many.)
pub const URLS_PER_PART: i64 = 5_000;

/// The most parts that the protocol allows in an index.
pub const MAX_PARTS: usize = 50_000;

/// A post in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SitemapEntry {
    /// Its id.
    pub id: PostId,
    /// The time of the last change of the post or the last comment on it.
    pub changed_at: Timestamp,
}
