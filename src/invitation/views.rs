//! HTML of invitations: the list of a member's own, and the tree.

use horrorshow::prelude::*;
use horrorshow::{box_html, owned_html};

use super::{Found, Invitation, Invited, LIFETIME, MAX_NAMED, Node, State};
use crate::html::text::{DOT, Id, Isolated, Text};
use crate::types::cursor::Slice;
use crate::types::time::{Clock, Timestamp};
use crate::ui::pager;
use crate::ui::time::{Age, Date};
use crate::user;
use crate::user::Author;
use crate::visibility::DELETED;
use crate::web::account::Account;
use crate::web::paths;

/// The contents of a member's page of invitations.
#[derive(Clone, Copy)]
pub struct List<'l> {
    /// The account that it is made for.
    pub account: Account,
    /// A page of the member's invitations.
    pub invitations: &'l Slice<Invitation>,
    /// Why they can make none now; `None`: they can.
    pub why_not: Option<&'l str>,
    /// The link that this request has made.
    pub link: Option<&'l str>,
    /// The page's clock.
    pub clock: &'l Clock,
}

/// The page, in the element with the id `invitations`.
pub fn list(list: List<'_>) -> impl Render + '_ {
    let List { account, invitations, why_not, link, clock } = list;
    owned_html! {
        div(id="invitations") {
            div(class="prose") {
                p {
                    : "A link lets one person sign up, within 14 days. Your page and theirs say that you invited them: see ";
                    a(href=paths::INVITATION_TREE) { : "who invited whom" } : "."
                }
            }
            @ if let Some(link) = link { : made(link) }
            @ if let Some(why) = why_not { p(class="hint", id="why_not") { : why } }
            else {
                form(method="post", action=paths::INVITATIONS, hx-post=paths::INVITATIONS) {
                    : account;
                    button(class="button", id="invite") { : "Make a link" }
                }
            }
            @ if invitations.rows.is_empty() {
                p(class="empty") { : "You have not invited anyone yet." }
            } else {
                h2(class="section") { : "Your invitations" }
                ol(class="comments", id="made") {
                    @ for invitation in &invitations.rows { li { p { : row(invitation, clock) } } }
                }
                : pager::more_at(invitations.next.map(|next| format!("{}?after={next}", paths::INVITATIONS)), "invitations");
            }
        }
    }
}

fn made(link: &str) -> impl Render + '_ {
    owned_html! {
        div(class="field") {
            label(for="link") { : "Link" }
            textarea(id="link", readonly, dir="ltr") { : Text(link) }
            p(class="hint") { : "Give it to one person. Nobody can show it again." }
        }
    }
}

fn row<'i>(invitation: &'i Invitation, clock: &'i Clock) -> impl Render + 'i {
    let (id, state) = (invitation.id, invitation.state(clock.now()));
    owned_html! {
        span(id=Id("invitation_", id.get())) {
            @ match state {
                State::Open => { : "Open until "; : Date(invitation.created_at + LIFETIME) }
                State::Used(at) => { : "Used by "; : name(invitation.invited.as_ref()); : DOT; : ago(at, clock) }
                State::Withdrawn(at) => { : "Withdrawn"; : DOT; : ago(at, clock) }
                State::Expired(at) => { : "Expired"; : DOT; : ago(at, clock) }
            }
            : DOT; : "made "; : ago(invitation.created_at, clock)
        }
        @ if state == State::Open {
            : DOT;
            button(class="link", form="acts", formaction=paths::withdraw(id), id=Id("withdraw_", id.get()), aria-describedby=Id("invitation_", id.get())) { : "Withdraw" }
        }
    }
}

fn ago(at: Timestamp, clock: &Clock) -> impl Render + '_ {
    owned_html! { : Age { at, clock }; : " ago" }
}

fn name(author: Option<&Author>) -> impl Render + '_ {
    owned_html! {
        @ if let Some(author) = author { : user::views::author::name(author) } else { : DELETED }
    }
}

