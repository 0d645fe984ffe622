//! HTML of users: their page and the forms for an account.

pub mod author;
pub mod own_lists;

use std::sync::Arc;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Author, FormerName, User};
use crate::html::text::{Isolated, Rendered, Text};
use crate::invitation::{self, Found, Invited};
use crate::markup::{FORMATTING, Markup};
use crate::post::ListedPost;
use crate::session::Session;
use crate::site::settings::SignUp;
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::UserId;
use crate::types::time::Clock;
use crate::ui::badge;
use crate::ui::button;
use crate::ui::field::{self, Field};
use crate::ui::time::{Age, Date};
use crate::ui::{message, pager};
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::form::{Errors, local_path};
use crate::web::{Cx, paths};
use crate::{comment, follow, hiding, post, session};

/// The content of a user's page.
pub struct Profile {
    /// The user.
    pub user: User,
    /// A page of the user's posts.
    pub posts: Slice<ListedPost>,
    /// A page of the user's comments.
    pub comments: Arc<CommentList>,
    /// A page of the user's sessions, if the viewer is the user.
    pub sessions: Option<Slice<Session>>,
    /// The former names that the viewer may see, the last first.
    pub former_names: Vec<FormerName>,
    /// How the user was invited.
    pub invited: Option<Invited>,
    /// For an admin: the users whom the user invited, the newest, at most one more than are named.
    pub has_invited: Vec<Author>,
    /// What the viewer has chosen about the user; `None` for the user and for guests.
    pub choices: Option<Choices>,
}

/// What another user has chosen about a user.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// Whether they follow the user.
    pub is_followed: bool,
    /// Whether they have muted the user.
    pub is_muted: bool,
}

/// A page of the list of a user's comments.
#[derive(Debug)]
pub struct CommentList {
    /// The list.
    pub html: Rendered,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<Cursor>,
}

/// The page of a user.
pub fn show<'p>(cx: &'p Cx, viewer: Option<&'p Viewer>, profile: &'p Profile) -> impl Render + 'p {
    let user = &profile.user;
    owned_html! {
        @ if profile.sessions.is_some() {
            : own_lists::links("");
            div(class="actions") {
                a(class="button", href=paths::EDIT_ACCOUNT) { : "Edit profile" }
                @ if cx.settings().sign_up() == SignUp::Invited {
                    a(class="button", href=paths::INVITATIONS) { : "Invitations" }
                }
                a(class="button danger", href=paths::DELETE_ACCOUNT) { : "Delete profile" }
            }
        }
        @ if let Some(Choices { is_followed, is_muted }) = profile.choices {
            div(class="actions") {
                : follow::views::button(Account::of(viewer), user.id, is_followed);
                : hiding::views::mute_user(Account::of(viewer), user.id, is_muted);
                @ if viewer.is_some_and(|viewer| viewer.is_admin) {
                    a(class="button", href=paths::moderate_user(user.id)) { : "Moderate" }
                }
            }
        }
        dl(class="facts") {
            dt { : "user:" } dd { : Isolated(&user.screen_name); : badge::admin(user.is_admin) }
            @ if !profile.former_names.is_empty() {
                dt { : "formerly:" } dd { : former_names(&profile.former_names, &cx.clock) }
            }
            dt { : "created:" }
            dd {
                @ if profile.sessions.is_some() { : Date(user.created_at) }
                else { : Age { at: user.created_at, clock: &cx.clock }; : " ago" }
            }
            : invitation::views::invited(profile.invited.as_ref());
            : invitation::views::has_invited(user, &profile.has_invited);
            dt { : "karma:" } dd { : user.karma }
            @ if let Some(reason) = &user.banned {
                dt { : "banned:" } dd { : Isolated(reason); : " ("; a(href=paths::LOG) { : message::LOG } : ")" }
            }
            dt { : "about:" } dd(class="prose") { : Markup(&user.about) }
        }
        details(open, id="posts") {
            summary { h2 { : "Posts:" } : " "; : user.posts_count }
            ol(class="posts") {
                @ for post in &profile.posts.rows { : post::views::row(post, false, viewer, &cx.clock) }
            }
            : pager::more(profile.posts.next, "posts", "#posts", "posts");
        }
        : comments(cx, profile);
        : sessions(cx, viewer, profile);
    }
}

