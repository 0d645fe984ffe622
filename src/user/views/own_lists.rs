//! The lists that a user alone sees, or that are about what the user did: links between them.

use horrorshow::prelude::*;

use crate::ui::tabs::{Tab, tabs};
use crate::web::paths;

const LISTS: [Tab; 3] = [(paths::THREADS, "Comments"), (paths::UPVOTED, "Upvoted"), (paths::SAVED, "Saved")];

/// The links, with `here` marked; on other pages none is.
pub fn links(here: &'static str) -> impl Render {
    tabs("Your lists", &LISTS, here)
}

/// The links between a list of posts and that of comments: the two paths, of which `here` is marked.
pub fn kinds(lists: &'static [Tab; 2], here: &'static str) -> impl Render {
    tabs("Posts or comments", lists, here)
}
