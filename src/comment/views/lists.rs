//! Lists of comments by several users.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::text;
use crate::comment::{Answered, ListedComment};
use crate::html::text::DOT;
use crate::saved;
use crate::types::cursor::Slice;
use crate::types::time::Clock;
use crate::ui::pager;
use crate::ui::tabs::{Tab, tabs};
use crate::ui::time::Age;
use crate::user;
use crate::visibility::DELETED;
use crate::web::{Viewer, paths};

/// The lists of what is new: the posts, the comments, and for a member the comments of followed users.
const NEW: [Tab; 3] =
    [(paths::POSTS, "Posts"), (paths::COMMENTS, "Comments"), (paths::FOLLOWED, "People you follow")];

/// The links between the lists of what is new, with `here` marked.
pub fn new<'v>(viewer: Option<&'v Viewer>, here: &'v str) -> impl Render + 'v {
    tabs("What is new", if viewer.is_some() { &NEW } else { &NEW[..2] }, here)
}

/// A page of a list, with the link to the next; `empty` stands in place of one without comments.
pub fn page<'c>(
    viewer: Option<&'c Viewer>,
    comments: &'c Slice<ListedComment>,
    empty: &'static str,
    clock: &'c Clock,
) -> impl Render + 'c {
    owned_html! {
        @ if comments.rows.is_empty() {
            p(class="empty") { : empty }
        } else {
            ol(class="comments", id="comments") { @ for listed in &comments.rows { : item(listed, viewer, clock) } }
            : pager::more(comments.next, "after", "", "comments");
        }
    }
}

fn item<'c>(
    ListedComment { comment, author, is_saved }: &'c ListedComment,
    viewer: Option<&'c Viewer>,
    clock: &'c Clock,
) -> impl Render + 'c {
    owned_html! {
        li {
            div {
                p {
                    @ if let Some(author) = author { : user::views::author::name(author) } else { : DELETED }
                    : Raw(" "); : text::place(comment, clock);
                    @ if viewer.is_some() {
                        span(class="act") { : DOT; : saved::views::comment_button(comment.id, *is_saved) }
                    }
                }
                : text::listed(comment.id, &comment.body);
            }
        }
    }
}

/// A page of a user's comments, each with the replies to it.
pub fn answered<'c>(comments: &'c [Answered], clock: &'c Clock) -> impl Render + 'c {
    owned_html! {
        @ if comments.is_empty() {
            p(class="empty") { : "No comments yet." }
        } else {
            ol(class="comments", id="comments") {
                @ for Answered { comment, replies, has_more } in comments {
                    li {
                        div { p { : text::place(comment, clock) } : text::listed(comment.id, &comment.body); }
                        @ if !replies.is_empty() { ol { @ for reply in replies { : self::reply(reply, clock) } } }
                        @ if *has_more { p(class="rest") { a(href=paths::comment(comment.id)) { : "More replies →" } } }
                    }
                }
            }
        }
    }
}

fn reply<'c>(ListedComment { comment, author, .. }: &'c ListedComment, clock: &'c Clock) -> impl Render + 'c {
    owned_html! {
        li {
            div {
                p {
                    @ if let Some(author) = author { : user::views::author::name(author) } else { : DELETED }
                    : DOT; a(href=paths::comment(comment.id)) { : Age { at: comment.created_at, clock }; : Raw(" ago") }
                }
                : text::listed(comment.id, &comment.body);
            }
        }
    }
}
