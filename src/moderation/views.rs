//! Views of the moderation log and of the pages on which admins decide.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{LogEntry, ModerationAction, Subject, SubjectDetail};
use crate::flag;
use crate::html::text::{DOT, Id, Isolated, Text};
use crate::markup::Markup;
use crate::reset;
use crate::types::cursor::Slice;
use crate::types::time::Clock;
use crate::ui::badge;
use crate::ui::field::{self, Field};
use crate::ui::message;
use crate::ui::pager;
use crate::ui::time::Age;
use crate::user::{self, Author};
use crate::visibility::{DELETED, Remover, State};
use crate::vote::Target;
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, paths};

/// The link to the moderation page for an admin; for other users except the author the link to the flag form, or the
/// button that takes their flag back; nothing for a guest.
pub fn link<'v>(
    target: Target,
    author: Option<&'v Author>,
    is_flagged: bool,
    viewer: Option<&'v Viewer>,
) -> impl Render + 'v {
    owned_html! {
        @ if let Some(viewer) = viewer {
            @ if viewer.is_admin {
                span(class="act") { : DOT; a(href=Subject::from(target).moderation_path()) { : Raw("Moderate") } }
            } else if author.is_some_and(|author| author.id != viewer.id) {
                : Raw("<span class=act>"); : DOT; : flag::views::control(target, is_flagged); : Raw("</span>");
            }
        }
    }
}

/// The placeholder of a hidden comment; that of a removed one leads to the log, that of a dead one to the page of them.
pub fn absent(state: State) -> impl Render {
    let placeholder = state.placeholder();
    owned_html! {
        p(class="empty") {
            @ if state == State::Removed { a(href=paths::LOG) { : placeholder } }
            else if state == State::Flagged { a(href=paths::DEAD) { : placeholder } }
            else { : placeholder }
        }
    }
}

/// The notice in place of the text of a post that was removed, with the reason.
pub fn removed<'r>(remover: Option<Remover>, reason: Option<&'r str>) -> impl Render + 'r {
    owned_html! {
        @ if let Some((remover, reason)) = remover.zip(reason) {
            @ if remover == Remover::Admin {
                p { : "An admin removed this post: "; : Isolated(reason) }
                p { a(href=paths::LOG) { : message::LOG } }
            } else {
                p { : "The site hid this post: "; : Isolated(reason) }
                p { a(href=paths::DEAD) { : message::DEAD } : DOT; a(href=paths::LOG) { : message::LOG } }
            }
        }
    }
}

/// The notice in place of the comment form of a locked post, with the reason.
pub fn locked<'r>(reason: &'r str) -> impl Render + 'r {
    owned_html! {
        p(class="hint", id="comment_form") {
            : "This discussion is locked: "; : Isolated(reason); : " ("; a(href=paths::LOG) { : message::LOG } : ")"
        }
    }
}

/// The notice in place of the comment form for a banned viewer: a sentence with the reason.
pub fn banned<'b>(sentence: &'b str) -> impl Render + 'b {
    owned_html! {
        p(class="hint", id="comment_form") {
            bdi { : sentence } : " ("; a(href=paths::LOG) { : message::LOG } : ")"
        }
    }
}

/// A page of the moderation log.
pub fn log<'l>(cx: &'l Cx, viewer: Option<&'l Viewer>, entries: &'l Slice<LogEntry>) -> impl Render + 'l {
    owned_html! {
        @ if viewer.is_some() {
            p(class="hint") { : "What flags have hidden: "; a(href=paths::DEAD) { : message::DEAD } }
        }
        div(class?=viewer.map(|_| "decision")) {
            @ if entries.rows.is_empty() {
                p(class="empty") { : "Nothing has been moderated yet." }
            } else {
                ol(class="comments", id="log") {
                    @ for entry in &entries.rows {
                        li(id=Id("act_", entry.id)) { : self::entry(entry, false, &cx.clock) }
                    }
                }
                : pager::more(entries.next, "after", "", "entries");
            }
        }
    }
}

/// What an entry says: the admin, what they did when, and the reason.
pub fn entry<'l>(entry: &'l LogEntry, is_new: bool, clock: &'l Clock) -> impl Render + 'l {
    owned_html! {
        p {
            @ if is_new { strong(class="badge") { : "new" } : " " }
            : admin(entry); : " "; : entry.action.past_tense(); : " ";
            : entry_subject(entry); : destination(entry); : DOT; : Age { at: entry.created_at, clock }; : " ago"
        }
        p(dir="auto") { : Text(&entry.reason) }
    }
}

/// The admin by name: unlike a byline, the public log has no "you".
fn admin(entry: &LogEntry) -> impl Render + '_ {
    owned_html! {
        @ if let Some(admin) = &entry.admin { : user::views::author::name(admin) }
        else if entry.action.is_by_site() { : "The site" }
        else if entry.is_by_operator { : "The operator" }
        else { : DELETED }
    }
}

