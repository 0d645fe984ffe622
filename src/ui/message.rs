//! Notices and alerts above a page.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::button;
use crate::html::text::Isolated;
use crate::web::flash::Flash;
use crate::web::paths::Path;
use crate::web::reply::Change;
use crate::web::{Cx, Viewer, paths};

/// The text of links to the moderation log.
pub const LOG: &str = "Moderation log";

/// A notice about a completed action, with a button for its undo. `sender` is the user by whom a form was sent that
/// was made for a guest.
pub fn notice<'s>(flash: Flash, undo: Option<Path>, sender: Option<&'s Viewer>) -> impl Render + 's {
    owned_html! {
        p(class="flash notice") {
            : flash.text();
            @ if let Some(undo) = undo { : " "; : button::undo(undo) }
            @ if let Some(sender) = sender { : " It was sent as "; : Isolated(&sender.screen_name); : "." }
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

/// [`show_notice`] with a button that undoes the change of the post or comment with this number.
#[must_use]
pub fn show_undoable(cx: &Cx, flash: Flash, number: i64) -> Change {
    show(notice(flash, flash.undo(number), cx.sender()))
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
