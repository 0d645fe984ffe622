//! Lines above a page: what was done, what went wrong.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::web::flash::Flash;
use crate::web::paths;
use crate::web::reply::Change;

/// The text of the link to the log.
pub const LOG: &str = "Moderation log";

/// What has been done.
pub fn notice<'s>(sentence: &'s str) -> impl Render + 's {
    owned_html! { p(class="flash notice") { : sentence } }
}

/// What went wrong.
pub fn alert<'s>(sentence: &'s str) -> impl Render + 's {
    owned_html! { p(class="flash alert", role="alert") { : sentence } }
}

/// What went wrong because an admin has decided so.
pub fn logged_alert<'s>(sentence: &'s str) -> impl Render + 's {
    owned_html! { p(class="flash alert", role="alert") { : sentence; : " ("; a(href=paths::LOG) { : LOG } : ")" } }
}

fn show(sentence: impl Render) -> Change {
    Change::fill("#flash", sentence.into_string().unwrap_or_default())
}

/// Says what was done, where a page would show it; screen readers read it out.
#[must_use]
pub fn show_notice(flash: Flash) -> Change {
    show(notice(flash.text()))
}

/// Says what went wrong.
#[must_use]
pub fn show_alert(sentence: &str) -> Change {
    show(alert(sentence))
}

/// Says what went wrong, where the log says more.
#[must_use]
pub fn show_logged_alert(sentence: &str) -> Change {
    show(logged_alert(sentence))
}
