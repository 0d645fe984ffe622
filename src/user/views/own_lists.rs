//! The lists that a user alone sees, or that are about what the user did: links between them.

use horrorshow::prelude::*;

use crate::ui::tabs::{Tab, tabs};
use crate::web::paths;

const LISTS: [Tab; 4] = [
    (paths::THREADS, "Comments"),
    (paths::UPVOTED, "Upvoted"),
    (paths::SAVED, "Saved"),
    (paths::HIDDEN, "Hidden"),
];

/// The links, with `here` marked; on other pages none is.
pub fn links(here: &'static str) -> impl Render {
    tabs("Your lists", &LISTS, here)
}

/// The links between two lists of one kind, of which `here` is marked; `label` names them for screen readers.
pub fn kinds(label: &'static str, lists: &'static [Tab; 2], here: &'static str) -> impl Render {
    tabs(label, lists, here)
}
