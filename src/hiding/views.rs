//! HTML of what a user hides: the buttons, and the list of muted users and sites.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::{DOT, Id, Isolated};
use crate::tag;
use crate::types::id::{PostId, UserId};
use crate::ui::tabs::Tab;
use crate::user::{self, Author};
use crate::web::account::Account;
use crate::web::paths;

/// The lists of what a user hides.
pub const HIDDEN: [Tab; 2] = [(paths::HIDDEN, "Posts"), (paths::MUTED, "People, sites and tags")];

/// The button of a post in a list, behind the number of its comments; `None`: the row has none.
pub fn in_row(id: PostId, is_hidden: Option<bool>) -> impl Render {
    owned_html! {
        @ if let Some(is_hidden) = is_hidden { : Raw("<span class=act>"); : DOT; : button(id, is_hidden); : Raw("</span>") }
    }
}

/// The button that hides a post from the viewer's lists or shows it there again. It belongs to the form that small buttons
/// share (`ui/layout.rs`).
pub fn button(id: PostId, is_hidden: bool) -> impl Render {
    let action = if is_hidden { paths::unhide_post(id) } else { paths::hide_post(id) };
    owned_html! {
        : Raw("<button class=link form=acts formaction="); : action; : Raw(" id="); : Id("hide_", id.get());
        : Raw(if is_hidden { ">Show again</button>" } else { ">Hide</button>" });
    }
}

/// The button on a user's page, for another user.
pub fn mute_user(account: Account, user_id: UserId, is_muted: bool) -> impl Render {
    let action = if is_muted { paths::unmute_user(user_id) } else { paths::mute_user(user_id) };
    owned_html! {
        form(method="post", action=action) {
            : account;
            button(class="button", id="mute") { : Raw(if is_muted { "Unmute" } else { "Mute" }) }
        }
    }
}

/// The button on the page of a site's links. It belongs to the form that small buttons share.
pub fn mute_site(site: &str, is_muted: bool) -> impl Render + '_ {
    let (action, text) = if is_muted {
        (paths::unmute_site(site), "Unmute")
    } else {
        (paths::mute_site(site), "Mute this site")
    };
    owned_html! {
        div(class="actions") { button(class="button", form="acts", formaction=&action, id="mute") { : text } }
    }
}

/// The muted users, sites and tags, each with a button that ends it.
pub fn muted<'m>(users: &'m [Author], sites: &'m [String], tags: &'m [String]) -> impl Render + 'm {
    owned_html! {
        @ if users.is_empty() && sites.is_empty() && tags.is_empty() {
            p(class="empty") { : "You have not muted anyone. Press Mute on a user's page, or on the page of a site's links; nobody is told." }
        } else {
            ul(id="muted", class="prose") {
                @ for author in users {
                    li {
                        span(id=Id("muted_", author.id.get())) { : user::views::author::name(author) } : DOT;
                        button(class="link", form="acts", formaction=paths::unmute_user(author.id), id=Id("unmute_", author.id.get()), aria-describedby=Id("muted_", author.id.get())) { : "Unmute" }
                    }
                }
                @ for (at, site) in (0..).zip(sites) {
                    li {
                        a(href=paths::From(site), id=Id("muted_site_", at)) { : Isolated(site) } : DOT;
                        button(class="link", form="acts", formaction=&paths::unmute_site(site), id=Id("unmute_site_", at), aria-describedby=Id("muted_site_", at)) { : "Unmute" }
                    }
                }
                : tag::views::muted(tags);
            }
        }
    }
}
