//! The page of the hints.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{MutualVotes, SharedAddress, Votes};
use crate::html::text::DOT;
use crate::ui::tabs::{Tab, tabs};
use crate::user::Author;
use crate::user::views::author::name;
use crate::web::paths;

const PAGES: [Tab; 2] = [(paths::ADMIN, "← Admin"), (paths::HINTS, "Hints")];

/// The page.
pub fn hints<'h>(mutual: &'h [MutualVotes], shared: &'h [SharedAddress]) -> impl Render + 'h {
    owned_html! {
        : tabs("Hints", &PAGES, paths::HINTS);
        p(class="hint") {
            : "A hint is a reason to look, and no proof: friends read friends, and a household or an office has one address. \
               Nothing follows from it by itself."
        }
        h2(class="section") { : "Votes for each other" }
        @ if mutual.is_empty() {
            p(class="empty") { : "No two users vote for each other more than twice, among the newest posts and comments." }
        } else {
            ol(class="comments", id="mutual") { @ for pair in mutual { : self::pair(pair) } }
        }
        h2(class="section") { : "One address" }
        @ if shared.is_empty() {
            p(class="empty") { : "No two users have signed in from one address, among the newest sessions." }
        } else {
            ol(class="comments", id="shared") { @ for group in shared { : self::group(group) } }
        }
    }
}

fn pair(pair: &MutualVotes) -> impl Render + '_ {
    owned_html! { li { : side(&pair.one, &pair.other); : side(&pair.other, &pair.one) } }
}

fn side<'v>(of: &'v Votes, other: &'v Votes) -> impl Render + 'v {
    owned_html! {
        p {
            @ if let (Some(author), Some(other)) = (&of.author, &other.author) {
                : person(author); : ": "; : of.for_other.to_string(); : " of "; : of.all.to_string();
                : " votes are for "; : name(other)
            }
        }
    }
}

fn group(group: &SharedAddress) -> impl Render + '_ {
    owned_html! {
        li {
            p {
                @ for (at, author) in group.authors.iter().enumerate() { @ if at > 0 { : ", " } : person(author) }
                @ if group.more > 0 { : ", and "; : group.more.to_string(); : " more" }
            }
        }
    }
}

fn person(author: &Author) -> impl Render + '_ {
    owned_html! { : name(author); : DOT; a(href=paths::moderate_user(author.id)) { : "Moderate" } }
}
