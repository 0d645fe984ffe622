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
            format_args!("#thread_{parent_id}:not(:has(#replies_{parent_id}, > .rest))"),
            views::first_reply(parent_id, comment, context).into_string()?,
        ),
        count(parent_id, number)?,
    ])
}

/// The page changes for the replies to `parent_id`, of which `number` are left.
pub(super) fn replies_remaining(parent_id: CommentId, number: i64) -> Result<Vec<Change>> {
    if number > 0 {
        return Ok(vec![count(parent_id, number)?]);
    }
    let list = Change::remove(format_args!("#replies_{parent_id}"));
    Ok(vec![list, Change::fill(counter(parent_id), String::new())])
}

/// The page change for the summary of a comment that has lost its author.
pub(super) fn no_author(comment: &Comment) -> Change {
    let placeholder = comment.state().placeholder().unwrap_or_default();
    Change::fill(format_args!("#thread_{} > summary > bdi", comment.id), placeholder.to_owned())
}

/// The page change for the number of replies to a comment.
fn count(id: CommentId, number: i64) -> Result<Change> {
    Ok(Change::fill(counter(id), views::replies(number).into_string()?))
}

/// The place of the number of replies to a comment, in the summary of its thread.
fn counter(id: CommentId) -> String {
    format!("#thread_{id} > summary > span")
}
