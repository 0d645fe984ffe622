//! Replies: the form for one, in its place or on a page of its own, and how the page changes by one.

use horrorshow::Template;

use super::handlers::closed;
use super::views::{self, CommentForm, Scene};
use super::{Comment, Placed, Room, To, sql};
use crate::ui::layout::{self, Page};
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};
use crate::{draft, moderation, post};

/// `GET /comments/:id/reply`: the form for a reply, for htmx below the comment. A form that is there
/// already, perhaps with words in it, stays.
///
/// # Errors
/// [`Error::Barred`], [`Error::Lost`] and [`Error::NotFound`], where nobody can reply, or not any more;
/// the database's.
pub fn form(cx: &Cx, id: i64) -> Result {
    moderation::refuse_banned(cx)?;
    let to = To::Comment(id);
    let written = draft::of(cx, to.address())?.unwrap_or_default().text("body");
    let room = cx.read(|connection| sql::room(connection, to))?;
    if !matches!(room, Room::Open(_)) {
        return closed(cx, to, room, &written);
    }
    let form = CommentForm::of(&written);
    if reply::wants_changes(cx) {
        let html = views::reply_in_place(id, &form).into_string()?;
        let below = format_args!("#comment_{id}:not(:has(> form)) > div");
        return Ok(reply::changes(cx, &[Change::after(below, html)]));
    }
    Ok(reply::page(cx, page(cx, id, &form)?))
}

/// The page with the form for a reply to a comment.
///
/// # Errors
/// [`Error::NotFound`] when it is gone; the database's.
pub(super) fn page(cx: &Cx, id: i64, form: &CommentForm) -> Result<String> {
    let found = cx.read(|connection| {
        let Some(Placed { comment, post_id, .. }) = sql::find(connection, 0, id)? else {
            return Ok(None);
        };
        Ok(post::sql::find(connection, 0, post_id)?.map(|whole| (whole, comment)))
    })?;
    let (whole, parent) = found.ok_or(Error::NotFound)?;
    let back = paths::comment(id).to_string();
    let page =
        Page { aside: Some((&back, "← Back to comment")), ..Page::with_form(cx, "Reply", form.errors)? };
    Ok(layout::render(&page, views::reply(&whole, &parent, form, cx.now))?)
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
/// Should it have been sent twice, it is there already, perhaps with replies; and where the page leads to
/// replies elsewhere, it is among them.
pub(super) fn shown(parent_id: i64, number: i64, comment: &Comment, scene: Scene) -> Result<Vec<Change>> {
    Ok(vec![
        Change::remove(format_args!("#reply_{parent_id}_form")),
        Change::append(
            format_args!("#replies_{parent_id}:not(:has(> #comment_{}))", comment.id),
            views::one(comment, scene).into_string()?,
        ),
        Change::append(
            format_args!("#comment_{parent_id}:not(:has(#replies_{parent_id}, > .rest))"),
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
