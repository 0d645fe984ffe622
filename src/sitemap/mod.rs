//! The sitemap: the posts for search engines (<https://www.sitemaps.org/protocol.html>).
//!
//! It is an index of parts. A part covers a fixed range of post ids, so its cost does not depend on the number
//! of posts, and new posts do not change it.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::id::PostId;
use crate::types::time::Timestamp;

/// The ids that a part covers, so the most URLs in it: half a megabyte with the longest host name, 150 KB with
/// an ordinary one. (The protocol allows 50,000.)
pub const URLS_PER_PART: i64 = 1_500;

/// The most parts in an index, those of the newest posts: half a megabyte with the longest host name. Together
/// they have 2.4 million posts. (The protocol allows 50,000 parts.)
pub const MAX_PARTS: usize = 1_600;

/// A post in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SitemapEntry {
    /// Its id.
    pub id: PostId,
    /// The time of the last change of the post or the last comment on it.
    pub changed_at: Timestamp,
}
