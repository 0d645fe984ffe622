//! How the log looks, and where admins decide.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Act, Case, Subject, Verb};
use crate::html::text::{DOT, Id, Text};
use crate::markup::Markup;
use crate::post::{DELETED, REMOVED};
use crate::types::cursor::Slice;
use crate::ui::field::{self, Field};
use crate::ui::message;
use crate::ui::pager;
use crate::ui::time::Age;
use crate::user::{self, Author};
use crate::vote::Target;
use crate::web::Viewer;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, paths};

/// The way to moderating something, for an admin; for others who are signed in the way to flagging it,
/// unless it is their own.
pub fn link<'v>(target: Target, author: Option<&'v Author>, viewer: Option<&'v Viewer>) -> impl Render + 'v {
    owned_html! {
        @ if let Some(viewer) = viewer {
            @ if viewer.is_admin {
                span(class="act") { : DOT; a(href=Subject::from(target).moderation_path()) { : Raw("Moderate") } }
            } else if author.is_some_and(|author| author.id != viewer.id) {
                : Raw("<span class=act>"); : DOT; : Raw("<a href=");
                @ match target {
                    Target::Post(id) => { : paths::flag_post(id) }
                    Target::Comment(id) => { : paths::flag_comment(id) }
                }
                : Raw(">Flag</a></span>");
            }
        }
    }
}

/// What stands for a comment that is not there any more: an admin removed it, or its author took it back.
pub fn absent(is_removed: bool) -> impl Render {
    owned_html! {
        p(class="empty") {
            @ if is_removed { a(href=paths::LOG) { : REMOVED } } else { : DELETED }
        }
    }
}

/// Why a post is not there any more, in the place of its text.
pub fn removed<'r>(reason: Option<&'r str>) -> impl Render + 'r {
    owned_html! {
        @ if let Some(reason) = reason {
            p { : "An admin removed this post: "; : Text(reason) }
            p { a(href=paths::LOG) { : message::LOG } }
        }
    }
}

/// Why nobody can comment any more, in the place of the form.
pub fn locked<'r>(reason: &'r str) -> impl Render + 'r {
    owned_html! {
        p(class="hint", id="comment_form") {
            : "This discussion is locked: "; : Text(reason); : " ("; a(href=paths::LOG) { : message::LOG } : ")"
        }
    }
}

/// The log.
pub fn log<'l>(cx: &'l Cx, acts: &'l Slice<Act>) -> impl Render + 'l {
    owned_html! {
        @ if acts.rows.is_empty() {
            p(class="empty") { : "Nothing has been moderated yet." }
        } else {
            ol(class="comments", id="log") {
                @ for act in &acts.rows {
                    li(id=Id("act_", act.id)) {
                        p {
                            : by(act.admin.as_ref()); : " "; : act.verb.past(); : " "; : what(act); : DOT;
                            : Age { at: act.created_at, now: cx.now }; : " ago"
                        }
                        p { : Text(&act.reason) }
                    }
                }
            }
            : pager::more(acts.next, "after", "");
        }
    }
}

/// Who it was: here nobody is "you".
fn by(admin: Option<&Author>) -> impl Render + '_ {
    owned_html! {
        @ if let Some(admin) = admin { a(href=paths::user(admin.id)) { : Text(&admin.screen_name) } }
        else { : DELETED }
    }
}

/// What it was done to, as far as it is still there: `the post TITLE`, `comment #17`, `NAME`.
fn what(act: &Act) -> impl Render + '_ {
    let is_user = act.noun == "user";
    owned_html! {
        @ if let Some(subject) = act.subject {
            @ if act.name.is_some() && !is_user { : "the "; : &act.noun; : " " }
            a(href=subject.address()) {
                @ if let Some(name) = &act.name { : Text(name) } else { : &act.noun; : number(subject) }
            }
        } else {
            @ if !is_user { : "a "; : &act.noun; : " " }
            : DELETED
        }
    }
}

fn number(subject: Subject) -> impl Render {
    let number = match subject {
        Subject::Post(id) => id.get(),
        Subject::Comment(id) => id.get(),
        Subject::User(id) => id.get(),
    };
    owned_html! { : Id(" #", number) }
}

/// What stands in the form of one verb, and what is wrong with it.
#[derive(Clone, Copy)]
pub struct Filled<'f> {
    /// In which form; `None`: in none.
    pub verb: Option<Verb>,
    /// The reason.
    pub reason: &'f str,
    /// What is wrong.
    pub errors: &'f Errors,
}

/// The page on which an admin decides: what it says, why it was flagged, and what can be done.
pub fn case<'c>(viewer: Option<&'c Viewer>, case: &'c Case, filled: &'c Filled) -> impl Render + 'c {
    let verbs = case.verbs();
    let has_no_form = filled.verb.is_some_and(|verb| !verbs.contains(&verb));
    owned_html! {
        @ if has_no_form { : field::errors(filled.errors, "action") }
        @ if case.is_empty {
            p(class="empty") { : "Its author deleted it; there is nothing left to moderate." }
        } else {
            : said(viewer, case);
        }
        @ if !case.flags.is_empty() {
            div(class="prose") {
                h2 { : "Flags" }
                ul(id="reasons") { @ for reason in &case.flags { li { : Text(reason) } } }
            }
        }
        @ if case.is_admin {
            p(class="hint") { : "An admin can't be banned. Remove their admin role on the command line first." }
        }
        @ for verb in &verbs { : form(case.subject, *verb, filled) }
    }
}

fn said<'c>(viewer: Option<&'c Viewer>, case: &'c Case) -> impl Render + 'c {
    owned_html! {
        @ if let Some(name) = &case.name { h2 { : Text(name) } }
        @ if let Some(url) = &case.url { p { : Text(url) } }
        @ if !matches!(case.subject, Subject::User(_)) {
            p(class="byline") { : user::views::author::by(case.author.as_ref(), viewer) }
            div(class="prose") { : Markup(&case.text) }
        }
    }
}

fn form<'f>(subject: Subject, verb: Verb, filled: &'f Filled) -> impl Render + 'f {
    let (reason, errors) =
        if filled.verb == Some(verb) { (filled.reason, filled.errors) } else { ("", &NO_ERRORS) };
    let id = format!("reason_to_{}", verb.code());
    owned_html! {
        section(id=verb.code(), class="decision") {
            form(method="post", action=subject.moderation_path()) {
                input(type="hidden", name="act", value=verb.code());
                : field::errors(errors, "action");
                : field::line(
                    Field::new("reason", "Reason", reason, errors).id(&id).autocomplete("off")
                        .hint("Shown to everyone in the log.")
                );
                button(class="button") { : verb.imperative() }
            }
        }
    }
}
