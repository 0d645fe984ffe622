//! The answers to a comment that cannot be taken.

use horrorshow::Template;

use super::super::views::{self, CommentForm};
use super::super::{CommentStatus, ReplyTarget, parent_deleted};
use super::reply_page;
use crate::text::is_blank;
use crate::types::cursor::START;
use crate::web::form::Errors;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result};
use crate::{draft, post};

/// The refusal of a comment on a locked post, with what was `typed`.
fn discussion_locked(reason: &str, typed: String) -> Error {
    Error::Moderated { why: format!("This discussion is locked: {reason}"), typed }
}

/// Shows the form again: in its place, or on the page that it is on.
pub(super) fn refuse(cx: &Cx, to: ReplyTarget, body: &str, errors: &Errors) -> Result {
    let form = CommentForm { body, errors, in_place: true };
    if reply::wants_fragments(cx) {
        let change = match to {
            ReplyTarget::Comment(id) => Change::replace(
                format_args!("#reply_{id}_form"),
                views::reply_in_place(id, &form).into_string()?,
            ),
            ReplyTarget::Post(id) => Change::replace("#comment_form", views::form(id, &form).into_string()?),
        };
        return Ok(reply::refused_changes(cx, &[change], errors));
    }
    let html = match to {
        ReplyTarget::Comment(id) => reply_page::page(cx, id, &form)?,
        ReplyTarget::Post(id) => post::handlers::page(cx, id, START, &form)?.ok_or(Error::NotFound)?,
    };
    Ok(reply::refused(cx, html, errors))
}

/// The answer where nobody can say anything, or not any more: what was written is not lost. When only
/// the comment is gone that it replies to, it can still be said to all.
pub(super) fn refuse_closed(cx: &Cx, to: ReplyTarget, status: CommentStatus, body: &str) -> Result {
    let is_in_place = reply::wants_fragments(cx) && cx.method() == "POST";
    match status {
        CommentStatus::Locked(reason) => {
            Err(discussion_locked(&reason, draft::handlers::written_text(cx, to.address())?))
        }
        CommentStatus::NoParent(_) if is_in_place => refuse(cx, to, body, &parent_deleted()),
        CommentStatus::NoParent(Some(post_id)) if !is_blank(body) && !reply::wants_fragments(cx) => {
            refuse(cx, ReplyTarget::Post(post_id), body, &parent_deleted())
        }
        _ => Err(draft::handlers::target_deleted(cx, to.address())),
    }
}
