//! The site's own API for programs of its users: JSON, with a token of the user in place of a cookie. Each change is made
//! by the handler of the page that makes it, so that all rules hold (`docs/decisions/0046-api.md`). This file has what goes
//! in and comes out; the OpenAPI document is made of it.

pub mod document;
pub mod handlers;
pub mod sql;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::time::DAY;

/// How long an answer is kept by its idempotency key.
pub const ANSWER_LIFETIME: Duration = DAY;
/// The most answers that are kept for a token: more than 429. They bound the database: 20 tokens of a user have 10,000.
pub const MAX_ANSWERS: u32 = 500;
/// The most bytes of an idempotency key. The draft names none; a UUID has 36.
pub const MAX_KEY_BYTES: usize = 255;

/// A user, where one is named.
#[derive(Debug, Serialize, ToSchema)]
pub struct Author {
    /// The number of the user.
    pub id: i64,
    /// The name.
    pub name: String,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    /// The number of the user.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The text about the user, in the site's markup.
    pub about: String,
    /// The time of signing up, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Other users' votes for what the user wrote.
    pub karma: i64,
    /// Posts, without removed ones.
    pub posts_count: i64,
    /// Comments, without deleted and removed ones.
    pub comments_count: i64,
    /// Whether the user is an admin.
    pub is_admin: bool,
    /// Whether the user is banned.
    pub is_banned: bool,
}

/// What a token may do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// It reads.
    Read,
    /// It reads and writes.
    ReadWrite,
}

/// The user of the token, and the token.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The user.
    pub user: User,
    /// Unread comments and notices in the inbox.
    pub unread_count: i64,
    /// The name of the token.
    pub token_name: String,
    /// What the token may do.
    pub scope: Scope,
}

/// A post.
#[derive(Debug, Serialize, ToSchema)]
pub struct Post {
    /// The number of the post.
    pub id: i64,
    /// The title; a placeholder for a removed post.
    pub title: String,
    /// The address that it links to.
    pub url: Option<String>,
    /// The text in the site's markup; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The author, unless they are hidden or their account is deleted.
    pub author: Option<Author>,
    /// The tags.
    pub tags: Vec<String>,
    /// The time of posting, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The points: one for the author, one for each vote; `null` for what is hidden.
    pub score: Option<i64>,
    /// Comments, without deleted and removed ones.
    pub comments_count: i64,
    /// Whether the user has voted for it.
    pub is_voted: bool,
    /// Whether it is removed by an admin or deleted, and stays for its comments; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_hidden: Option<bool>,
    /// Whether the user has saved it; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_saved: Option<bool>,
    /// Whether the user has flagged it; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_flagged: Option<bool>,
    /// Whether it takes comments; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_open: Option<bool>,
}

/// A page of a list of posts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostPage {
    /// The posts.
    pub posts: Vec<Post>,
    /// The value of `after` for the next page; `null` on the last.
    pub next: Option<String>,
}

/// A comment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Comment {
    /// The number of the comment.
    pub id: i64,
    /// The number of its post.
    pub post_id: i64,
    /// The comment that it replies to; `null` for a comment on the post itself.
    pub parent_id: Option<i64>,
    /// The text in the site's markup; empty for a deleted or removed comment.
    pub text: String,
    /// The author, unless they are hidden or their account is deleted.
    pub author: Option<Author>,
    /// The time of its creation, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The time of its last change.
    #[schema(format = DateTime)]
    pub edited_at: Option<String>,
    /// The points: one for the author, one for each vote; `null` for what is hidden.
    pub score: Option<i64>,
    /// Direct replies to it.
    pub replies_count: i64,
    /// Whether the user has voted for it.
    pub is_voted: bool,
    /// Whether the user has flagged it.
    pub is_flagged: bool,
    /// Whether an admin has removed it, or flags have hidden it.
    pub is_removed: bool,
}

/// A post with a page of its comments, in the order of its page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Discussion {
    /// The post.
    pub post: Post,
    /// The comments.
    pub comments: Vec<Comment>,
    /// The value of `after` for the next page; `null` on the last.
    pub next: Option<String>,
}

/// A comment with a page of the replies to it, in the order of its page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Thread {
    /// The comment.
    pub comment: Comment,
    /// The replies.
    pub replies: Vec<Comment>,
    /// The value of `after` for the next page; `null` on the last.
    pub next: Option<String>,
}

/// Why a comment is in the inbox.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is on a post of the user.
    Post,
    /// It replies to a comment of the user.
    Comment,
    /// It mentions the user.
    Mention,
}

/// A comment in the inbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxItem {
    /// The number of the comment.
    pub comment_id: i64,
    /// The number of its post.
    pub post_id: i64,
    /// The title of its post.
    pub post_title: String,
    /// Why it is there.
    pub why: Why,
    /// Whether the user has not seen it on a page.
    pub is_unread: bool,
    /// The text in the site's markup.
    pub text: String,
    /// The author, unless their account is deleted.
    pub author: Option<Author>,
    /// The time of its creation, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A page of the inbox, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxPage {
    /// The comments.
    pub items: Vec<InboxItem>,
    /// The value of `after` for the next page; `null` on the last.
    pub next: Option<String>,
}

/// What is wrong with a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mistake {
    /// The field; empty for the whole.
    pub field: String,
    /// A sentence about it.
    pub sentence: String,
}

/// A problem (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says what it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What happened.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// A sentence more.
    pub detail: String,
    /// The mistakes that the client can correct.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Mistake>,
}

/// A new post: of a link, of a text, or of both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPost {
    /// The title, on one line: 255 characters at most, control characters not counted.
    #[schema(min_length = 5)]
    pub title: String,
    /// The address that it links to: 2,000 bytes at most.
    pub url: Option<String>,
    /// The text in the site's markup: 65,536 characters at most, control characters not counted.
    pub text: Option<String>,
    /// The tags, at most three of those of the site, with spaces or commas between.
    pub tags: Option<String>,
}

/// A change of a post. What is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostChange {
    /// The title, on one line: 255 characters at most, control characters not counted.
    #[schema(min_length = 5)]
    pub title: Option<String>,
    /// The address that it links to: 2,000 bytes at most.
    pub url: Option<String>,
    /// The text in the site's markup: 65,536 characters at most, control characters not counted.
    pub text: Option<String>,
    /// The tags, at most three of those of the site, with spaces or commas between; empty: none.
    pub tags: Option<String>,
}

/// A new comment, on a post or in reply to a comment: it names one of both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    /// The post.
    #[schema(minimum = 1)]
    pub post_id: Option<i64>,
    /// The comment that it replies to.
    #[schema(minimum = 1)]
    pub parent_id: Option<i64>,
    /// The text in the site's markup: 10,000 characters at most, control characters not counted.
    #[schema(min_length = 5)]
    pub text: String,
}

/// Another text of a comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentChange {
    /// The text in the site's markup: 10,000 characters at most, control characters not counted.
    #[schema(min_length = 5)]
    pub text: String,
}

/// A flag.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFlag {
    /// Why an admin should look at it: 300 characters at most, control characters not counted.
    #[schema(min_length = 3)]
    pub reason: String,
}
