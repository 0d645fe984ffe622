//! The form for a reply, in place or on its own page.

use horrorshow::Template;

use super::super::views::{self, CommentForm};
use super::super::{CommentStatus, ReplyTarget, sql};
use super::refusal::{add_form, refuse_closed};
use super::reply_page;
use crate::auth;
use crate::draft;
use crate::types::id::CommentId;
use crate::web::account::Account;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Result, paths};

/// `GET /comments/:id/reply`: the form for a reply; for htmx below the comment. A form that is open already
/// stays, because it may contain text. A draft that is far too long has room only on a page.
///
/// # Errors
/// [`Error::Moderated`] when the discussion is locked or the viewer banned; [`Error::TargetDeleted`] or
/// [`Error::NotFound`] when the comment or its post is gone; [`Error::Unavailable`] or [`Error::Internal`]
/// when the database fails.
///
/// [`Error::Moderated`]: crate::web::Error::Moderated
/// [`Error::Unavailable`]: crate::web::Error::Unavailable
/// [`Error::Internal`]: crate::web::Error::Internal
/// [`Error::TargetDeleted`]: crate::web::Error::TargetDeleted
/// [`Error::NotFound`]: crate::web::Error::NotFound
pub fn form(cx: &Cx, id: CommentId) -> Result {
    auth::refuse_banned(cx)?;
    let to = ReplyTarget::Comment(id);
    let written = draft::handlers::find(cx, to.address())?.unwrap_or_default().text("body");
    let status = cx.read(|connection| sql::comment_status(connection, to))?;
    if !matches!(status, CommentStatus::Open(_)) {
        return refuse_closed(cx, to, status, &written);
    }
    let errors = cx.unsent_errors();
    let form = CommentForm { errors: &errors, ..CommentForm::of(Account::of(auth::viewer(cx)?), &written) };
    if !reply::wants_fragments(cx) {
        return Ok(reply::page(cx, reply_page::page(cx, id, &form)?));
    }
    if !form.fits_in_place() {
        return Ok(reply::see_other(cx, paths::reply(id)));
    }
    Ok(reply::changes(cx, &[add_form(id, views::reply_in_place(id, &form).into_string()?)]))
}

/// `GET /comments/:id/replies`: redirects to the comment's page. For htmx (“Cancel”) it removes the form.
///
/// # Errors
/// It has none; all handlers return a [`Result`].
pub fn list(cx: &Cx, id: CommentId) -> Result {
    if reply::wants_fragments(cx) {
        return Ok(reply::changes(cx, &[Change::remove(format_args!("#reply_{id}_form"))]));
    }
    Ok(reply::see_other(cx, paths::comment(id)))
}
