//! Votes for posts and comments.
//!
//! A user has one vote for each target, which the tables' primary keys enforce. An author's own vote has no
//! row: `score = 1 + votes`. A user's karma is the number of votes for their posts and comments that are
//! neither deleted nor removed.

pub mod handlers;
pub mod sql;
pub mod views;

use std::time::Duration;

use crate::types::id::{CommentId, PostId};
use crate::types::time::HOUR;
use crate::web::cookie::{self as cookies, Header};
use crate::web::{Cx, paths};

/// A post or a comment that users vote for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A post.
    Post(PostId),
    /// A comment.
    Comment(CommentId),
}

/// The vote that a user wants to have for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vote {
    /// A vote.
    Cast,
    /// None: an earlier vote is taken back.
    Withdrawn,
}

/// The outcome of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteOutcome {
    /// The vote is as requested, perhaps already before the request; with the target's score.
    Score(i64),
    /// Refused: the target is the voter's own, and the score counts its author already.
    Own,
    /// The target does not exist, or was deleted or removed.
    NotFound,
}

impl Target {
    /// The path of the page that shows the target.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Target::Post(id) => paths::post(id).to_string(),
            Target::Comment(id) => paths::comment(id).to_string(),
        }
    }
}

/// The time for which a browser keeps a guest's vote, which is counted at the sign-in.
const PENDING_VOTE_MAX_AGE: Duration = HOUR;

/// `Set-Cookie` that keeps the vote of a guest. The value names the target, so the database keeps nothing.
fn pending_vote_cookie(cx: &Cx, target: Target) -> Header {
    let value = match target {
        Target::Post(id) => format!("post-{id}"),
        Target::Comment(id) => format!("comment-{id}"),
    };
    cookies::set(cx, "vote", value, PENDING_VOTE_MAX_AGE)
}

/// The target that a guest voted for before the sign-in; `None` without a valid cookie.
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

/// `Set-Cookie` that deletes the cookie of a pending vote.
#[must_use]
pub fn clear_pending_vote_cookie(cx: &Cx) -> Header {
    cookies::clear(cx, "vote")
}
