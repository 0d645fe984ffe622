//! Finding posts and comments by their words.
//!
//! The words are in two FTS5 tables, which the [indexer](crate::jobs::indexer) fills beside the writes. What a search costs is
//! bounded, however much there is: the newest [`MAX_MATCHES`] that match are ranked, by what their rows say
//! (FTS5's own rank, bm25, counts all documents that have a word, and so does a snippet read them). FTS5
//! gives the newest first without looking at the others. Only where several words are each common and
//! rarely together would it go through all it has: then no more than the newest [`MAX_BLOCKS`] are looked
//! through (a bound on the row's number does not stop FTS5 before it has found something; a word that
//! only those rows have does, so each block of [`ROWS_PER_BLOCK`] rows has one of its own).

pub mod excerpt;
pub mod handlers;
pub mod query;
pub mod sql;
pub mod views;

use crate::comment::OwnComment;
use crate::post::PostDetail;
use crate::types::id::{CommentId, PostId};
use crate::types::time::{DAY, Timestamp};
use crate::user::Author;
use crate::vote::Target;
use query::{Kind, Query};

/// So many matches are ranked, the newest.
pub const MAX_MATCHES: u32 = 1000;
/// Rows, counted by their numbers, that have a mark in common.
pub const ROWS_PER_BLOCK: i64 = 16_384;
/// So many blocks of posts, and as many of comments, are looked through for words of which each is common.
pub const MAX_BLOCKS: i64 = 8;
/// So many ways in which a word that was begun may end are looked for. In a language few beginnings of
/// four letters have more.
pub const MAX_PREFIX_EXPANSIONS: usize = 24;
/// Results on a page.
pub const PAGE_SIZE: usize = 20;
/// Pages of them.
pub const MAX_PAGES: usize = MAX_MATCHES as usize / PAGE_SIZE;

/// What comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// What most likely is meant.
    #[default]
    Relevance,
    /// The newest.
    Date,
}

/// A post or comment that has what was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Which it is.
    pub kind: Kind,
    /// The id of the post or comment.
    pub id: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// Its author's own voice and everyone's vote.
    pub score: i64,
    /// The words stand in the title.
    pub is_in_title: bool,
    /// They stand there as they were typed, the last one not only begun.
    pub is_exact: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The newest [`MAX_MATCHES`] at most, in their order.
    pub matches: Vec<Match>,
    /// There are more, which are older.
    pub is_more: bool,
    /// Only some were looked through, the newest.
    pub is_partial: bool,
}

/// A result as its page shows it.
#[derive(Debug, Clone)]
pub enum Hit {
    /// A post with its text.
    Post(Box<PostDetail>),
    /// A comment, and where it is.
    Comment {
        /// What was said, and where.
        comment: OwnComment,
        /// By whom; `None`: has left.
        author: Option<Author>,
    },
}

impl Match {
    /// Where it is to be found.
    #[must_use]
    pub fn target(&self) -> Target {
        match self.kind {
            Kind::Post => Target::Post(PostId::new(self.id)),
            Kind::Comment => Target::Comment(CommentId::new(self.id)),
        }
    }

    /// How likely it is meant: words in a title say what a post is about, others' points what it is
    /// worth, and each doubling of its age in months takes as much away as a doubling of its points gives.
    #[must_use]
    pub fn relevance(&self, now: Timestamp) -> f64 {
        const MONTH: f64 = DAY.as_micros() as f64 * 30.0;
        let age = now.micros_since(self.created_at).max(0) as f64 / MONTH;
        let words = if self.is_in_title { 4.0 } else { 0.0 } + if self.is_exact { 2.0 } else { 0.0 };
        words + (self.score.max(1) as f64).log2() - (1.0 + age).log2()
    }
}

/// What a page of results shows.
pub struct Results {
    /// As it was typed.
    pub text: String,
    /// How they are sorted.
    pub order: Order,
    /// What came of it; `None` where nothing was looked for yet.
    pub outcome: Option<Result<Outcome, Refusal>>,
}

/// What was found.
pub struct Outcome {
    /// All of it.
    pub found: Found,
    /// What of it is on this page.
    pub hits: Vec<Hit>,
    /// The words to be marked.
    pub query: Query,
    /// The page, from 0 on.
    pub page: usize,
}

/// Why nothing was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be understood.
    InvalidQuery(query::QueryError),
    /// `by:` names nobody.
    UnknownAuthor(String),
}
