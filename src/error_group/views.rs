//! The pages of the recorded errors.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::{DOT, Id, Isolated, Text};
use crate::site::error_log::{Counts, ErrorGroup, Kind, MAX_OCCURRENCES, Occurrence};
use crate::text::shortened;
use crate::types::cursor::Slice;
use crate::types::time::Clock;
use crate::ui::pager;
use crate::ui::tabs::{Tab, tabs};
use crate::ui::time::{Age, DateAndTime};
use crate::web::account::Account;
use crate::web::paths;

/// The lists of errors.
const LISTS: [Tab; 3] =
    [(paths::ADMIN, "← Admin"), (paths::ERRORS, "Open"), (paths::RESOLVED_ERRORS, "Resolved")];

/// The most characters of a cause in a list.
const MAX_LISTED_CHARS: usize = 200;

/// A list of groups.
pub fn list<'l>(
    here: &'l str,
    groups: &'l Slice<ErrorGroup>,
    counts: Counts,
    clock: &'l Clock,
) -> impl Render + 'l {
    owned_html! {
        : tabs("Errors", &LISTS, here);
        @ if counts.dropped > 0 {
            p(class="hint") {
                : counts.dropped.to_string();
                : " errors were only logged since the start of the server: they came too fast, or their file could not be written."
            }
        }
        @ if groups.rows.is_empty() {
            p(class="empty") { : if here == paths::ERRORS { "Nothing has gone wrong that is not resolved." } else { "Nothing is resolved." } }
        } else {
            ol(class="comments", id="errors") { @ for group in &groups.rows { : row(group, clock) } }
            : pager::more(groups.next, "after", "", "errors");
        }
    }
}

fn row<'g>(group: &'g ErrorGroup, clock: &'g Clock) -> impl Render + 'g {
    owned_html! {
        li(id=Id("error_", group.id.get())) {
            div {
                p {
                    : times(group.count); : DOT;
                    : "last "; : Age { at: group.last_at, clock }; : " ago"; : DOT;
                    : Isolated(&group.place)
                }
                p { a(href=paths::error_group(group.id)) { : Isolated(&shortened(&group.cause, MAX_LISTED_CHARS)) } }
            }
        }
    }
}

fn times(count: i64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// A group with its last occurrences.
pub fn show<'g>(
    account: Account,
    group: &'g ErrorGroup,
    occurrences: &'g [Occurrence],
    clock: &'g Clock,
) -> impl Render + 'g {
    let (action, label) = match group.resolved_at {
        None => (paths::resolve_error(group.id), "Mark as resolved"),
        Some(_) => (paths::reopen_error(group.id), "Open again"),
    };
    owned_html! {
        div(class="prose", id="cause") { p { code { : Text(&group.cause) } } }
        dl(class="facts") {
            dt { : match group.kind { Kind::Job => "Job", Kind::Returned | Kind::Panicked => "Route" } }
            dd { : Isolated(&group.place) }
            dt { : "Kind" }
            dd { : match group.kind { Kind::Panicked => "A panic", Kind::Returned => "A returned error", Kind::Job => "The error of a job or of a thread" } }
            dt { : "Occurred" }
            dd { : times(group.count) }
            dt { : "First" }
            dd { : DateAndTime(group.first_at) }
            dt { : "Last" }
            dd { : DateAndTime(group.last_at); : " ("; : Age { at: group.last_at, clock }; : " ago)" }
            dt { : "State" }
            dd {
                @ if let Some(at) = group.resolved_at { : "Resolved "; : DateAndTime(at) } else { : "Open" }
            }
        }
        div(class="actions") {
            form(method="post", action=action) {
                : account;
                button(class="button", id="resolve") { : label }
            }
        }
        h2(class="section") { : "Last occurrences" }
        p(class="hint") { : "The last "; : MAX_OCCURRENCES.to_string(); : " at most. The log has lines with these ids." }
        ul(class="sessions", id="occurrences") {
            @ for occurrence in occurrences {
                li {
                    code { : if occurrence.request_id.is_empty() { "a job" } else { &*occurrence.request_id } }
                    span { : DateAndTime(occurrence.at) }
                }
            }
        }
    }
}
