//! HTML about a user's address, and the texts of mails.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Addresses, Letter};
use crate::html::text::{Isolated, Text};
use crate::ui::button;
use crate::ui::field::{self, Field};
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::paths;

const ADDRESS_HINT: &str =
    "Only you see it. A mail with a link confirms it. Whoever reads its mails can set your password.";

/// The page with a user's address.
pub fn settings<'f>(
    account: Account,
    addresses: &'f Addresses,
    sends_mail: bool,
    typed: &'f str,
    errors: &'f Errors,
) -> impl Render + 'f {
    owned_html! {
        dl(class="facts") {
            dt { : "address:" }
            dd(id="address_now") {
                @ if let Some(address) = &addresses.confirmed { : Isolated(address) } else { : "none" }
            }
            @ if let Some(address) = &addresses.pending {
                dt { : "to be confirmed:" }
                dd(id="address_pending") { : Isolated(address); : " (by the link in the mail to it, within a day)" }
            }
        }
        @ if addresses.confirmed.is_some() || addresses.pending.is_some() { : remove(account) }
        @ if sends_mail { : form(account, addresses, typed, errors) }
        else { p(class="empty") { : "This site sends no mail." } }
    }
}

fn remove(account: Account) -> impl Render {
    owned_html! {
        div(class="actions") {
            form(method="post", action=paths::MAIL) {
                : account;
                : button::method_override("delete");
                button(class="button danger", id="remove_address") { : "Remove address" }
            }
        }
    }
}

fn form<'f>(
    account: Account,
    addresses: &'f Addresses,
    typed: &'f str,
    errors: &'f Errors,
) -> impl Render + 'f {
    let address =
        Field::new("address", "E-mail address", typed, errors).autocomplete("email").hint(ADDRESS_HINT);
    let password =
        Field::new("current_password", "Current password", "", errors).autocomplete("current-password");
    let has_address = addresses.confirmed.is_some();
    owned_html! {
        form(method="post", action=paths::MAIL) {
            : account;
            : field::errors(errors, "address", &[address, password].map(Field::place));
            : field::line(address);
            : field::password(password);
            button(class="button", id="confirm_address") {
                : Raw(if has_address { "Change address" } else { "Add address" })
            }
        }
    }
}

/// The page of a link that confirms an address. A program that only looks at links confirms nothing.
pub fn confirm<'f>(action: &'f str, address: &'f str, screen_name: &'f str) -> impl Render + 'f {
    owned_html! {
        p { : "Is "; strong { : Text(address) } : " the address of the user "; strong { : Isolated(screen_name) } : "?" }
        form(method="post", action=action) { button(class="button") { : "Confirm address" } }
    }
}

/// The mail that confirms an address.
#[must_use]
pub fn confirmation(to: String, site_name: &str, screen_name: &str, link: &str) -> Letter {
    let text = format!(
        "This address was given for the user {screen_name} on {site_name}.\n\n\
         To confirm it, open this page within a day and press its button:\n\n{link}\n\n\
         If it was not you, do nothing. No other mail comes.\n"
    );
    Letter { to, subject: format!("Confirm your address for {site_name}"), text, unsubscribe: None }
}

/// The mail with a link to set a new password.
#[must_use]
pub fn reset(to: String, site_name: &str, screen_name: &str, link: &str) -> Letter {
    let text = format!(
        "A link to set a new password of the user {screen_name} on {site_name} was asked for. \
         It works once, within an hour:\n\n{link}\n\n\
         If it was not you, do nothing. Your password stays as it is.\n"
    );
    Letter { to, subject: format!("A new password for {site_name}"), text, unsubscribe: None }
}