/// The subject of an entry, as far as it is visible: `the post TITLE`, `comment #17`, `NAME`.
fn entry_subject(entry: &LogEntry) -> impl Render + '_ {
    let is_user = entry.noun == "user";
    owned_html! {
        @ if let Some(subject) = entry.subject {
            @ if entry.name.is_some() && !is_user { : "the "; : &entry.noun; : " " }
            a(href=subject.address()) {
                @ if let Some(name) = &entry.name { : Isolated(name) } else { : &entry.noun; : number(subject) }
            }
            : badge::admin(entry.is_about_admin);
        } else if entry.action == ModerationAction::Configure {
            : "the site"
        } else {
            @ if !is_user { : "a "; : &entry.noun; : " " }
            : DELETED
        }
    }
}

/// Where a merged post or a moved comment is now: ` into post #9`.
fn destination(entry: &LogEntry) -> impl Render + '_ {
    owned_html! {
        @ if let Some(to) = entry.to {
            : if entry.action == ModerationAction::Merge { " into " } else { " to " };
            a(href=paths::post(to)) { : Id("post #", to.get()) }
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

/// The content and the errors of the form that was sent.
#[derive(Clone, Copy)]
pub struct FormState<'f> {
    /// The action whose form was sent; `None`: none was.
    pub action: Option<ModerationAction>,
    /// The typed reason.
    pub reason: &'f str,
    /// The errors of that form.
    pub errors: &'f Errors,
    /// Whether the site's own address is known, with which links to set a new password begin.
    pub has_base_url: bool,
}

/// The page on which an admin decides: the subject's text, the reasons of its flags, and a form for each
/// action.
pub fn decide<'c>(
    viewer: Option<&'c Viewer>,
    detail: &'c SubjectDetail,
    form_state: &'c FormState,
) -> impl Render + 'c {
    let mut actions = detail.allowed_actions();
    let lacks_base_url = !form_state.has_base_url && actions.contains(&ModerationAction::Reset);
    actions.retain(|action| !lacks_base_url || *action != ModerationAction::Reset);
    let has_no_form = form_state.action.is_some_and(|action| !actions.contains(&action));
    owned_html! {
        @ if has_no_form { : field::errors(form_state.errors, "action", &[]) }
        @ if detail.is_deleted {
            p(class="empty") { : "Its author deleted it; there is nothing left to moderate." }
        } else {
            : content(viewer, detail);
        }
        @ if !detail.flags.is_empty() {
            div(class="prose") {
                h2 { : "Flags" }
                ul(id="reasons") { @ for reason in &detail.flags { li(dir="auto") { : Text(reason) } } }
            }
        }
        @ if detail.is_admin {
            p(class="hint") { : "An admin can't be banned, and no admin can make a link to set their password. Remove their admin role on the command line first." }
        }
        // One that is on its page.
        @ if let (Subject::Post(id), true) = (detail.subject, actions.contains(&ModerationAction::Remove)) {
            p { a(class="button", href=paths::retitle_post(id)) { : ModerationAction::Retitle.button_label() } }
            p { a(class="button", href=paths::merge_post(id)) { : ModerationAction::Merge.button_label() } }
        }
        @ if let (Subject::Comment(id), true) = (detail.subject, actions.contains(&ModerationAction::Remove)) {
            p { a(class="button", href=paths::move_comment(id)) { : ModerationAction::Move.button_label() } }
        }
        @ for action in &actions { : form(Account::of(viewer), detail.subject, *action, form_state) }
        @ if lacks_base_url { p(class="hint", id="no_reset") { : reset::NO_BASE_URL; : "." } }
    }
}

fn content<'c>(viewer: Option<&'c Viewer>, detail: &'c SubjectDetail) -> impl Render + 'c {
    owned_html! {
        @ if let Some(name) = &detail.name { h2 { : Isolated(name); : badge::admin(detail.is_admin) } }
        @ if let Some(url) = &detail.url { p { : Text(url) } }
        @ if !matches!(detail.subject, Subject::User(_)) {
            p(class="byline") { : user::views::author::by(detail.author.as_ref(), viewer) }
            div(class="prose") { : Markup(&detail.text) }
        }
    }
}

fn form<'f>(
    account: Account,
    subject: Subject,
    action: ModerationAction,
    form_state: &'f FormState,
) -> impl Render + 'f {
    let (reason, errors) = if form_state.action == Some(action) {
        (form_state.reason, form_state.errors)
    } else {
        ("", &NO_ERRORS)
    };
    let id = format!("reason_to_{}", action.code());
    owned_html! {
        section(id=action.code(), class="decision") {
            form(method="post", action=subject.moderation_path()) {
                : account;
                input(type="hidden", name="act", value=action.code());
                : reason_field(&id, reason, errors);
                button(class="button") { : action.button_label() }
            }
        }
    }
}

fn reason_field<'f>(id: &'f str, reason: &'f str, errors: &'f Errors) -> impl Render + 'f {
    let field = Field::new("reason", "Reason", reason, errors).id(id).autocomplete("off");
    owned_html! {
        : field::errors(errors, "action", &[field.place()]);
        : field::line(field.hint("Shown to everyone in the log."));
    }
}