/// The line on a user's page about who invited them.
pub fn invited(invited: Option<&Invited>) -> impl Render + '_ {
    owned_html! {
        @ if let Some(Invited { by }) = invited {
            dt { : "invited by:" }
            dd(id="invited_by") {
                : name(by.as_ref());
                @ if let Some(by) = by { : " ("; a(href=paths::invited_by(by.id)) { : "tree" } : ")" }
            }
        }
    }
}

/// The line on a user's page about whom they invited, for admins: at most [`MAX_NAMED`] names.
pub fn has_invited<'i>(inviter: &'i user::User, invited: &'i [Author]) -> impl Render + 'i {
    let is_all = invited.len() <= MAX_NAMED as usize;
    owned_html! {
        @ if !invited.is_empty() {
            dt { : "invited:" }
            dd(id="has_invited") {
                @ for (at, author) in invited.iter().take(MAX_NAMED as usize).enumerate() {
                    @ if at > 0 { : ", " }
                    : user::views::author::name(author)
                }
                : " ("; a(href=paths::invited_by(inviter.id)) { : Raw(if is_all { "tree" } else { "all of them" }) } : ")"
            }
        }
    }
}

/// A page of the tree. `of`: the user below whom it begins; `None`: it begins at the roots.
pub fn tree<'t>(of: Option<&'t Author>, nodes: &'t Slice<Node>) -> impl Render + 't {
    let first =
        of.map_or_else(|| paths::INVITATION_TREE.to_owned(), |of| paths::invited_by(of.id).to_string());
    let joint = if of.is_some() { '&' } else { '?' };
    owned_html! {
        div(class="prose") {
            @ if let Some(of) = of {
                p {
                    : "These are the people whom "; : user::views::author::name(of);
                    : " invited, and below them those whom they invited. ";
                    a(href=paths::INVITATION_TREE) { : "The whole tree" }
                }
            } else {
                p { : "Below each user are those whom they invited. At the top are members from before, once they have invited a person, and members whose inviter has left." }
            }
        }
        @ if nodes.rows.is_empty() {
            p(class="empty") { : "Nobody has been invited yet." }
        } else {
            h2(class="section") { : "The tree" }
            ol(class="comments", id="tree") { @ for node in &nodes.rows { : branch(node) } }
            : pager::more_at(nodes.next.map(|next| format!("{first}{joint}after={next}")), "people");
        }
    }
}

fn branch(node: &Node) -> Box<dyn RenderBox + '_> {
    let Node { author, invited, has_more } = node;
    box_html! {
        li {
            p { : user::views::author::name(author) }
            @ if !invited.is_empty() { ol { @ for below in invited { : branch(below) } } }
            @ if *has_more {
                p(class="hint") { a(href=paths::invited_by(author.id)) { : "All whom "; : Isolated(&author.screen_name); : " invited" } }
            }
        }
    }
}

/// The line above the form for signing up about whose invitation it is.
pub fn from(found: Option<&Found>) -> impl Render + '_ {
    owned_html! {
        @ if let Some(found) = found {
            p(class="hint", id="invited_by") { : Isolated(&found.inviter.screen_name); : " invites you." }
        }
    }
}

/// The page of a site that takes members by invitation, for a person without one.
pub fn by_invitation(has_token: bool) -> impl Render {
    owned_html! {
        div(class="prose") {
            @ if has_token {
                p { : "That invitation doesn't work: it was used or withdrawn, or is older than 14 days." }
            }
            p { : "New members join this site by invitation. A member makes a link, with which one person can sign up within 14 days. Ask a member for one." }
            p {
                a(href=paths::SIGN_IN) { : "Sign in" } : " if you have an account, or see ";
                a(href=paths::INVITATION_TREE) { : "who invited whom" } : "."
            }
        }
    }
}
