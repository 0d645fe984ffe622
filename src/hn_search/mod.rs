//! The search API of Hacker News, which Algolia provides (<https://hn.algolia.com/api>), over the site's own search: for
//! programs that were written for that API.
//!
//! It has no viewer: it shows to every client what a guest sees.

pub mod handlers;
pub mod parameters;
pub mod sql;
pub mod views;

use smol_str::SmolStr;

use self::parameters::{Condition, Field, Tag};
use crate::comment::Comment;
use crate::hn_api::ItemNumber;
use crate::post::{PostDetail, PostKind};
use crate::types::cursor::PAGE_SIZE;
use crate::types::id::PostId;
use crate::types::time::Timestamp;
use crate::user::name;
use crate::vote::Target;

/// The most posts of which the front page, for the tag `front_page`, consists.
pub const FRONT_PAGE_POSTS: u32 = PAGE_SIZE;
/// The most bytes of the rendered texts of all hits together.
pub const MAX_TEXT_BYTES: usize = 128 * 1024;
/// The most bytes of the rendered text of a post above its discussion.
pub const MAX_STORY_BYTES: usize = 64 * 1024;
/// The most bytes of the rendered texts of all comments of a discussion together.
pub const MAX_DISCUSSION_BYTES: usize = 144 * 1024;

/// The values of a post or comment by which it is found.
#[derive(Debug, Clone)]
pub struct Document {
    /// The post or comment.
    pub target: Target,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// Its points.
    pub score: i64,
    /// The name of its author; `None`: the account is deleted.
    pub author: Option<SmolStr>,
    /// The post, or that of the comment.
    pub story: PostId,
    /// The number of comments on a post; 0 for a comment.
    pub comments_count: i64,
    /// The kind of a post; `None` for a comment.
    pub kind: Option<PostKind>,
    /// Whether it is a post of the front page.
    pub is_on_front_page: bool,
}

/// What a hit shows beside its [`Document`].
#[derive(Debug)]
pub enum Content {
    /// Of a post.
    Post(Box<PostDetail>),
    /// Of a comment.
    Comment {
        /// The comment.
        comment: Comment,
        /// The title of its post, or a placeholder.
        story_title: SmolStr,
        /// The link of its post.
        story_url: Option<String>,
    },
}

/// A page of hits.
pub struct Page {
    /// The hits on it.
    pub hits: Vec<(Document, Content)>,
    /// The number of hits on all pages.
    pub number: usize,
    /// Whether all posts and comments were looked at, not only the newest that match.
    pub is_complete: bool,
}

impl Document {
    fn is_post(&self) -> bool {
        matches!(self.target, Target::Post(_))
    }

    /// Whether it has a tag.
    #[must_use]
    pub fn has(&self, tag: &Tag) -> bool {
        match tag {
            Tag::Story => self.is_post(),
            Tag::Comment => !self.is_post(),
            Tag::Ask => self.kind == Some(PostKind::Ask),
            Tag::Show => self.kind == Some(PostKind::Show),
            Tag::FrontPage => self.is_on_front_page,
            Tag::Author(folded) => self.author.as_ref().is_some_and(|author| name::folded(author) == *folded),
            Tag::OfStory(story) => *story == ItemNumber::of(Target::Post(self.story)),
            Tag::Absent => false,
        }
    }

    /// Whether it fulfils a condition. A comment has no points and no number of comments, as at Hacker News.
    #[must_use]
    pub fn fulfils(&self, condition: &Condition) -> bool {
        let value = match condition.field {
            Field::CreatedAt => Some(self.created_at.unix_seconds()),
            Field::Points => self.is_post().then_some(self.score),
            Field::Comments => self.is_post().then_some(self.comments_count),
        };
        value.is_some_and(|value| condition.comparison.holds(value, condition.number))
    }
}
