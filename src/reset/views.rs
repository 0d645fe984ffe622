//! HTML about links to set a new password.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::Found;
use crate::html::text::{Isolated, Text};
use crate::ui::field::{self, Field};
use crate::ui::message;
use crate::user;
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::paths;

/// The page that shows an admin the link, once.
pub fn made<'l>(screen_name: &'l str, link: &'l str) -> impl Render + 'l {
    owned_html! {
        div(class="prose") {
            p { : "Give this link to "; : Isolated(screen_name); : " and to nobody else, in a way in which you know that it reaches them." }
            p { : "It works once, within an hour. Nobody can show it again." }
        }
        div(class="field") {
            label(for="link") { : "Link" }
            textarea(id="link", readonly, dir="ltr") { : Text(link) }
        }
        div(class="prose") {
            p { : "That you made it is in the "; a(href=paths::LOG) { : message::LOG } : " and in their inbox." }
        }
    }
}

/// The form that asks for a link by mail.
pub fn ask<'f>(account: Account, typed: &'f str, errors: &'f Errors) -> impl Render + 'f {
    let who = Field::new("who", "Screen name or e-mail address", typed, errors).autocomplete("username");
    let who = who.hint("A link to set a new password goes to the address that the user has confirmed.");
    owned_html! {
        form(method="post", action=paths::RESET) {
            : account;
            : field::errors(errors, "request", &[who.place()]);
            : field::line(who);
            button(class="button") { : "Send a link" }
        }
    }
}

/// The form for a new password, at the address of the link.
pub fn edit<'f>(action: &'f str, found: &'f Found, errors: &'f Errors) -> impl Render + 'f {
    let passwords = user::views::new_password(
        "New password",
        "8 characters minimum. It signs you out everywhere.",
        errors,
    );
    owned_html! {
        form(method="post", action=action) {
            : field::errors(errors, "password", &passwords.map(Field::place));
            p(class="field") { : "A new password for "; strong { : Isolated(&found.screen_name) } : "." }
            // For password managers.
            input(type="hidden", name="screen_name", value=&found.screen_name, autocomplete="username");
            @ for field in passwords { : field::password(field) }
            button(class="button") { : "Set password" }
        }
    }
}
