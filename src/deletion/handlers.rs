//! The request that undoes a deletion.

use super::UndoOutcome;
use crate::auth::{self, Standing};
use crate::comment;
use crate::post;
use crate::site::limiter::Action;
use crate::vote::Target;
use crate::web::flash::Flash;
use crate::web::{Cx, Error, Result, paths, reply};

const TOO_LATE: Error = Error::Gone {
    heading: "It can't be brought back.",
    why: "Its author can do that within ten minutes, unless an admin has removed it.",
};
const TAKEN: Error =
    Error::Forbidden("Another post has its title or its link now. Destroy that one first, if it is yours.");

/// `POST /posts/:id/undo`, `POST /comments/:id/undo`: brings back what the viewer has deleted. A repeated request
/// changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Gone`] when it is too late, and for
/// another user; [`Error::Forbidden`] when another post has the title or link; [`Error::RateLimited`];
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn undo(cx: &Cx, target: Target) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::FRONT)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let (user_id, now) = (viewer.id, cx.now);
    let outcome = auth::write_as(cx, viewer, Standing::Active, move |connection| match target {
        Target::Post(id) => post::sql::restore(connection, id, user_id, now),
        Target::Comment(id) => comment::sql::restore(connection, id, user_id, now),
    })?;
    match outcome {
        None => Err(Error::sign_in(paths::FRONT)),
        Some(UndoOutcome::NotHeld) => Err(TOO_LATE),
        Some(UndoOutcome::Taken) => Err(TAKEN),
        Some(UndoOutcome::Restored) => match target {
            Target::Post(id) => Ok(reply::done(cx, paths::post(id), Flash::PostRestored)),
            Target::Comment(id) => {
                Ok(reply::done(cx, comment::handlers::address_of(cx, id)?, Flash::CommentRestored))
            }
        },
    }
}
