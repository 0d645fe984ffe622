//! Previews of comments: nothing is stored.

use horrorshow::Template;

use super::super::views::{CommentForm, MAX_PREVIEW_BYTES, PreviewId};
use super::super::{LocatedComment, ReplyTarget, check};
use super::refusal::{form_page, refuse};
use super::reply_page;
use crate::auth;
use crate::site::limiter::Action;
use crate::ui::preview;
use crate::web::account::Account;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Result, Viewer};

/// Answers a form for a comment that was sent for a preview: in place, or with the form's page. What could not be sent is
/// refused as it would be then.
///
/// # Errors
/// [`Error::NotFound`](crate::web::Error::NotFound) when the target is gone;
/// [`Error::Unavailable`](crate::web::Error::Unavailable) or [`Error::Internal`](crate::web::Error::Internal) when the
/// database fails.
pub(super) fn of_new(cx: &Cx, viewer: &Viewer, to: ReplyTarget, body: &str) -> Result {
    let errors = cx.or_refused(check(body), Action::PreviewBy(viewer.id));
    if !errors.is_empty() {
        return refuse(cx, to, body, &errors);
    }
    if reply::wants_fragments(cx) {
        return in_place(cx, PreviewId::New(to), body);
    }
    let draft = crate::draft::handlers::named(cx.form()?);
    let account = Account::of(Some(viewer));
    let form = CommentForm { draft, is_previewed: true, ..CommentForm::of(account, body) };
    Ok(reply::html(cx, form_page(cx, to, &form)?))
}

/// Answers the form for a change of a comment that was sent for a preview, and has no errors.
///
/// # Errors
/// Those of [`of_new`].
pub(super) fn of_change(cx: &Cx, located: &LocatedComment, body: &str) -> Result {
    if reply::wants_fragments(cx) {
        return in_place(cx, PreviewId::Edit(located.comment.id), body);
    }
    let account = Account::of(auth::viewer(cx)?);
    let form = CommentForm { is_previewed: true, ..CommentForm::of(account, body) };
    Ok(reply::html(cx, reply_page::edit_page(cx, located, &form)?))
}

fn in_place(cx: &Cx, id: PreviewId, body: &str) -> Result {
    let html = preview::shown(body, MAX_PREVIEW_BYTES).into_string()?;
    Ok(reply::changes(cx, &[Change::fill(format_args!("#{id}"), html)]))
}
