//! The pages with the form for a reply, and for a change of a comment.

use super::super::views::{self, CommentForm};
use super::super::{LocatedComment, sql};
use crate::post;
use crate::types::id::CommentId;
use crate::ui::layout::{self, Page};
use crate::web::{Cx, Error, Result, paths};

/// Renders the page with the form for a reply to comment `id`.
///
/// # Errors
/// [`Error::NotFound`] when the comment is gone; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub(super) fn page(cx: &Cx, id: CommentId, form: &CommentForm) -> Result<String> {
    let found = cx.read(|connection| {
        let Some(LocatedComment { comment, post_id, .. }) = sql::find(connection, None, id)? else {
            return Ok(None);
        };
        Ok(post::sql::find(connection, None, post_id)?.map(|detail| (detail, comment)))
    })?;
    let (detail, parent) = found.ok_or(Error::NotFound)?;
    let back = paths::comment(id).to_string();
    let (aside, description) = (Some((&*back, "← Back to comment")), "Reply to a comment.");
    let page = Page { aside, description, ..Page::with_form(cx, "Reply", form.errors)? };
    Ok(layout::render(&page, views::reply(&detail, &parent, form, &cx.clock))?)
}

/// Renders the page with the form for a change of a comment.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub(super) fn edit_page(cx: &Cx, located: &LocatedComment, form: &CommentForm) -> Result<String> {
    let back = paths::comment(located.comment.id).to_string();
    let page = Page {
        aside: Some((&back, "← Back to post")),
        ..Page::with_form(cx, "Editing comment", form.errors)?
    };
    Ok(layout::render(&page, views::edit(located.comment.id, form))?)
}
