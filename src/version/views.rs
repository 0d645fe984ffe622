//! The HTML of versions.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{History, Struck, Version, path};
use crate::html::text::{DOT, Id, Isolated, Text};
use crate::markup::cut::beginning;
use crate::types::time::{Clock, Timestamp};
use crate::ui::field::{self, Field};
use crate::ui::time::Age;
use crate::user;
use crate::visibility::DELETED;
use crate::vote::Target;
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::paths;

/// `· edited 5 minutes ago` behind the age of a post or comment, with a link to its versions.
pub fn mark(target: Target, at: Timestamp, clock: &Clock) -> impl Render + '_ {
    owned_html! {
        : DOT; : Raw("<a class=edited href="); : path(target); : Raw(">edited ");
        : Age { at, clock }; : Raw(" ago</a>");
    }
}

/// The page of the versions of a post or comment. Texts that take more than `limit` bytes are cut.
pub fn history<'h>(history: &'h History, limit: usize, clock: &'h Clock) -> impl Render + 'h {
    let ends =
        [history.edited_at].into_iter().chain(history.versions.iter().map(|version| version.created_at));
    let versions: Vec<_> = history.versions.iter().zip(ends).collect();
    owned_html! {
        @ if !history.is_readable {
            p(class="empty") { : "Earlier versions can be read once another user has answered." }
        } else if versions.is_empty() {
            p(class="empty") { : "Earlier versions were not kept when this was edited." }
        }
        ol(class="comments", id="versions") {
            @ for (version, until) in &versions {
                li(id=Id("version_", version.id.get())) {
                    div {
                        p {
                            : Raw("from "); : Age { at: version.created_at, clock }; : Raw(" ago to ");
                            : Age { at: *until, clock }; : Raw(" ago");
                            @ if history.is_strikable && version.struck.is_none() {
                                : DOT; a(class="link danger", href=paths::strike(version.id)) { : "Strike" }
                            }
                        }
                        : content(version, limit, clock);
                    }
                }
            }
        }
    }
}

/// What a version says, or that it is struck.
fn content<'v>(version: &'v Version, limit: usize, clock: &'v Clock) -> impl Render + 'v {
    owned_html! {
        @ if let Some(struck) = &version.struck { : self::struck(struck, clock) } else { : text(version, limit) }
    }
}

fn text(version: &Version, limit: usize) -> impl Render + '_ {
    let part = beginning(&version.text, limit);
    owned_html! {
        @ if let Some(title) = &version.title { p { strong { : Isolated(title) } } }
        @ if let Some(url) = &version.url { p { bdi { : Text(url) } } }
        : &part;
        @ if part.is_cut { p(class="rest") { : "The rest is left out here." } }
    }
}

fn struck<'v>(struck: &'v Struck, clock: &'v Clock) -> impl Render + 'v {
    owned_html! {
        p(class="empty") {
            : Raw("struck "); : Age { at: struck.at, clock }; : Raw(" ago by ");
            @ if let Some(by) = &struck.by { : user::views::author::name(by) } else { : DELETED }
        }
    }
}

/// The page with the button that strikes a version, for an admin with the field for a `reason`.
pub fn strike<'v>(
    account: Account,
    version: &'v Version,
    reason: Option<&'v str>,
    errors: &'v Errors,
) -> impl Render + 'v {
    let field = reason.map(|reason| {
        Field::new("reason", "Reason", reason, errors)
            .autocomplete("off")
            .hint("It stands in the public log.")
    });
    owned_html! {
        div(class="prose") { : text(version, MAX_SHOWN_BYTES) }
        p(class="hint") {
            : "This takes its words away for good, for all readers. Its time stays, and who struck it."
        }
        form(method="post", action=paths::strike(version.id)) {
            : account;
            : field::errors(errors, "version", &field.map(Field::place).into_iter().collect::<Vec<_>>());
            @ if let Some(field) = field { : field::line(field) }
            button(class="button danger") { : "Strike" }
        }
    }
}

/// The most bytes of a version's text on the page that strikes it.
const MAX_SHOWN_BYTES: usize = 96 * 1024;