/// `NAME (until 3 days ago), NAME (until 20 days ago)`.
fn former_names<'n>(names: &'n [FormerName], clock: &'n Clock) -> impl Render + 'n {
    owned_html! {
        @ for (at, name) in names.iter().enumerate() {
            @ if at > 0 { : ", " }
            : Isolated(&name.screen_name); : " (until "; : Age { at: name.left_at, clock }; : " ago)"
        }
    }
}

fn comments<'p>(cx: &'p Cx, profile: &'p Profile) -> impl Render + 'p {
    // A request for a page of the comments opens their list.
    let is_requested = cx.query("comments").is_some();
    owned_html! {
        details(open?=is_requested, id="comments") {
            summary { h2 { : "Comments:" } : " "; : profile.user.comments_count }
            @ if profile.sessions.is_none() && profile.user.comments_count > 0 {
                p(class="hint") { a(href=paths::threads_of(&profile.user.screen_name)) { : "With the replies to them" } }
            }
            : &profile.comments.html;
            : pager::more(profile.comments.next, "comments", "#comments", "comments");
        }
    }
}

fn sessions<'p>(cx: &'p Cx, viewer: Option<&'p Viewer>, profile: &'p Profile) -> impl Render + 'p {
    let is_requested = cx.query("sessions").is_some();
    owned_html! {
        @ if let Some(sessions) = &profile.sessions {
            details(open?=is_requested, id="sessions") {
                summary { h2 { : "Sessions:" } : " "; span(id="sessions_count") { : profile.user.sessions_count } }
                : session::views::list(&sessions.rows, viewer);
                form(method="post", action=paths::SESSIONS) {
                    : Account::of(viewer);
                    : button::method_override("delete");
                    button(class="button", id="end_others") { : "Sign out everywhere else" }
                }
                : pager::more(sessions.next, "sessions", "#sessions", "sessions");
            }
            p(class="hint") { a(href=paths::API_TOKENS, id="api_tokens") { : "API tokens" } : ", for programs in your name" }
            // A file, which htmx cannot take.
            form(method="post", action=paths::OWN_DATA, class="own-data") {
                : Account::of(viewer);
                button(class="button", id="own_data") { : "Download my data" }
            }
        }
    }
}

/// The contents of the form for signing up.
#[derive(Clone, Copy)]
pub struct SignUpForm<'f> {
    /// The account that it is made for.
    pub account: Account,
    /// The typed name.
    pub screen_name: &'f str,
    /// The address after signing up; ignored unless it is a path of this site.
    pub return_to: &'f str,
    /// The token of an invitation.
    pub invitation: Option<&'f str>,
    /// That invitation, while it works.
    pub found: Option<&'f Found>,
}

/// The form for signing up.
pub fn sign_up<'f>(form: &SignUpForm<'f>, errors: &'f Errors) -> impl Render + use<'f> {
    let SignUpForm { account, screen_name, return_to, invitation, found } = *form;
    let return_to = local_path(return_to);
    let name = name_field(screen_name, "30 characters at most.", errors);
    let passwords = new_password("Password", "8 characters minimum.", errors);
    owned_html! {
        form(method="post", action=paths::USERS) {
            : account;
            : invitation::views::from(found);
            @ if let Some(token) = invitation { input(type="hidden", name="invitation", value=token); }
            : field::errors(errors, "user", &[name, passwords[0], passwords[1]].map(Field::place));
            : field::line(name);
            @ for field in passwords { : field::password(field) }
            @ if let Some(return_to) = return_to { input(type="hidden", name="return_to", value=return_to); }
            button(class="button") { : "Create account" }
        }
    }
}

