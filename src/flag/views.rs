//! How flags look.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{KINDS, Reason, Waiting};
use crate::html::text::{DOT, Id, Text};
use crate::moderation::{Subject, Verb};
use crate::types::cursor::Slice;
use crate::ui::field::{self, Field};
use crate::ui::pager;
use crate::user;
use crate::vote::Target;
use crate::web::Viewer;
use crate::web::form::Errors;
use crate::web::paths::{self, Path};

/// Where something is flagged.
#[must_use]
pub fn address(target: Target) -> Path {
    match target {
        Target::Post(id) => paths::flag_post(id),
        Target::Comment(id) => paths::flag_comment(id),
    }
}

/// The page for flagging something, which they may have done `before`, for a reason.
pub fn new<'f>(
    target: Target,
    before: Option<&'f str>,
    reason: &'f Reason,
    errors: &'f Errors,
) -> impl Render + 'f {
    owned_html! {
        @ if let Some(before) = before {
            p(class="hint", id="flagged") {
                : "You have flagged this ("; : Text(before); : "). Flagging it again changes the reason."
            }
        }
        form(method="post", action=address(target)) {
            : field::errors(errors, "flag");
            fieldset {
                legend { : "Reason" }
                @ for (code, label) in KINDS {
                    div(class="choice") {
                        input(
                            type="radio", id=format_args!("kind_{code}"), name="kind", value=code,
                            checked?=(reason.kind == code)
                        );
                        label(for=format_args!("kind_{code}")) { : label }
                    }
                }
            }
            : field::line(
                Field::new("words", "In your own words", &reason.words, errors).autocomplete("off")
                    .hint("Only if none of the above fits. Only admins will read it.")
            );
            button(class="button") { : "Flag" }
        }
    }
}

/// What waits for an admin.
pub fn queue<'q>(viewer: Option<&'q Viewer>, waiting: &'q Slice<Waiting>) -> impl Render + 'q {
    owned_html! {
        @ if waiting.rows.is_empty() {
            p(class="empty") { : "Nothing is flagged." }
        } else {
            ol(class="comments", id="cases") { @ for case in &waiting.rows { : row(viewer, case) } }
            : pager::more(waiting.next, "after", "");
        }
    }
}

fn row<'q>(viewer: Option<&'q Viewer>, case: &'q Waiting) -> impl Render + 'q {
    let subject = Subject::from(case.target);
    owned_html! {
        li(id=Id("case_", case.id)) {
            p {
                : Raw(itoa::Buffer::new().format(case.flags_count));
                : Raw(if case.flags_count == 1 { " flag" } else { " flags" }); : DOT;
                @ if let Target::Comment(_) = case.target { : "a comment " }
                : user::views::author::by(case.author.as_ref(), viewer)
            }
            p { a(href=subject.address()) { : Text(&case.text) } }
            div(class="prose") { ul { @ for reason in &case.reasons { li { : Text(reason) } } } }
            div(class="actions") {
                a(class="button", href=subject.moderation_path()) { : "Decide" }
                form(method="post", action=subject.moderation_path()) {
                    input(type="hidden", name="act", value=Verb::Dismiss.code());
                    input(type="hidden", name="reason", value=LEFT);
                    button(class="button") { : "Dismiss" }
                }
            }
        }
    }
}

/// What the log says when an admin dismisses flags without a word.
const LEFT: &str = "Reviewed; no action taken.";
