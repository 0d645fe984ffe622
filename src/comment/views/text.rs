//! The texts of comments, cut where a page has no room for them.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::comment::{Comment, OwnComment, Thread};
use crate::html::text::{DOT, Id, Text};
use crate::markup::Markup;
use crate::markup::cut::{beginning, common_limit, size};
use crate::types::id::CommentId;
use crate::types::time::Timestamp;
use crate::ui::time::Age;
use crate::user;
use crate::web::{Viewer, paths};

/// The most bytes of a comment on a page beside its text, with the longest names and numbers: for a guest, for a
/// viewer, and for its author.
const COMMENT_BYTES: [usize; 3] = [850, 1_150, 1_400];
/// The most bytes of a rendered text in a list of a user's comments: some 160 words.
const MAX_LISTED_BYTES: usize = 1_000;

/// The most bytes of a comment's rendered text on a page with `room` bytes for the comments: the longest are cut
/// where all of them have no room. `None`: all are whole. The first `whole` comments are not cut.
pub(super) fn limit(thread: &Thread, viewer: Option<&Viewer>, room: usize, whole: usize) -> Option<usize> {
    let (first, others) = thread.rows.split_at(whole.min(thread.rows.len()));
    let first: usize = first.iter().map(|(_, comment)| size(&comment.body)).sum();
    let [guests, viewers, authors] = COMMENT_BYTES;
    let beside = |comment: &Comment| match viewer {
        Some(_) if user::is_own(comment.author.as_ref(), viewer) => authors,
        Some(_) => viewers,
        None => guests,
    };
    let beside: usize = thread.rows.iter().map(|(_, comment)| beside(comment)).sum();
    let texts = others.iter().map(|(_, comment)| comment.body.as_str());
    common_limit(texts, room.saturating_sub(first + beside))
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

/// The text of the link to a comment that is cut.
const WHOLE_COMMENT: &str = "Show the whole comment";

/// The comments on their author's page, the long ones cut.
pub fn own<'c>(comments: &'c [OwnComment], now: Timestamp) -> impl Render + 'c {
    owned_html! {
        ol(class="comments") {
            @ for comment in comments {
                li {
                    div {
                        p {
                            : Raw("on "); a(href=paths::post(comment.post_id)) { : Text(&comment.post_title) }
                            : DOT; a(href=paths::comment(comment.id)) { : Age { at: comment.created_at, now }; : Raw(" ago") }
                        }
                        : listed(comment);
                    }
                }
            }
        }
    }
}

fn listed(comment: &OwnComment) -> impl Render + '_ {
    let part = beginning(&comment.body, MAX_LISTED_BYTES);
    owned_html! {
        : &part;
        @ if part.is_cut { p(class="rest") { a(href=paths::comment(comment.id)) { : WHOLE_COMMENT } } }
    }
}
