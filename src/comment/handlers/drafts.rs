//! Discarding the draft in a comment's form.

use horrorshow::Template;

use super::super::views::{self, CommentForm};
use crate::auth::{self, Standing};
use crate::site::limiter::Action;
use crate::types::id::{DraftId, PostId};
use crate::ui::message;
use crate::web::account::Account;
use crate::web::flash::Flash;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, Viewer, paths};
use crate::{draft, post};

/// `DELETE /drafts/:id`: discards a draft of the user. One that is gone already, or is another user's, leads back
/// without a word.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn discard(cx: &Cx, id: DraftId) -> Result {
    let back = cx.referrer().unwrap_or(paths::POSTS);
    let viewer = auth::require_user_or_return(cx, back)?;
    let user_id = viewer.id;
    cx.site.limiter.check_and_record(Action::ChangeBy(user_id))?;
    let discarded = auth::write_as(cx, viewer, Standing::Any, move |connection| {
        draft::sql::discard(connection, user_id, id)
    })?;
    match discarded {
        Some(Some(post_id)) => respond_discarded(cx, viewer, post_id),
        Some(None) => Ok(reply::see_other(cx, back)),
        None => Err(Error::sign_in(back)),
    }
}

/// The response to a discarded draft: page changes, or a redirect to its post, if that is still there.
fn respond_discarded(cx: &Cx, viewer: &Viewer, post_id: PostId) -> Result {
    if reply::wants_fragments(cx) {
        let form = CommentForm::of(Account::of(Some(viewer)), "");
        return Ok(reply::changes(
            cx,
            &[
                Change::replace("#comment_form", views::form(post_id, &form).into_string()?),
                Change::remove("#discard_draft"),
                message::show_notice(cx, Flash::DraftDiscarded),
            ],
        ));
    }
    let is_there = cx.read(|connection| Ok(post::sql::find(connection, None, post_id)?.is_some()))?;
    Ok(if is_there {
        reply::done(cx, paths::comment_place(post_id), Flash::DraftDiscarded)
    } else {
        reply::done(cx, paths::POSTS, Flash::DraftDiscarded)
    })
}
