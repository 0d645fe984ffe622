//! How votes look.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::Target;
use crate::html::text::Id;
use crate::user::{self, Author};
use crate::web::Viewer;
use crate::web::paths::{self, Path};

/// The arrow before what somebody else wrote, which is pressed when the viewer has voted: a button of the
/// form that all on a page share (`ui/layout.rs`). A list has one a row, so it says no more than it must.
pub fn arrow(target: Target, is_voted: bool) -> impl Render {
    let (action, id) = (action(target, is_voted), arrow_id(target));
    owned_html! {
        : Raw("<button class=vote form=acts formaction="); : action; : Raw(" id="); : id;
        : Raw(if is_voted { " aria-pressed=true>Upvote</button>" } else { " aria-pressed=false>Upvote</button>" });
    }
}

fn arrow_id(target: Target) -> Id {
    match target {
        Target::Post(id) => Id("post_arrow_", id.get()),
        Target::Comment(id) => Id("comment_arrow_", id.get()),
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
        Target::Post(id) => Id("post_points_", id.get()),
        Target::Comment(id) => Id("comment_points_", id.get()),
    };
    owned_html! { : Raw("<span id="); : id; : Raw(">"); : points(score); : Raw("</span>") }
}

/// Selectors of the arrow and of the points.
#[must_use]
pub fn selectors(target: Target) -> (String, String) {
    match target {
        Target::Post(id) => (format!("#post_arrow_{id}"), format!("#post_points_{id}")),
        Target::Comment(id) => (format!("#comment_arrow_{id}"), format!("#comment_points_{id}")),
    }
}
