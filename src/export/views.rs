//! The pages to read in the ZIP. They need no other file and no server.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::comment::LocatedComment;
use crate::html::text::{DOT, Id, Isolated, Text};
use crate::markup::Markup;
use crate::post::PostDetail;
use crate::tag;
use crate::types::time::Timestamp;
use crate::user::Author;

/// The beginning of a page.
pub(super) const BEGIN: &str = concat!(
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Posts</title><style>",
    include_str!("pages.css"),
    "</style></head><body>"
);
/// Its end.
pub(super) const END: &str = "</body></html>\n";

/// The depths that are shown as such.
const MAX_SHOWN_DEPTH: usize = 9;

/// A post in a list, whose discussion is in `file`.
pub(super) fn entry<'e>(detail: &'e PostDetail, file: &str) -> impl RenderOnce + use<'e> {
    let href = format!("{file}#post_{}", detail.post.id.get());
    owned_html! {
        article {
            h2 { a(href=href) { : Isolated(&detail.post.title) } }
            : byline(detail.post.author.as_ref(), detail.post.created_at, detail.post.score);
        }
    }
}

/// The link to the next list.
pub(super) fn older(href: &str) -> impl RenderOnce + '_ {
    owned_html! { p { a(href=href) { : "Older posts" } } }
}

/// A post at the head of its discussion.
pub(super) fn post(detail: &PostDetail) -> impl RenderOnce + '_ {
    let PostDetail { post, description, .. } = detail;
    owned_html! {
        article(class="post", id=Id("post_", post.id.get())) {
            h2 { : Isolated(&post.title) }
            @ if !post.tags.is_empty() { p(class="by") { @ for tag in tag::each(&post.tags) { : "#"; : Isolated(tag); : " " } } }
            @ if let Some(link) = &post.link { p { a(href=&*link.url, rel="nofollow noreferrer") { : Text(&link.url) } } }
            : byline(post.author.as_ref(), post.created_at, post.score);
            : Markup(description);
        }
    }
}

/// A comment in a discussion.
pub(super) fn comment(located: &LocatedComment, depth: usize) -> impl RenderOnce + '_ {
    let comment = &located.comment;
    let class = format!("d{}", depth.min(MAX_SHOWN_DEPTH));
    owned_html! {
        article(class=class, id=Id("comment_", comment.id.get())) {
            : byline(comment.author.as_ref(), comment.created_at, comment.score);
            @ if let Some(parent_id) = comment.parent_id {
                p { a(href=format!("#comment_{}", parent_id.get())) { : "answers" } }
            }
            @ if let Some(placeholder) = comment.state().placeholder() { p { : placeholder } }
            else { : Markup(&comment.body); }
        }
    }
}

fn byline(author: Option<&Author>, at: Timestamp, score: i64) -> impl Render + '_ {
    owned_html! {
        p(class="by") {
            @ if let Some(author) = author { : Isolated(&author.screen_name); : DOT; : score; : " points"; : DOT }
            time { : at.rfc_3339() }
        }
    }
}
