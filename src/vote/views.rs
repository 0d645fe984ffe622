//! How votes look.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::Target;
use crate::ui::text::Id;
use crate::user::{self, Author};
use crate::web::cx::Viewer;
use crate::web::paths::{self, Path};

/// The arrow before what somebody else wrote: a form of one button, which is pressed when the viewer
/// has voted. A list has one a row, so it says no more than it must: being sent twice does no harm.
pub fn arrow(target: Target, is_voted: bool) -> impl Render {
    let action = action(target, is_voted);
    let id = match target {
        Target::Post(id) => Id("post_arrow_", id),
        Target::Comment(id) => Id("comment_arrow_", id),
    };
    owned_html! {
        form(class="vote", method="post", action=action, hx-post=action) {
            button(id=id, aria-label="Upvote", aria-pressed=Raw(if is_voted { "true" } else { "false" })) { : Raw("▲") }
        }
    }
}

/// The same, unless it is the viewer's own, or nobody's any more.
pub fn arrow_for<'v>(
    target: Target,
    is_voted: bool,
    author: Option<&'v Author>,
    viewer: Option<&'v Viewer>,
) -> impl Render + 'v {
    owned_html! {
        @ if author.is_some() && !user::is_own(author, viewer) { : arrow(target, is_voted) }
    }
}

fn action(target: Target, is_voted: bool) -> Path {
    match (target, is_voted) {
        (Target::Post(id), false) => paths::vote_for_post(id),
        (Target::Post(id), true) => paths::unvote_post(id),
        (Target::Comment(id), false) => paths::vote_for_comment(id),
        (Target::Comment(id), true) => paths::unvote_comment(id),
    }
}

/// `1 point`, `2 points`.
pub fn points(score: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(score));
        : Raw(if score == 1 { " point" } else { " points" });
    }
}

/// The same, where a vote changes it.
pub fn score(target: Target, score: i64) -> impl Render {
    let id = match target {
        Target::Post(id) => Id("post_points_", id),
        Target::Comment(id) => Id("comment_points_", id),
    };
    owned_html! { span(id=id) { : points(score) } }
}

/// Selectors of the arrow's form and of the points.
#[must_use]
pub fn places(target: Target) -> (String, String) {
    match target {
        Target::Post(id) => (format!("form:has(#post_arrow_{id})"), format!("#post_points_{id}")),
        Target::Comment(id) => (format!("form:has(#comment_arrow_{id})"), format!("#comment_points_{id}")),
    }
}
