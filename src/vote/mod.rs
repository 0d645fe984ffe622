//! Votes for posts and comments.
//!
//! One vote a user and target: the tables' primary keys are the rule. What somebody wrote has their
//! own voice from the start, without a row: `score = 1 + votes`. A user's karma is the number of
//! others' votes for what they wrote and is still there.

pub mod handlers;
pub mod sql;
pub mod views;

use crate::types::id::{CommentId, PostId};
use crate::web::cookie::{self as cookies, Header};
use crate::web::{Cx, paths};

/// What can be voted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A post, by its number.
    Post(PostId),
    /// A comment, by its number.
    Comment(CommentId),
}

/// Where a vote goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vote {
    /// For it.
    Cast,
    /// Taken back.
    Withdrawn,
}

/// What has become of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteOutcome {
    /// It is as it was wanted, perhaps since it was before: the score.
    Score(i64),
    /// It is the voter's own: their voice counts already.
    Own,
    /// There is nothing of that number, or not any more.
    NotFound,
}

impl Target {
    /// Its page's place where it can be seen.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Target::Post(id) => paths::post(id).to_string(),
            Target::Comment(id) => paths::comment(id).to_string(),
        }
    }
}

/// A guest's vote is kept for so many seconds, until they have signed in.
const PENDING_VOTE_MAX_AGE: u32 = 60 * 60;

/// `Set-Cookie` for the vote of a guest. It says all there is to say, so nothing is written for it.
fn pending_vote_cookie(cx: &Cx, target: Target) -> Header {
    let value = match target {
        Target::Post(id) => format!("post-{id}"),
        Target::Comment(id) => format!("comment-{id}"),
    };
    cookies::set(cx, "vote", value, PENDING_VOTE_MAX_AGE)
}

/// What the asker wanted to vote for before they were led to signing in.
#[must_use]
pub fn pending_vote(cx: &Cx) -> Option<Target> {
    let (noun, id) = cookies::get(cx, "vote")?.split_once('-')?;
    let id = id.parse().ok()?;
    match noun {
        "post" => Some(Target::Post(PostId::new(id))),
        "comment" => Some(Target::Comment(CommentId::new(id))),
        _ => None,
    }
}

/// `Set-Cookie` for one that is not needed any more.
#[must_use]
pub fn clear_pending_vote_cookie(cx: &Cx) -> Header {
    cookies::clear(cx, "vote")
}
