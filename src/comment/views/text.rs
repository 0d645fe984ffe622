//! The texts of comments, cut where a page has no room for them.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::comment::{Comment, OwnComment, Rows, Thread};
use crate::html::text::{DOT, Id, Isolated};
use crate::markup::Markup;
use crate::markup::cut::{beginning, common_limit, size};
use crate::types::id::CommentId;
use crate::types::time::Clock;
use crate::ui::time::Age;
use crate::web::paths;

/// The bytes of the link that a cut text gets.
const LINK_BYTES: usize = 200;
/// The most bytes of a rendered text in a list of a user's comments: some 160 words.
const MAX_LISTED_BYTES: usize = 1_000;
/// A listed text of at most this number of bytes is shown whole, however much it renders to, so most are not measured.
const SHORT_BYTES: usize = 500;

/// The most bytes of a comment's rendered text on a page that has `excess` bytes too many when all are whole: the
/// longest are cut. The first `whole` comments are not.
pub(super) fn limit(thread: &Thread, whole: usize, excess: usize) -> Option<usize> {
    // A list that is shared leaves room for the rest of the page, see `MAX_SHARED_BYTES`.
    let Rows::Read(rows) = &thread.rows else { return None };
    let texts = rows.iter().skip(whole).map(|(_, comment)| &*comment.body);
    let present: usize = texts.clone().map(size).sum();
    let links = rows.len() * LINK_BYTES;
    common_limit(texts, present.saturating_sub(excess + links))
}

/// A comment's text; one that takes more than `limit` bytes is cut, with a link to the comment's page, which
/// shows it whole. With htmx the whole comment takes the place of the cut one.
pub(super) fn text(id: CommentId, body: &str, limit: Option<usize>) -> impl Render + '_ {
    let part = limit.map(|limit| beginning(body, limit)).filter(|part| part.is_cut);
    owned_html! {
        @ if let Some(part) = part {
            : part;
            p(class="rest") {
                a(id=Id("whole_", id.get()), href=paths::comment(id), hx-get=paths::comment(id)) { : WHOLE_COMMENT }
            }
        } else {
            : Markup(body)
        }
    }
}

/// A comment's [`text`]; that of a user whom the viewer has muted is folded.
pub(super) fn text_or_fold(comment: &Comment, limit: Option<usize>, is_open: bool) -> impl Render + '_ {
    let text = text(comment.id, &comment.body, limit);
    owned_html! {
        @ if comment.is_muted { details(class="muted", open?=is_open) { summary { : "Muted" } : &text } } else { : &text }
    }
}

/// The text of the link to a comment that is cut.
const WHOLE_COMMENT: &str = "Show the whole comment";

/// The comments on their author's page, the long ones cut.
pub fn own<'c>(comments: &'c [OwnComment], clock: &'c Clock) -> impl Render + 'c {
    owned_html! {
        ol(class="comments") {
            @ for comment in comments {
                li {
                    div {
                        p { : place(comment, clock) }
                        : listed(comment.id, &comment.body);
                    }
                }
            }
        }
    }
}

/// `on TITLE · 3 minutes ago`: the post that a comment is on, and the link to the comment's page.
pub(super) fn place<'c>(comment: &'c OwnComment, clock: &'c Clock) -> impl Render + 'c {
    owned_html! {
        : Raw("on "); a(href=paths::post(comment.post_id)) { : Isolated(&comment.post_title) }
        : DOT; a(href=paths::comment(comment.id)) { : Age { at: comment.created_at, clock }; : Raw(" ago") }
    }
}

/// The text of a comment in a list, a long one cut.
pub fn listed(id: CommentId, body: &str) -> impl Render + '_ {
    let limit = if body.len() <= SHORT_BYTES { usize::MAX } else { MAX_LISTED_BYTES };
    let part = beginning(body, limit);
    owned_html! {
        : &part;
        @ if part.is_cut { p(class="rest") { a(href=paths::comment(id)) { : WHOLE_COMMENT } } }
    }
}
