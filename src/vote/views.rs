//! How votes look.

use std::fmt::Display;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::Target;
use crate::ui::text::Id;
use crate::user::{self, Author};
use crate::web::cx::Viewer;
use crate::web::paths::{self, Path};

/// The arrow before what somebody else wrote: a form of one button, which is pressed when the viewer
/// has voted.
pub fn arrow(target: Target, is_voted: bool) -> impl Render {
    let action = action(target, is_voted);
    let (form, button) = match target {
        Target::Post(id) => (Id("post_vote_", id), Id("post_arrow_", id)),
        Target::Comment(id) => (Id("comment_vote_", id), Id("comment_arrow_", id)),
    };
    owned_html! {
        form(class="vote", id=form, method="post", action=action, hx-post=action, hx-swap="none", hx-sync="this:drop") {
            button(id=button, aria-label="Upvote", aria-pressed=Raw(if is_voted { "true" } else { "false" })) { : Raw("▲") }
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

/// The ids of the arrow and of the points.
#[must_use]
pub fn ids(target: Target) -> (impl Display, impl Display) {
    match target {
        Target::Post(id) => (format!("post_vote_{id}"), format!("post_points_{id}")),
        Target::Comment(id) => (format!("comment_vote_{id}"), format!("comment_points_{id}")),
    }
}
