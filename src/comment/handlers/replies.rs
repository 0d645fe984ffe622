//! The form for a reply, in its place or on a page of its own.

use horrorshow::Template;

use super::super::views::{self, CommentForm};
use super::super::{CommentStatus, ReplyTarget, sql};
use super::refusal::refuse_closed;
use super::reply_page;
use crate::auth;
use crate::draft;
use crate::types::id::CommentId;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Result, paths};

/// `GET /comments/:id/reply`: the form for a reply, for htmx below the comment. A form that is there
/// already, perhaps with words in it, stays.
///
/// # Errors
/// [`Error::Moderated`], [`Error::TargetDeleted`] and [`Error::NotFound`] where no reply is possible; the
/// database's.
///
/// [`Error::Moderated`]: crate::web::Error::Moderated
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
    let form = CommentForm::of(&written);
    if reply::wants_fragments(cx) {
        let html = views::reply_in_place(id, &form).into_string()?;
        let below = format_args!("#comment_{id}:not(:has(> form)) > div");
        return Ok(reply::changes(cx, &[Change::after(below, html)]));
    }
    Ok(reply::page(cx, reply_page::page(cx, id, &form)?))
}

/// `GET /comments/:id/replies`: to the comment that they are below. For htmx the page without the form
/// for another.
///
/// # Errors
/// A cursor that is none.
pub fn list(cx: &Cx, id: CommentId) -> Result {
    if reply::wants_fragments(cx) {
        return Ok(reply::changes(cx, &[Change::remove(format_args!("#reply_{id}_form"))]));
    }
    Ok(reply::see_other(cx, paths::comment(id)))
}
