//! A comment as an item that folds with its replies: a `details` element, which needs no script.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::rest;
use crate::comment::Comment;
use crate::comment::tree::{HiddenReplies, Row};
use crate::html::text::{Id, Text};
use crate::types::id::CommentId;

/// Begins the item of a comment with the summary of its thread.
pub(super) fn open(comment: &Comment, number: i64) -> impl Render + '_ {
    let id = comment.id.get();
    owned_html! {
        : Raw("<li id="); : Id("comment_", id); : Raw("><details open id="); : Id("thread_", id); : Raw("><summary>");
        : name(comment); : Raw(" <span>");
        @ if number > 0 { : replies(number) }
        : Raw("</span></summary>");
    }
}

/// The author in the summary, which is all that is left of a folded comment. A summary is a control, so it contains no link.
fn name(comment: &Comment) -> impl Render + '_ {
    owned_html! {
        bdi { @ if let Some(author) = &comment.author { : Text(&author.screen_name) } else { : comment.state().placeholder() } }
    }
}

/// Whether a list of replies stands below the comment on this page.
pub(super) fn shows_replies(row: Row) -> bool {
    row.replies > 0 && row.hidden != HiddenReplies::All
}

/// The list of replies to a comment, not closed: the items follow in it.
pub(super) fn open_replies(id: CommentId) -> impl Render {
    owned_html! { : Raw("<ol id="); : Id("replies_", id.get()); : Raw(">") }
}

/// The end of an item, and of the list of its replies.
pub(super) fn end_item(row: Row) -> impl Render {
    owned_html! {
        @ if shows_replies(row) { : Raw("</ol>") }
        : rest::hidden_replies_link(row);
        : Raw("</details></li>");
    }
}

/// `1 reply`, `2 replies`.
pub fn replies(number: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(number));
        : Raw(if number == 1 { " reply" } else { " replies" });
    }
}
