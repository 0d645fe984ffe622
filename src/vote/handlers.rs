//! The handler for votes: each post and comment has a form of one button.

use horrorshow::Template;
use rusqlite::Connection;

use super::{Target, Vote, VoteOutcome, pending_vote_cookie, sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::site::limiter::Action;
use crate::ui::message;
use crate::user::handlers::newcomer;
use crate::web::flash::Flash;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result};

/// `POST /posts/:id/vote`, `/posts/:id/unvote`, and their like for comments. A repeated request changes
/// nothing. A guest's vote is kept in a cookie and counted at the sign-in.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::NotFound`];
/// [`Error::Forbidden`] for the user's own post or comment; [`Error::RateLimited`]; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn change(cx: &Cx, target: Target, vote: Vote) -> Result {
    let Some(viewer) = auth::viewer(cx)? else {
        return Err(sign_in_first(cx, target, vote));
    };
    if vote == Vote::Cast {
        newcomer::refuse(cx, viewer, "vote")?;
    }
    cx.site.limiter.check_and_record(Action::VoteBy(viewer.id))?;
    let (user_id, now) = (viewer.id, cx.now);
    let change = move |connection: &Connection| sql::change(connection, user_id, target, vote, now);
    let Some(outcome) = auth::write_as(cx, viewer, Standing::Active, change)? else {
        return Err(sign_in_first(cx, target, vote));
    };
    let score = match outcome {
        VoteOutcome::Score(score) => score,
        VoteOutcome::Own => return Err(Error::Forbidden("Your own voice is counted already.")),
        VoteOutcome::NotFound => return Err(Error::NotFound),
    };
    // A vote says by its arrow that it was counted. One from a guest's page also says whose it is.
    let notice = cx.sender().map(|_| Flash::VoteCast);
    if !reply::wants_fragments(cx) {
        let to = return_path(cx, target);
        return Ok(match notice {
            Some(flash) => reply::done(cx, to, flash),
            None => reply::see_other(cx, to),
        });
    }
    let (arrow, points) = views::selectors(target);
    let mut changes = vec![
        Change::replace(arrow, views::arrow(target, vote == Vote::Cast).into_string()?),
        Change::fill(points, views::points(score).into_string()?),
    ];
    changes.extend(notice.map(|flash| message::show_notice(cx, flash)));
    Ok(reply::changes(cx, &changes))
}

fn sign_in_first(cx: &Cx, target: Target, vote: Vote) -> Error {
    let cookie = (vote == Vote::Cast).then(|| pending_vote_cookie(cx, target));
    Error::SignIn { return_to: return_path(cx, target), cookie }
}

/// The page that the form was on, with the target as its fragment; without a `Referer`, the target's own
/// page.
fn return_path(cx: &Cx, target: Target) -> String {
    let Some(page) = cx.referrer() else {
        return target.path();
    };
    match target {
        Target::Post(id) => format!("{page}#post_arrow_{id}"),
        Target::Comment(id) => format!("{page}#comment_{id}"),
    }
}
