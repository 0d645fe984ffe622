//! Page changes after a reply was created or removed.

use horrorshow::Template;

use super::super::Comment;
use super::super::views::{self, ThreadContext};
use crate::types::id::CommentId;
use crate::web::Result;
use crate::web::reply::Change;

/// The page changes for a new reply. Of the two `append` changes only one finds its element: the page has a
/// list of replies, or it has none yet. Only the page knows which, because others reply, too. A reply that
/// was sent twice is on the page already, perhaps with replies, and is not added again. No list is added
/// where a link (`.rest`) leads to the replies: the new one is behind it.
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

/// The page change for the count above the replies to `parent_id`, of which `number` are left.
pub(super) fn replies_remaining(parent_id: CommentId, number: i64) -> Result<Change> {
    if number == 0 {
        return Ok(Change::remove(format_args!("#thread_{parent_id}")));
    }
    let summary = format_args!("#thread_{parent_id} > summary");
    Ok(Change::fill(summary, views::replies(number).into_string()?))
}
