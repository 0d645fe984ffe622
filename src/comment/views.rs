//! How comments look.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Comment, OwnComment};
use crate::markup::Markup;
use crate::ui::text::Text;
use crate::ui::time::{Age, Micros};
use crate::user;
use crate::web::cx::Viewer;
use crate::web::paths;

/// `1 comment`, `2 comments`.
pub fn count(number: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(number));
        : Raw(if number == 1 { " comment" } else { " comments" });
    }
}

/// The comments on a post.
pub fn list<'c>(comments: &'c [Comment], viewer: Option<&'c Viewer>, now: Micros) -> impl Render + 'c {
    owned_html! {
        @ if !comments.is_empty() {
            ol(class="comments") {
                @ for comment in comments { : one(comment, viewer, now) }
            }
        }
    }
}

fn one<'c>(comment: &'c Comment, viewer: Option<&'c Viewer>, now: Micros) -> impl Render + 'c {
    owned_html! {
        li(id=format_args!("comment_{}", comment.id)) {
            p { : user::views::by(comment.author.as_ref(), viewer); : " · "; : Age { at: comment.created_at, now }; : " ago" }
            : Markup(&comment.body);
        }
    }
}

/// The comments on their author's page.
pub fn own<'c>(comments: &'c [OwnComment], now: Micros) -> impl Render + 'c {
    owned_html! {
        ol(class="comments") {
            @ for comment in comments {
                li {
                    p {
                        : "on "; a(href=paths::post(comment.post_id)) { : Text(&comment.post_title) }
                        : " · "; : Age { at: comment.created_at, now }; : " ago"
                    }
                    : Markup(&comment.body);
                }
            }
        }
    }
}
