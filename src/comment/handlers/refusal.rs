//! The responses to a comment that is refused.

use horrorshow::Template;

use super::super::views::{self, CommentForm};
use super::super::{CommentStatus, ReplyTarget, parent_deleted};
use super::reply_page;
use crate::auth;
use crate::text::{is_blank, isolated};
use crate::types::cursor::START;
use crate::types::id::CommentId;
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result};
use crate::{draft, post};

/// The error for a comment on a locked discussion; it returns the text that the user has `typed`.
fn discussion_locked(reason: &str, typed: String) -> Error {
    Error::Moderated { why: format!("This discussion is locked: {}", isolated(reason)), typed }
}

/// The page change that puts the form for a reply below comment `id`, unless a form is there.
pub(super) fn add_form(id: CommentId, html: String) -> Change {
    Change::after(format_args!("#thread_{id}:not(:has(> form)) > div"), html)
}

/// Shows the form again with its errors: in place, or on its page.
pub(super) fn refuse(cx: &Cx, to: ReplyTarget, body: &str, errors: &Errors) -> Result {
    let (account, draft) = (Account::of(auth::viewer(cx)?), draft::handlers::named(cx.form()?));
    let form = CommentForm { errors, draft, ..CommentForm::of(account, body) };
    if reply::wants_fragments(cx) {
        let changes = match to {
            // A form that was cancelled while it was being sent comes back.
            ReplyTarget::Comment(id) => {
                let html = views::reply_in_place(id, &form).into_string()?;
                vec![Change::replace(format_args!("#reply_{id}_form"), html.clone()), add_form(id, html)]
            }
            ReplyTarget::Post(id) => {
                vec![Change::replace("#comment_form", views::form(id, &form).into_string()?)]
            }
        };
        return Ok(reply::refused_changes(cx, &changes, errors));
    }
    Ok(reply::refused(cx, form_page(cx, to, &form)?, errors))
}

/// The page with the form for a new comment.
pub(super) fn form_page(cx: &Cx, to: ReplyTarget, form: &CommentForm) -> Result<String> {
    match to {
        ReplyTarget::Comment(id) => reply_page::page(cx, id, form),
        ReplyTarget::Post(id) => post::handlers::page(cx, id, START, form)?.ok_or(Error::NotFound),
    }
}

/// The response when the target takes no comments. The user's text is never lost: the error page shows it,
/// and when only the parent comment is gone, the form offers it as a comment on the post.
pub(super) fn refuse_closed(cx: &Cx, to: ReplyTarget, status: CommentStatus, body: &str) -> Result {
    let is_in_place = reply::wants_fragments(cx) && cx.method() == "POST";
    match status {
        CommentStatus::Locked(reason) => {
            Err(discussion_locked(&reason, draft::handlers::written_text(cx, to.address())?))
        }
        CommentStatus::NoParent(_) if is_in_place => {
            refuse(cx, to, body, &cx.or_other_account(parent_deleted()))
        }
        CommentStatus::NoParent(Some(post_id)) if !is_blank(body) && !reply::wants_fragments(cx) => {
            refuse(cx, ReplyTarget::Post(post_id), body, &cx.or_other_account(parent_deleted()))
        }
        _ => Err(draft::handlers::target_deleted(draft::handlers::written_text(cx, to.address())?, None)),
    }
}
