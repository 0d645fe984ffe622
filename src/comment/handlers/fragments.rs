//! How a page changes by a reply.

use horrorshow::Template;

use super::super::Comment;
use super::super::views::{self, ThreadContext};
use crate::types::id::CommentId;
use crate::web::Result;
use crate::web::reply::Change;

/// What changes by a new reply: it is put after the others, and where there were none, there is a list
/// of them now. (Of the two only one finds its place; which, only the page knows: others reply, too.)
/// Should it have been sent twice, it is there already, perhaps with replies; and where the page leads to
/// replies elsewhere, it is among them.
pub(super) fn reply_added(
    parent_id: CommentId,
    number: i64,
    comment: &Comment,
    context: ThreadContext,
) -> Result<Vec<Change>> {
    Ok(vec![
        Change::remove(format_args!("#reply_{parent_id}_form")),
        Change::append(
            format_args!("#replies_{parent_id}:not(:has(> #comment_{}))", comment.id),
            views::item(comment, context).into_string()?,
        ),
        Change::append(
            format_args!("#comment_{parent_id}:not(:has(#replies_{parent_id}, > .rest))"),
            views::first_reply(parent_id, number, comment, context).into_string()?,
        ),
        Change::fill(format_args!("#thread_{parent_id} > summary"), views::replies(number).into_string()?),
    ])
}

/// What changes above a reply that was removed: so many are left.
pub(super) fn replies_remaining(parent_id: CommentId, number: i64) -> Result<Change> {
    if number == 0 {
        return Ok(Change::remove(format_args!("#thread_{parent_id}")));
    }
    let summary = format_args!("#thread_{parent_id} > summary");
    Ok(Change::fill(summary, views::replies(number).into_string()?))
}
