//! How posts look.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::Post;
use crate::comment::{self, Comment};
use crate::markup::Markup;
use crate::ui::pager::{self, Slice};
use crate::ui::text::Text;
use crate::ui::time::Age;
use crate::user;
use crate::web::cx::Viewer;
use crate::web::{Cx, paths};

/// The way out of a post.
pub const BACK_TO_POSTS: (&str, &str) = (paths::POSTS, "← Back to posts");

/// A page of a list, with the way to the next.
pub fn list<'p>(cx: &'p Cx, posts: &'p Slice<Post>) -> impl Render + 'p {
    owned_html! {
        : rows(cx, &posts.rows);
        : pager::more(posts.next, "after", "");
    }
}

/// Posts, one below the other.
pub fn rows<'p>(cx: &'p Cx, posts: &'p [Post]) -> impl Render + 'p {
    let viewer = cx.viewer().ok().flatten();
    owned_html! {
        @ if posts.is_empty() {
            p(class="empty") { : "No posts yet… Want to be the first?" }
        } else {
            ol(class="posts", id="posts") {
                @ for post in posts { : row(post, true, viewer, cx.now) }
            }
        }
    }
}

/// A post in a list; on its author's own page without their name.
pub fn row<'p>(post: &'p Post, with_author: bool, viewer: Option<&'p Viewer>, now: i64) -> impl Render + 'p {
    owned_html! {
        li {
            a(href=paths::post(post.id)) { : Text(&post.title) }
            p {
                @ if with_author { : user::views::by(post.author.as_ref(), viewer); : " · " }
                : Age { at: post.created_at, now }; : " ago · ";
                : comment::views::count(post.comments_count);
            }
        }
    }
}

/// A post with its comments.
pub fn show<'p>(
    cx: &'p Cx,
    viewer: Option<&'p Viewer>,
    post: &'p Post,
    description: &'p str,
    comments: &'p Slice<Comment>,
) -> impl Render + 'p {
    owned_html! {
        p(class="byline") {
            : user::views::by(post.author.as_ref(), viewer); : " · ";
            : Age { at: post.created_at, now: cx.now }; : " ago · ";
            a(href="#comments") { : comment::views::count(post.comments_count) }
        }
        div(class="prose") { : Markup(description) }
        section(id="comments", class="discussion", aria-label="Comments") {
            : comment::views::list(&comments.rows, viewer, cx.now);
            : pager::more(comments.next, "comments", "#comments");
        }
    }
}
