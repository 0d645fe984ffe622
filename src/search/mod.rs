//! Full-text search in posts and comments.
//!
//! The words are in two FTS5 tables, which the [indexer](crate::jobs::indexer) fills in the background. The
//! cost of a query is bounded, whatever the size of the tables: the newest [`MAX_MATCHES`] matches are ranked
//! by values in their rows. (FTS5's own rank, bm25, would count all documents with a word, and its snippets
//! would read them.) FTS5 returns the newest matches first without visiting the others. Only where several
//! words are each frequent but rarely together would it go through whole lists: there only the newest
//! [`MAX_BLOCKS`] blocks are searched. A condition on the row id would not stop FTS5 before its first match,
//! but a token that only those rows have does: so the rows of each block of [`ROWS_PER_BLOCK`] ids have one.

pub mod excerpt;
pub mod handlers;
pub mod query;
pub mod sql;
pub mod views;
pub mod words;

use std::time::Duration;

use crate::comment::OwnComment;
use crate::post::PostDetail;
use crate::types::id::{CommentId, PostId};
use crate::types::time::{DAY, Timestamp};
use crate::user::Author;
use crate::vote::Target;
use query::{Kind, Query};

/// The most matches that are ranked, the newest.
pub const MAX_MATCHES: u32 = 1000;
/// The number of consecutive row ids that share a block token.
pub const ROWS_PER_BLOCK: i64 = 16_384;
/// The most blocks of posts, and of comments, that are searched when every word is frequent.
pub const MAX_BLOCKS: i64 = 8;
/// The most words to which a prefix of more than three letters is expanded. In a language few prefixes of
/// four letters have more.
pub const MAX_PREFIX_EXPANSIONS: usize = 24;
/// Results on a page.
pub const PAGE_SIZE: usize = 20;
/// The most pages of results.
pub const MAX_PAGES: usize = MAX_MATCHES as usize / PAGE_SIZE;

/// The order of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By [`Match::relevance`].
    #[default]
    Relevance,
    /// Newest first.
    Date,
}

/// A post or comment that matches a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Its table.
    pub kind: Kind,
    /// The id of the post or comment.
    pub id: i64,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The score: one for the author, and one for each vote.
    pub score: i64,
    /// Whether its title contains all the words.
    pub is_in_title: bool,
    /// Whether its title contains them as they were typed, the last one as a whole word.
    pub is_exact: bool,
}

/// The matches of a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// At most [`MAX_MATCHES`], the newest, in the requested order.
    pub matches: Vec<Match>,
    /// Whether there are more, older ones.
    pub is_more: bool,
    /// Whether only the newest posts or comments were searched.
    pub is_partial: bool,
    /// Whether older posts or comments are still indexed by the rules of an earlier version.
    pub is_rebuilding: bool,
}

/// A match with the values that the page of results shows.
#[derive(Debug, Clone)]
pub enum Hit {
    /// A post with its text.
    Post(Box<PostDetail>),
    /// A comment and its post.
    Comment {
        /// The comment, with its post's title.
        comment: OwnComment,
        /// Its author; `None`: the account is deleted.
        author: Option<Author>,
    },
}

/// Microseconds of 30 days.
const MONTH: f64 = DAY.as_micros() as f64 * 30.0;

impl Match {
    /// The id of the post or comment, with its kind.
    #[must_use]
    pub fn target(&self) -> Target {
        match self.kind {
            Kind::Post => Target::Post(PostId::new(self.id)),
            Kind::Comment => Target::Comment(CommentId::new(self.id)),
        }
    }

    /// The score for sorting. Words in a title count most, as they state the subject; votes count by the
    /// base-2 logarithm; each doubling of the age (in months, plus one) takes away as much as a doubling of
    /// the votes gives.
    #[must_use]
    pub fn relevance(&self, now: Timestamp) -> f64 {
        self.weight_left(now).log2()
    }

    /// The moment from which on a match after this one may come before it; `None`: never, if nothing is written.
    #[must_use]
    pub fn overtaken_by(&self, next: &Match, now: Timestamp) -> Option<Timestamp> {
        if self.created_at > now || next.created_at > now {
            return Some(now);
        }
        // Both grow old by the month, so the one with the greater weight loses less of it.
        let gain = Some(next.weight() - self.weight()).filter(|gain| *gain > 0.0)?;
        let lead = self.weight_left(now) - next.weight_left(now);
        let months = lead * (1.0 + self.months(now)) * (1.0 + next.months(now)) / gain;
        // Far earlier than rounding can be wrong.
        let wait = Duration::try_from_secs_f64(months * MONTH / 1e6 * 0.999 - 1.0).unwrap_or_default();
        Some(now + wait)
    }

    /// What the age leaves of the weight.
    fn weight_left(&self, now: Timestamp) -> f64 {
        self.weight() / (1.0 + self.months(now))
    }

    fn weight(&self) -> f64 {
        let words = if self.is_in_title { 4.0 } else { 0.0 } + if self.is_exact { 2.0 } else { 0.0 };
        f64::exp2(words) * self.score.max(1) as f64
    }

    fn months(&self, now: Timestamp) -> f64 {
        now.micros_since(self.created_at).max(0) as f64 / MONTH
    }
}

/// The contents of the search page.
pub struct Results {
    /// The query as it was typed.
    pub text: String,
    /// The order of the results.
    pub order: Order,
    /// The result of the query; `None` when it is blank.
    pub outcome: Option<Result<Outcome, Refusal>>,
}

/// The result of a valid query.
pub struct Outcome {
    /// All matches.
    pub found: Found,
    /// The matches on this page.
    pub hits: Vec<Hit>,
    /// The query, for highlighting its words.
    pub query: Query,
    /// The page's number, from 0.
    pub page: usize,
}

/// The reason for which nothing was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The query is invalid.
    InvalidQuery(query::QueryError),
    /// `by:` names no user.
    UnknownAuthor(String),
}
