//! Lists of comments by several users.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::text;
use crate::comment::ListedComment;
use crate::types::cursor::Slice;
use crate::types::time::Clock;
use crate::ui::layout;
use crate::ui::pager;
use crate::user;
use crate::visibility::DELETED;
use crate::web::{Viewer, paths};

/// The lists of what is new, as tabs: the posts, the comments, and for a member the comments of followed users.
const TABS: [(&str, &str); 3] =
    [(paths::POSTS, "Posts"), (paths::COMMENTS, "Comments"), (paths::FOLLOWED, "People you follow")];

/// The tabs, with `here` marked.
pub fn tabs<'v>(viewer: Option<&'v Viewer>, here: &'v str) -> impl Render + 'v {
    let shown = if viewer.is_some() { &TABS[..] } else { &TABS[..2] };
    owned_html! {
        nav(class="tabs", aria-label="What is new") {
            @ for (path, name) in shown {
                a(href=*path, aria-current?=layout::current(*path == here)) { : *name }
            }
        }
    }
}

/// A page of a list, with the link to the next; `empty` stands in place of one without comments.
pub fn page<'c>(
    comments: &'c Slice<ListedComment>,
    empty: &'static str,
    clock: &'c Clock,
) -> impl Render + 'c {
    owned_html! {
        @ if comments.rows.is_empty() {
            p(class="empty") { : empty }
        } else {
            ol(class="comments", id="comments") { @ for listed in &comments.rows { : item(listed, clock) } }
            : pager::more(comments.next, "after", "", "comments");
        }
    }
}

fn item<'c>(ListedComment { comment, author }: &'c ListedComment, clock: &'c Clock) -> impl Render + 'c {
    owned_html! {
        li {
            div {
                p {
                    @ if let Some(author) = author { : user::views::author::name(author) } else { : DELETED }
                    : Raw(" "); : text::place(comment, clock);
                }
                : text::listed(comment.id, &comment.body);
            }
        }
    }
}
