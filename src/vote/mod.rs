//! Votes for posts and comments.
//!
//! A user has one vote for each target, which the tables' primary keys enforce. An author's own vote has no
//! row: `score = 1 + votes`. A user's karma is the number of votes for their posts and comments that are
//! neither deleted nor removed.

pub mod handlers;
pub mod sql;
pub mod views;

use std::time::Duration;

use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::HOUR;
use crate::web::cookie::{self as cookies, Header};
use crate::web::{Cx, paths};

/// A post or a comment that users vote for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// The statement for the target's table, of one for posts and one for comments, and the id for it.
    #[must_use]
    pub fn statement(self, of_post: &'static str, of_comment: &'static str) -> (&'static str, i64) {
        match self {
            Target::Post(id) => (of_post, id.get()),
            Target::Comment(id) => (of_comment, id.get()),
        }
    }

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

/// A vote that a request without a session asked for. It is counted at the sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingVote {
    /// What it is for.
    pub target: Target,
    /// The user whose page had the arrow, and whose session had ended; `None`: a guest's.
    user_id: Option<UserId>,
}

impl PendingVote {
    /// Whether the user may cast it: nobody votes for another user.
    #[must_use]
    pub fn is_of(self, user_id: UserId) -> bool {
        self.user_id.is_none_or(|other| other == user_id)
    }
}

/// `Set-Cookie` that keeps a vote until the sign-in. The value names target and user (0: a guest), so the database
/// keeps nothing.
fn pending_vote_cookie(cx: &Cx, target: Target) -> Header {
    let user_id = cx.form_user().map_or(0, UserId::get);
    let value = match target {
        Target::Post(id) => format!("post-{id}-{user_id}"),
        Target::Comment(id) => format!("comment-{id}-{user_id}"),
    };
    cookies::set(cx, "vote", value, PENDING_VOTE_MAX_AGE)
}

/// The vote that waits for the sign-in; `None` without a valid cookie.
#[must_use]
pub fn pending_vote(cx: &Cx) -> Option<PendingVote> {
    let (noun, ids) = cookies::get(cx, "vote")?.split_once('-')?;
    // A cookie of an earlier version has no user.
    let (id, user_id) = ids.split_once('-').unwrap_or((ids, "0"));
    let (id, user_id): (i64, i64) = (id.parse().ok()?, user_id.parse().ok()?);
    let target = match noun {
        "post" => Target::Post(PostId::new(id)),
        "comment" => Target::Comment(CommentId::new(id)),
        _ => return None,
    };
    Some(PendingVote { target, user_id: (user_id != 0).then(|| UserId::new(user_id)) })
}

/// `Set-Cookie` that deletes the cookie of a pending vote.
#[must_use]
pub fn clear_pending_vote_cookie(cx: &Cx) -> Header {
    cookies::clear(cx, "vote")
}
