//! Feeds: the site's lists for feed readers, as Atom 1.0 (RFC 4287).
//!
//! A feed has no viewer: it shows to every client what a guest sees.

pub mod handlers;
pub mod sql;
pub mod views;

use smol_str::SmolStr;

use crate::post::Link;
use crate::types::time::Timestamp;
use crate::user::Author;
use crate::vote::Target;

/// The most entries of a feed. Readers request it every few minutes to hours, and keep the entries they have.
pub const MAX_ENTRIES: u32 = 30;

/// The most characters of an entry's text; a link leads to the rest.
const MAX_TEXT_CHARS: usize = 10_000;
/// The characters that are read: one more, to see whether the text is longer.
const TEXT_CHARS_READ: u32 = 10_001;

/// A post or a comment as a feed's entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The post or comment.
    pub target: Target,
    /// The post's title; for a comment the title of its post.
    pub title: SmolStr,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time of its last change. (A vote is not a change.)
    pub updated_at: Timestamp,
    /// The author; `None`: the account is deleted.
    pub author: Option<Author>,
    /// The link of a post, if it has one.
    pub link: Option<Link>,
    /// The text, in the site's markup: at most one character longer than an entry shows.
    pub text: String,
}

/// A feed.
pub struct Feed<'f> {
    /// The title, without the site's name.
    pub title: &'f str,
    /// The path of the feed, with the query if there is one.
    pub path: String,
    /// The path that its id is made of, if that is not `path`, which is to change.
    pub identity: Option<String>,
    /// The path of the page with the same contents.
    pub page: String,
    /// The time since which the list exists: the time of change of an empty feed.
    pub since: Timestamp,
    /// The entries, in the order of the page.
    pub entries: Vec<Entry>,
}

impl Feed<'_> {
    /// The time of the last change of any entry.
    fn updated_at(&self) -> Timestamp {
        self.entries.iter().map(|entry| entry.updated_at).fold(self.since, Timestamp::max)
    }
}
