//! HTML of following users: the button on a user's page, and the list of the followed users.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::{DOT, Id};
use crate::types::id::UserId;
use crate::user::{self, Author};
use crate::web::account::Account;
use crate::web::paths;

/// The button on a user's page, for another user.
pub fn button(account: Account, user_id: UserId, is_followed: bool) -> impl Render {
    let action = if is_followed { paths::unfollow(user_id) } else { paths::follow(user_id) };
    owned_html! {
        form(method="post", action=action) {
            : account;
            button(class="button", id="follow") { : Raw(if is_followed { "Unfollow" } else { "Follow" }) }
        }
    }
}

/// The users whom the viewer follows, each with a button that ends it.
pub fn list(followed: &[Author]) -> impl Render + '_ {
    owned_html! {
        section(aria-labelledby="followed_heading", class="prose") {
            h2(id="followed_heading") { : "People you follow" }
            @ if followed.is_empty() {
                p { : "Nobody yet. Press Follow on a user's page; they are not told." }
            } else {
                ul(id="followed") {
                    @ for author in followed {
                        li {
                            span(id=Id("followed_", author.id.get())) { : user::views::author::name(author) } : DOT;
                            button(class="link", form="acts", formaction=paths::unfollow(author.id), id=Id("unfollow_", author.id.get()), aria-describedby=Id("followed_", author.id.get())) { : "Unfollow" }
                        }
                    }
                }
            }
        }
    }
}
