//! The HTML of sessions and of the sign-in page.

use std::rc::Rc;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::Session;
use crate::html::text::{Id, Text};
use crate::site::settings::SignUp;
use crate::ui::button;
use crate::ui::field::{self, Field};
use crate::ui::time::DateAndTime;
use crate::user;
use crate::user::Author;
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::form::{Errors, local_path};
use crate::web::paths;

/// A user's sessions, with a badge on the present one.
pub fn list<'s>(sessions: &'s [Session], viewer: Option<&'s Viewer>) -> impl Render + 's {
    // Neighbours in the list mostly have one browser: its name is computed once for them.
    let mut named: Vec<(&Session, Rc<str>)> = Vec::with_capacity(sessions.len());
    for session in sessions {
        let name = match named.last() {
            Some((last, name)) if last.user_agent == session.user_agent => Rc::clone(name),
            _ => browser_name(&session.user_agent).into(),
        };
        named.push((session, name));
    }
    owned_html! {
        ul(class="sessions") {
            @ for (session, name) in &named {
                li(id=Id("session_", session.id.get())) {
                    span { : Text(name) }
                    @ if viewer.is_some_and(|viewer| viewer.session_id == session.id) {
                        span(class="badge") { : "active" }
                    }
                    span { : DateAndTime(session.created_at) }
                    : button::delete_in_place(
                        Account::of(viewer), paths::session(session.id), "link danger", "Revoke", Id("revoke_", session.id.get())
                    );
                }
            }
        }
    }
}

/// The contents of the sign-in form.
#[derive(Clone, Copy)]
pub struct SignInForm<'f> {
    /// The account that it is made for.
    pub account: Account,
    /// The name that was typed.
    pub screen_name: &'f str,
    /// The address after the sign-in; ignored unless it is a path of this site.
    pub return_to: &'f str,
    /// Whether a draft is kept for this browser.
    pub has_draft: bool,
    /// Whether a vote is kept for this browser.
    pub has_vote: bool,
    /// Whether the site sends links by mail to people who have forgotten their password.
    pub sends_mail: bool,
    /// Admins, whom such a person can ask.
    pub admins: &'f [Author],
    /// The people that can sign up.
    pub sign_up: SignUp,
}

/// The sign-in page. The errors are shown above it.
pub fn sign_in<'f>(form: &SignInForm<'f>, errors: &'f Errors) -> impl Render + 'f {
    let SignInForm { account, screen_name, return_to, has_draft, has_vote, sends_mail, admins, sign_up: who } =
        *form;
    let return_to = local_path(return_to);
    let sign_up =
        return_to.map_or_else(|| paths::SIGN_UP.to_owned(), |to| paths::with_return_to(paths::SIGN_UP, to));
    owned_html! {
        form(method="post", action=paths::SESSIONS) {
            : account;
            @ if return_to.is_some() {
                p(class="hint") {
                    : Raw(if has_vote { "Sign in and your vote will be counted." } else { "Sign in to continue." });
                    @ if has_draft { : " What you wrote is kept for an hour." }
                }
            }
            : field::line(Field::new("screen_name", "Screen name", screen_name, errors).autocomplete("username"));
            : field::password(Field::new("password", "Password", "", errors).autocomplete("current-password"));
            @ if let Some(return_to) = return_to { input(type="hidden", name="return_to", value=return_to); }
            button(class="button") { : "Sign in" }
        }
        @ match who {
            SignUp::Open => { p(class="hint") { : "No account yet? "; a(href=&sign_up) { : "Sign up" } : "." } }
            SignUp::Invited => { p(class="hint", id="by_invitation") { : "No account yet? Members invite new ones: ask one of them for a link." } }
            SignUp::Closed => {}
        }
        p(class="hint", id="forgotten") {
            : "Forgot your password? ";
            @ if sends_mail { a(href=paths::RESET) { : "Get a link by mail" } : ", or ask " } else { : "Ask " }
            @ if admins.is_empty() { : "the operator of this site" } else { : "an admin" }
            : " for a link to set a new one";
            @ for (at, admin) in admins.iter().enumerate() {
                : Raw(if at == 0 { ": " } else { ", " }); : user::views::author::name(admin)
            }
            : "."
        }
    }
}

/// The page for a browser that did not keep the session's cookie.
pub fn not_kept() -> impl Render {
    owned_html! {
        div(class="prose") {
            p { : "Your browser did not keep the cookie that signs you in." }
            p { : "This site sends it over HTTPS only, and this page came over plain HTTP. Open the site by its address that begins with https:// and sign in there." }
            p { : "If there is no such address, tell the operator of this site. Its log says what to set." }
        }
    }
}

/// The browser's name, as `Mac Chrome 125.0.0.0`; unknown parts have the seed's placeholders.
fn browser_name(user_agent: &str) -> String {
    let known = woothee::parser::Parser::new().parse(user_agent);
    let or = |value: Option<&str>, unknown: &'static str| match value {
        Some(value) if !value.is_empty() && value != "UNKNOWN" => value.replace("Mac OSX", "Mac"),
        _ => unknown.to_owned(),
    };
    let platform = or(known.as_ref().map(|agent| agent.os), "Unknown_platform");
    let browser = or(known.as_ref().map(|agent| agent.name), "Unknown_browser");
    let version = or(known.as_ref().map(|agent| agent.version), "0.0");
    format!("{platform} {browser} {version}")
}

#[cfg(test)]
mod tests {
    use super::browser_name;

    #[test]
    fn browser_names_have_the_format_of_the_seed() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
                "Mac Chrome 125.0.0.0",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", "Linux Firefox 126.0"),
            ("oha/1.16.0", "Unknown_platform Unknown_browser 0.0"),
            ("", "Unknown_platform Unknown_browser 0.0"),
        ] {
            assert_eq!(browser_name(user_agent), name);
        }
    }
}
