//! Notices and alerts above a page.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::button;
use crate::html::text::Isolated;
use crate::web::flash::{Flash, Offer};
use crate::web::reply::Change;
use crate::web::{Cx, Viewer, paths};

/// The text of links to the moderation log.
pub const LOG: &str = "Moderation log";
/// The name of the page of what flags have hidden.
pub const DEAD: &str = "Dead posts and comments";
/// The text of links to the form for a post of a link that another post has.
pub const REPOST: &str = "Post it anyway";

/// A notice about a completed action, with what the user can do about it. `sender` is the user by whom a form was sent that
/// was made for a guest.
pub fn notice<'s>(flash: Flash, offer: Option<Offer>, sender: Option<&'s Viewer>) -> impl Render + 's {
    owned_html! {
        p(class="flash notice") {
            : flash.text();
            @ if let Some(offer) = offer { : " "; : self::offer(offer) }
            @ if let Some(sender) = sender { : " It was sent as "; : Isolated(&sender.screen_name); : "." }
        }
    }
}

fn offer(offer: Offer) -> impl Render {
    owned_html! {
        @ match offer {
            Offer::Undo(path) => { : button::undo(path) }
            Offer::Repost(path) => { a(class="link", href=path) { : REPOST } }
        }
    }
}

/// An alert about an error.
pub fn alert<'s>(sentence: &'s str) -> impl Render + 's {
    owned_html! { p(class="flash alert", role="alert") { : sentence } }
}

/// An alert about an admin's decision, with a link to the moderation log.
fn logged_alert<'s>(sentence: &'s str) -> impl Render + 's {
    owned_html! { p(class="flash alert", role="alert") { : sentence; : " ("; a(href=paths::LOG) { : LOG } : ")" } }
}

fn show(sentence: impl Render) -> Change {
    Change::fill("#flash", sentence.into_string().unwrap_or_default())
}

/// Shows a [`notice`] in the place of the page's flash, which screen readers read out.
#[must_use]
pub fn show_notice(cx: &Cx, flash: Flash) -> Change {
    show(notice(flash, None, cx.sender()))
}

/// [`show_notice`] with its offer about the post or comment with this number.
#[must_use]
pub fn show_offering(cx: &Cx, flash: Flash, number: i64) -> Change {
    show(notice(flash, flash.offer(number), cx.sender()))
}

/// Shows an [`alert`] in the place of the page's flash.
#[must_use]
pub fn show_alert(sentence: &str) -> Change {
    show(alert(sentence))
}

/// Shows an alert about an admin's decision in the place of the page's flash.
#[must_use]
pub fn show_logged_alert(sentence: &str) -> Change {
    show(logged_alert(sentence))
}
