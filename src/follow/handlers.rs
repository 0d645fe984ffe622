//! The handler for following users.

use rusqlite::Connection;

use super::{Outcome, sql};
use crate::auth;
use crate::auth::Standing;
use crate::site::limiter::Action;
use crate::types::id::UserId;
use crate::web::flash::Flash;
use crate::web::{Cx, Error, Result, paths, reply};

/// `POST /users/:id/follow` and `/unfollow`. Repeating it changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`]; [`Error::Forbidden`] for the viewer themselves, and beyond
/// [`MAX_FOLLOWED`](super::MAX_FOLLOWED) users; [`Error::RateLimited`], in one limit with votes; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn change(cx: &Cx, followed_id: UserId, is_followed: bool) -> Result {
    let back = cx.referrer().map_or_else(|| paths::user(followed_id).to_string(), str::to_owned);
    let viewer = auth::require_user_or_return(cx, &back)?;
    if viewer.id == followed_id {
        return Err(Error::Forbidden("You can't follow yourself."));
    }
    cx.site.limiter.check_and_record(Action::VoteBy(viewer.id))?;
    let user_id = viewer.id;
    let set = move |connection: &Connection| sql::set(connection, user_id, followed_id, is_followed);
    let flash = if is_followed { Flash::Followed } else { Flash::Unfollowed };
    match auth::write_as(cx, viewer, Standing::Any, set)? {
        None => Err(Error::sign_in(back)),
        Some(Outcome::Done) => Ok(reply::done(cx, back, flash)),
        Some(Outcome::NotFound) => Err(Error::NotFound),
        Some(Outcome::TooMany) => Err(TOO_MANY),
    }
}

const TOO_MANY: Error =
    Error::Forbidden("You follow 200 people, which is the most. Unfollow one of them first.");
