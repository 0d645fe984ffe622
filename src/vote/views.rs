//! HTML of votes: the arrow and the points.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::Target;
use crate::html::text::Id;
use crate::ui::tabs::Tab;
use crate::user::{self, Author};
use crate::web::Viewer;
use crate::web::paths::{self, Path};

/// The lists of what a user has voted for.
pub const UPVOTED: [Tab; 2] = [(paths::UPVOTED, "Posts"), (paths::UPVOTED_COMMENTS, "Comments")];

/// The arrow before a target, pressed when the viewer has voted. All arrows of a page are buttons of one form
/// (`ui/layout.rs`). A list has an arrow in each row, so its markup is short.
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

/// The [`arrow`], unless the viewer is the author or the author's account was deleted.
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

/// A number of points: `1 point`, `2 points`.
pub fn points(score: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(score));
        : Raw(if score == 1 { " point" } else { " points" });
    }
}

/// The [`points`] of a target in an element that the fragment of a vote replaces.
pub fn score(target: Target, score: i64) -> impl Render {
    let id = match target {
        Target::Post(id) => Id("post_points_", id.get()),
        Target::Comment(id) => Id("comment_points_", id.get()),
    };
    owned_html! { : Raw("<span id="); : id; : Raw(">"); : points(score); : Raw("</span>") }
}

/// The CSS selectors of a target's arrow and of its points.
#[must_use]
pub fn selectors(target: Target) -> (String, String) {
    match target {
        Target::Post(id) => (format!("#post_arrow_{id}"), format!("#post_points_{id}")),
        Target::Comment(id) => (format!("#comment_arrow_{id}"), format!("#comment_points_{id}")),
    }
}
