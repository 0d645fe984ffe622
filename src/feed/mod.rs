//! Feeds: the lists of the site for programs that look for what is new, as Atom 1.0 (RFC 4287).
//!
//! A feed shows what a guest sees, whoever asks: it knows no viewer.

pub mod handlers;
pub mod sql;
pub mod views;

use smol_str::SmolStr;

use crate::post::Link;
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::vote::Target;

/// Entries of a feed. Readers ask every few minutes to hours, and keep what they have seen.
pub const MAX_ENTRIES: u32 = 30;

/// The most characters of a post's text, as of a comment's: who wants to read on comes here.
const MAX_TEXT_CHARS: usize = 10_000;
/// One more is read, to see whether there is more.
const TEXT_CHARS_READ: u32 = 10_001;

/// A post or a comment, as a feed has it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which.
    pub target: Target,
    /// The post's title; a comment has that of its post.
    pub title: SmolStr,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed. (A vote is no change.)
    pub updated_at: Timestamp,
    /// `None`: has left.
    pub author: Option<Author>,
    /// Where a post leads, if it is a link.
    pub link: Option<Link>,
    /// What was written, a character longer than it may be where it is longer.
    pub text: String,
}

/// A list to be followed.
pub struct Feed<'f> {
    /// What it is called, without the site's name.
    pub title: &'f str,
    /// Its own address, with the query if there is one: a path of this site.
    pub path: String,
    /// The address of the page that shows the same.
    pub page: String,
    /// Since when there is such a list: that it is empty is as old.
    pub since: Timestamp,
    /// In the order of that page.
    pub entries: Vec<Entry>,
}

impl Feed<'_> {
    /// When anything in it last changed.
    fn updated_at(&self) -> Timestamp {
        self.entries.iter().map(|entry| entry.updated_at).fold(self.since, Timestamp::max)
    }
}
