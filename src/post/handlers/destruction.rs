//! Deleting a post: the page that asks, and the deletion, which its author can undo for a while.

use super::super::{Content, sql, views};
use super::{content_of, own_post};
use crate::auth::{self, Standing};
use crate::deletion;
use crate::site::limiter::Action;
use crate::types::id::PostId;
use crate::ui::layout::{self, Page};
use crate::vote::Target;
use crate::web::flash::Flash;
use crate::web::{ALREADY_DELETED, ALREADY_REMOVED, Cx, Error, Result, Viewer, paths, reply};

/// `GET /posts/:id/destroy`: the page with the button that deletes the post.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Forbidden`] for a user who is not
/// the author; those of `already_deleted`; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn confirm(cx: &Cx, id: PostId) -> Result {
    let viewer = auth::require_active_user(cx)?;
    let Content { title, .. } = match own_post(cx, viewer, id) {
        Err(Error::NotFound) => return already_deleted(cx, viewer, id),
        found => content_of(found?),
    };
    let back = paths::post(id).to_string();
    let page = Page { aside: Some((&back, "← Back to post")), ..Page::new(cx, "Destroying post")? };
    Ok(reply::page(cx, layout::render(&page, views::destroy(page.account(), id, &title))?))
}

/// `DELETE /posts/:id`: deletes a post. One with comments stays as `[deleted]`.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Forbidden`] for a user who is not
/// the author; those of `already_deleted`; [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`]
/// when the database fails.
pub fn destroy(cx: &Cx, id: PostId) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::post(id))?;
    let (user_id, now) = (viewer.id, cx.now);
    match own_post(cx, viewer, id) {
        Err(Error::NotFound) => return already_deleted(cx, viewer, id),
        found => drop(found?),
    }
    cx.site.limiter.check_and_record(Action::ChangeBy(user_id))?;
    let destroyed = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        sql::delete(connection, id, user_id, now)
    })?;
    match destroyed {
        Some(true) => Ok(reply::done_offering(cx, paths::POSTS, Flash::PostDestroyed, id.get())),
        Some(false) => already_deleted(cx, viewer, id),
        None => Err(Error::sign_in(paths::post(id))),
    }
}

/// The answer when a post that is to be deleted is deleted, or removed, already: its author can undo that as after the
/// deletion itself.
///
/// # Errors
/// [`Error::Gone`], unless the viewer can undo the deletion; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
fn already_deleted(cx: &Cx, viewer: &Viewer, id: PostId) -> Result {
    let (found, held) = cx.read(|connection| {
        let held = deletion::sql::find(connection, Target::Post(id), viewer.id, cx.now)?;
        Ok((sql::find(connection, None, id)?, held))
    })?;
    if held.is_some() {
        return Ok(reply::done_offering(cx, paths::POSTS, Flash::PostDestroyedBefore, id.get()));
    }
    let is_removed = found.is_some_and(|detail| detail.removed.is_some());
    Err(if is_removed { ALREADY_REMOVED } else { ALREADY_DELETED })
}
