//! The marks of comments that are new to the viewer.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::Id;
use crate::types::id::CommentId;
use crate::visit;
use crate::web::paths;

/// `3 new since you were here`, with links to the first new comment on this page and to one elsewhere.
pub(super) fn note(number: i64, here: Option<CommentId>, elsewhere: Option<CommentId>) -> impl Render {
    owned_html! {
        p(class="new") {
            @ if let Some(id) = here { a(href=Id("#comment_", id.get())) { : visit::views::new_count(number) } } else { : visit::views::new_count(number) }
            : " since you were here";
            @ if let Some(id) = elsewhere {
                : Raw(if here.is_some() { ", some " } else { ", " });
                a(href=paths::comment(id)) { : "elsewhere in the discussion" }
            }
        }
    }
}

/// The badge of a new comment, with a link to the `next` one on the page.
pub(super) fn badge(next: Option<CommentId>) -> impl Render {
    owned_html! {
        : " "; strong(class="badge") { : "new" }
        @ if let Some(next) = next { : " "; a(href=Id("#comment_", next.get())) { : "next new" } }
    }
}
