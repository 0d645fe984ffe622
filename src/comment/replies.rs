//! Replies: the form for one, in its place or on a page of its own, and how the page changes by one.

use horrorshow::Template;

use super::handlers::alive;
use super::views::{self, CommentForm, Scene};
use super::{Comment, sql};
use crate::ui::layout::{self, Page};
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};
use crate::{draft, moderation, post};

/// The comment that the request's form replies to. What is no number is one that is not there.
pub(super) fn parent_of(cx: &Cx) -> Option<i64> {
    let typed = cx.form().ok()?.get("parent_id").filter(|typed| !typed.is_empty())?;
    Some(typed.parse().unwrap_or_default())
}

/// `GET /comments/:id/reply`: the form for a reply, for htmx below the comment. A form that is there
/// already, perhaps with words in it, stays.
///
/// # Errors
/// [`Error::NotFound`], also where nobody can reply any more; the database's.
pub fn form(cx: &Cx, id: i64) -> Result {
    moderation::refuse_banned(cx)?;
    let post_id = alive(cx, 0, id)?.post_id;
    moderation::refuse_locked(cx, post_id)?;
    let draft = draft::of(cx, paths::new_comment(post_id))?.unwrap_or_default();
    let is_this = draft.get("parent_id") == Some(&*id.to_string());
    let written = if is_this { draft.text("body") } else { String::new() };
    let form = CommentForm::of(&written);
    if reply::wants_changes(cx) {
        if !cx.read(|connection| post::sql::takes_comments(connection, post_id))? {
            return Err(Error::NotFound);
        }
        let html = views::reply_in_place(post_id, id, &form).into_string()?;
        let below = format_args!("#comment_{id}:not(:has(> form)) > div");
        return Ok(reply::changes(cx, &[Change::after(below, html)]));
    }
    Ok(reply::page(cx, page(cx, id, None, &form)?.ok_or(Error::NotFound)?))
}

/// The page with the form for a reply to a comment, on any post or this one; `None` when there is
/// nothing to reply to.
pub(super) fn page(cx: &Cx, id: i64, post_id: Option<i64>, form: &CommentForm) -> Result<Option<String>> {
    let found = cx.read(|connection| {
        let Some(placed) = sql::find(connection, 0, id)?.filter(|placed| !placed.is_deleted) else {
            return Ok(None);
        };
        let whole = post::sql::find(connection, 0, placed.post_id)?.filter(post::Whole::takes_comments);
        Ok(whole.map(|whole| (whole, placed.comment)))
    })?;
    let Some((whole, parent)) = found.filter(|(whole, _)| post_id.is_none_or(|id| id == whole.post.id))
    else {
        return Ok(None);
    };
    let back = paths::comment(id).to_string();
    let page =
        Page { aside: Some((&back, "← Back to comment")), ..Page::with_form(cx, "Reply", form.errors)? };
    Ok(Some(layout::render(&page, views::reply(&whole, &parent, form, cx.now))?))
}

/// `GET /comments/:id/replies`: to the comment that they are below. For htmx the page without the form
/// for another.
///
/// # Errors
/// A cursor that is none.
pub fn list(cx: &Cx, id: i64) -> Result {
    if reply::wants_changes(cx) {
        return Ok(reply::changes(cx, &[Change::remove(format_args!("#reply_{id}_form"))]));
    }
    Ok(reply::see_other(cx, paths::comment(id)))
}

/// What changes by a new reply: it is put after the others, and where there were none, there is a list
/// of them now. (Of the two only one finds its place; which, only the page knows: others reply, too.)
pub(super) fn shown(parent_id: i64, number: i64, comment: &Comment, scene: Scene) -> Result<Vec<Change>> {
    Ok(vec![
        Change::remove(format_args!("#reply_{parent_id}_form")),
        Change::remove(format_args!("#comment_{}", comment.id)),
        Change::append(format_args!("#replies_{parent_id}"), views::one(comment, scene).into_string()?),
        Change::append(
            format_args!("#comment_{parent_id}:not(:has(#replies_{parent_id}))"),
            views::first_reply(parent_id, number, comment, scene).into_string()?,
        ),
        Change::fill(format_args!("#thread_{parent_id} > summary"), views::replies(number).into_string()?),
    ])
}

/// What changes above a reply that was removed: so many are left.
pub(super) fn left(parent_id: i64, number: i64) -> Result<Change> {
    if number == 0 {
        return Ok(Change::remove(format_args!("#thread_{parent_id}")));
    }
    let summary = format_args!("#thread_{parent_id} > summary");
    Ok(Change::fill(summary, views::replies(number).into_string()?))
}
