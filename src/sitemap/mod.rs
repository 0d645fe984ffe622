//! What search engines are to look at: the posts (<https://www.sitemaps.org/protocol.html>).
//!
//! The sitemap is an index of parts. A part is about the posts of five thousand numbers, so it takes as
//! long to make whatever there is besides, and stays as it is when new posts come.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::id::PostId;
use crate::types::time::Timestamp;

/// Numbers of posts in a part: half a megabyte. (A part could have ten times as many addresses.)
pub const URLS_PER_PART: i64 = 5_000;

/// The most parts that an index may have.
pub const MAX_PARTS: usize = 50_000;

/// A post, as a search engine is told about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SitemapEntry {
    /// Its number.
    pub id: PostId,
    /// When it, or what is said about it, last changed.
    pub changed_at: Timestamp,
}