fn name_field<'f>(screen_name: &'f str, hint: &'static str, errors: &'f Errors) -> Field<'f> {
    Field::new("screen_name", "Screen name", screen_name, errors).autocomplete("username").hint(hint)
}

/// The two fields for a new password.
#[must_use]
pub fn new_password<'f>(label: &'static str, hint: &'static str, errors: &'f Errors) -> [Field<'f>; 2] {
    let field = |name, label| Field::new(name, label, "", errors).autocomplete("new-password");
    [field("password", label).hint(hint), field("password_confirmation", "Password confirmation")]
}

/// The values of the form for an account.
#[derive(Clone, Copy)]
pub struct EditForm<'f> {
    /// The user.
    pub id: UserId,
    /// The name.
    pub screen_name: &'f str,
    /// The text about the user.
    pub about: &'f str,
    /// Whether the site sends mail.
    pub sends_mail: bool,
}

const NAME_HINT: &str = "It can be changed 3 times in 30 days. Your profile shows the former name for 30 days, and no \
                         other user can take it for a year.";
const PASSWORD_HINT: &str = "8 characters minimum. Changing it signs you out everywhere else. Leave empty to keep your \
                             password.";

/// The form for editing an account.
pub fn edit<'f>(account: Account, form: &EditForm<'f>, errors: &'f Errors) -> impl Render + 'f {
    let EditForm { id, screen_name, about, sends_mail } = *form;
    let name = name_field(screen_name, NAME_HINT, errors);
    let about = Field::new("about", "About", about, errors).hint(FORMATTING);
    let current =
        Field::new("current_password", "Current password", "", errors).autocomplete("current-password");
    let [password, confirmation] = new_password("New password", PASSWORD_HINT, errors);
    owned_html! {
        form(method="post", action=paths::ACCOUNT) {
            : account;
            : button::method_override("patch");
            : field::errors(errors, "user", &[name, about, current, password, confirmation].map(Field::place));
            : field::line(name);
            : field::area(about);
            fieldset {
                legend { : "Change password" }
                @ for field in [current, password, confirmation] { : field::password(field) }
            }
            div(class="actions") {
                button(class="button") { : "Update profile" }
                a(class="button", href=paths::user(id)) { : "Show this user" }
                @ if sends_mail { a(class="button", href=paths::MAIL) { : "E-mail" } }
            }
        }
    }
}

/// The consequences of deleting an account, and the form that deletes it.
pub fn confirm_destroy<'f>(account: Account, user: &User, errors: &'f Errors) -> impl Render + use<'f> {
    let User { id, posts_count, comments_count, .. } = *user;
    owned_html! {
        div(class="prose") {
            p { : "This deletes your profile, ends all your sessions, and removes what you wrote:" }
            ul {
                li { : posts_count; : Raw(if posts_count == 1 { " post" } else { " posts" }) }
                li { : comment::views::count(comments_count) }
            }
            p { : "A post or comment to which others replied stays as [deleted], without your name and your words, so that theirs are not lost." }
            p { : "It can't be undone." }
        }
        : destroy_form(account, id, errors);
    }
}

/// The form that deletes an account.
pub fn destroy_form(account: Account, id: UserId, errors: &Errors) -> impl Render {
    owned_html! {
        form(method="post", action=paths::ACCOUNT, id="delete_profile") {
            : account;
            : button::method_override("delete");
            @ for sentence in errors.of("") { div(class="errors", role="alert") { p { : Text(sentence) } } }
            : field::password(Field::new("password", "Password", "", errors).autocomplete("current-password"));
            div(class="actions") {
                button(class="button danger") { : "Delete profile" }
                a(class="button", href=paths::user(id)) { : "Keep it" }
            }
        }
    }
}
