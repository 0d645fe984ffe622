//! HTML about a user's address, and the texts of mails.

use std::fmt::Write as _;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Addresses, Item, Letter, MAX_ITEM_CHARS, MAX_ITEMS, Replies};
use crate::html::text::{Isolated, Text};
use crate::inbox::Why;
use crate::site::origin::Origin;
use crate::text::shortened;
use crate::ui::button;
use crate::ui::choice::{self, Choice};
use crate::ui::field::{self, Field};
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::paths;

const REPLIES: &str = "Replies by mail";
const ADDRESS_HINT: &str =
    "Only you see it. A mail with a link confirms it. Whoever reads its mails can set your password.";

/// What the page with a user's address shows.
#[derive(Clone, Copy)]
pub struct Settings<'f> {
    /// The addresses.
    pub addresses: &'f Addresses,
    /// How the user wants replies; `None`: there is no confirmed address to which they could go.
    pub replies: Option<Replies>,
    /// Whether the site sends mail.
    pub sends_mail: bool,
    /// The address that was typed.
    pub typed: &'f str,
    /// The errors of the form that was sent.
    pub errors: &'f Errors,
}

/// The page with a user's address.
pub fn settings(account: Account, settings: Settings) -> impl Render {
    let Settings { addresses, replies, sends_mail, typed, errors } = settings;
    owned_html! {
        dl(class="facts") {
            dt { : "address:" }
            dd(id="address_now") {
                @ if let Some(address) = &addresses.confirmed { : Isolated(address) } else { : "none" }
            }
            @ if let Some(address) = &addresses.pending {
                dt { : "pending:" } dd(id="address_pending") { : Isolated(address) }
            }
        }
        @ if addresses.pending.is_some() {
            p(class="hint") { : "The link in the mail to a pending address confirms it, within a day." }
        }
        @ if addresses.confirmed.is_some() || addresses.pending.is_some() { : remove(account) }
        @ if let Some(wish) = replies.filter(|_| sends_mail) { : self::replies(account, wish, errors) }
        @ if sends_mail { : form(account, addresses, typed, errors) }
        else { p(class="empty") { : "This site sends no mail." } }
    }
}

fn remove(account: Account) -> impl Render {
    owned_html! {
        section(class="decision") {
            form(method="post", action=paths::MAIL) {
                : account;
                : button::method_override("delete");
                button(class="button danger", id="remove_address") { : "Remove address" }
            }
        }
    }
}

fn replies(account: Account, present: Replies, errors: &Errors) -> impl Render {
    let label = |wish: Replies| match wish {
        Replies::Off => "Never",
        Replies::AtOnce => "At once, at most every ten minutes",
        Replies::Daily => "Once a day, after midnight UTC",
    };
    let choices = Replies::ALL.map(|wish| Choice::new(wish.code(), label(wish), wish == present));
    owned_html! {
        section(class="decision") {
            form(method="post", action=paths::MAILED_REPLIES) {
                : account;
                : choice::choices("replies", REPLIES, choices, errors);
                button(class="button", id="choose_replies") { : "Save choice" }
            }
            p(class="hint") { : "What comes into your inbox and is still unread. Each mail has a link that ends them." }
        }
    }
}

/// The page of a link that ends replies by mail.
pub fn unsubscribe(action: &str) -> impl Render {
    owned_html! {
        p { : "Do you want no more replies by mail?" }
        section(class="decision") {
            form(method="post", action=action) { button(class="button") { : "Send no more" } }
        }
    }
}

/// The page after it.
pub fn unsubscribed() -> impl Render {
    owned_html! {
        div(class="prose") {
            p { : "No more replies come by mail. They are in your "; a(href=paths::INBOX) { : "inbox" } : "." }
            p { a(href=paths::MAIL) { : "Change what comes by mail" } }
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
        section(class="decision") {
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
}

/// The page of a link that confirms an address. A program that only looks at links confirms nothing.
pub fn confirm<'f>(action: &'f str, address: &'f str, screen_name: &'f str) -> impl Render + 'f {
    owned_html! {
        p { : "Is "; strong { : Text(address) } : " the address of the user "; strong { : Isolated(screen_name) } : "?" }
        section(class="decision") {
            form(method="post", action=action) { button(class="button") { : "Confirm address" } }
        }
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

/// The mail about comments in the inbox, one more of them than it has room for if there are more. `unsubscribe`: the
/// link that ends these mails.
#[must_use]
pub fn replies_letter(
    to: String,
    site_name: &str,
    items: &[Item],
    base_url: &Origin,
    unsubscribe: String,
) -> Letter {
    let subject = match items {
        [item] => format!("{} {} {}", item.author, said(item.why), item.post_title),
        _ => format!("Replies to you on {site_name}"),
    };
    let mut text = String::new();
    for item in items.iter().take(MAX_ITEMS as usize) {
        let Item { comment_id, why, author, body, post_title } = item;
        let quoted =
            shortened(body, MAX_ITEM_CHARS).lines().map(|line| format!("> {line}\n")).collect::<String>();
        let link = paths::comment(*comment_id);
        let _ = write!(text, "{author} {} {post_title}:\n\n{quoted}\n{base_url}{link}\n\n\n", said(*why));
    }
    if items.len() > MAX_ITEMS as usize {
        text += "There are more in your inbox.\n\n\n";
    }
    let _ = write!(
        text,
        "-- \nYour inbox: {base_url}{}\nHow replies come by mail: {base_url}{}\nNo more such mails: {unsubscribe}\n",
        paths::INBOX,
        paths::MAIL
    );
    Letter { to, subject, text, unsubscribe: Some(unsubscribe) }
}

/// What the author did, up to the title of the post.
fn said(why: Why) -> &'static str {
    match why {
        Why::Post => "commented on your post",
        Why::Comment => "replied to you on",
        Why::Mention => "mentioned you on",
    }
}
