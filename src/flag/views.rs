//! Views of the flag form and of the queue.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{FlaggedItem, Reason, USUAL_REASONS};
use crate::html::text::{DOT, Id, Isolated, Text};
use crate::moderation::{ModerationAction, Subject};
use crate::text::shortened;
use crate::types::cursor::Slice;
use crate::ui::field::{self, Field};
use crate::ui::pager;
use crate::user;
use crate::vote::Target;
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::form::Errors;
use crate::web::paths::{self, Path};

/// The page on which a reader flags `target`.
#[must_use]
pub fn flag_path(target: Target) -> Path {
    match target {
        Target::Post(id) => paths::flag_post(id),
        Target::Comment(id) => paths::flag_comment(id),
    }
}

/// The link to the form, or for a reader who has flagged `target` the button that takes the flag back. Both have one
/// id, so the button keeps the focus when htmx replaces it. The button belongs to the form that small buttons share
/// (`ui/layout.rs`).
pub fn control(target: Target, is_flagged: bool) -> impl Render {
    let (id, flagged_id, unflag) = match target {
        Target::Post(id) => {
            (Id("flag_post_", id.get()), Id("flagged_post_", id.get()), paths::unflag_post(id))
        }
        Target::Comment(id) => {
            (Id("flag_comment_", id.get()), Id("flagged_comment_", id.get()), paths::unflag_comment(id))
        }
    };
    owned_html! {
        @ if is_flagged {
            span(id=flagged_id) {
                : Raw("Flagged"); : DOT;
                button(class="link", form="acts", formaction=unflag, id=id) { : "undo" }
            }
        } else {
            : Raw("<a id="); : id; : Raw(" href="); : flag_path(target); : Raw(">Flag</a>");
        }
    }
}

/// The CSS selector of the element that says that a reader has flagged `target`.
#[must_use]
pub fn flagged_selector(target: Target) -> String {
    match target {
        Target::Post(id) => format!("#flagged_post_{id}"),
        Target::Comment(id) => format!("#flagged_comment_{id}"),
    }
}

/// The flag form. `before` is the reason of the flag that the viewer has already set, if any.
pub fn new<'f>(
    account: Account,
    target: Target,
    before: Option<&'f str>,
    reason: &'f Reason,
    errors: &'f Errors,
) -> impl Render + 'f {
    let words = Field::new("words", "In your own words", &reason.details, errors)
        .autocomplete("off")
        .hint("Only if none of the above fits. Only admins will read it.");
    owned_html! {
        @ if let Some(before) = before {
            p(class="hint", id="flagged") {
                : "You have flagged this ("; : Isolated(before); : "). Flagging it again changes the reason."
            }
        }
        form(method="post", action=flag_path(target)) {
            : account;
            : field::errors(errors, "flag", &[words.place()]);
            fieldset {
                legend { : "Reason" }
                @ for (code, label) in USUAL_REASONS {
                    div(class="choice") {
                        input(
                            type="radio", id=format_args!("kind_{code}"), name="kind", value=code,
                            checked?=(reason.kind == code)
                        );
                        label(for=format_args!("kind_{code}")) { : label }
                    }
                }
            }
            : field::line(words);
            button(class="button") { : "Flag" }
        }
    }
}

/// The queue of flagged posts and comments.
pub fn queue<'q>(viewer: Option<&'q Viewer>, items: &'q Slice<FlaggedItem>) -> impl Render + 'q {
    owned_html! {
        @ if items.rows.is_empty() {
            p(class="empty") { : "Nothing is flagged." }
        } else {
            ol(class="comments", id="cases") { @ for item in &items.rows { : queue_item(viewer, item) } }
            : pager::more(items.next, "after", "", "flags");
        }
    }
}

/// The most characters of a reason in the queue; the page for the decision has all of them.
const MAX_LISTED_CHARS: usize = 150;

fn queue_item<'q>(viewer: Option<&'q Viewer>, item: &'q FlaggedItem) -> impl Render + 'q {
    let subject = Subject::from(item.target);
    owned_html! {
        li(id=Id("case_", item.id)) {
            p {
                : Raw(itoa::Buffer::new().format(item.flags_count));
                : Raw(if item.flags_count == 1 { " flag" } else { " flags" }); : DOT;
                @ if item.is_dead { strong(class="badge") { : "dead" } : " " }
                @ if let Target::Comment(_) = item.target { : "a comment " }
                : user::views::author::by(item.author.as_ref(), viewer)
            }
            p { a(href=subject.address()) { : Isolated(&item.text) } }
            div(class="prose") { ul { @ for reason in &item.reasons { li(dir="auto") { : Text(&shortened(reason, MAX_LISTED_CHARS)) } } } }
            div(class="actions") {
                a(class="button", href=subject.moderation_path()) { : "Decide" }
                form(method="post", action=subject.moderation_path()) {
                    : Account::of(viewer);
                    input(type="hidden", name="act", value=ModerationAction::Dismiss.code());
                    input(type="hidden", name="reason", value=if item.is_dead { RESTORATION_REASON } else { DISMISSAL_REASON });
                    button(class="button") { : if item.is_dead { "Bring back" } else { "Dismiss" } }
                }
            }
        }
    }
}

/// The reason in the log when an admin dismisses flags from the queue, which has no field for a reason.
const DISMISSAL_REASON: &str = "Reviewed; no action taken.";
/// That reason where flags have hidden the thing: the dismissal shows it again.
const RESTORATION_REASON: &str = "Reviewed; the flags are dismissed.";
