//! Signing up: open to all, by invitation, or to nobody.

use rusqlite::Connection;

use super::super::look_alike::ComparedName;
use super::super::{NameRefusal, NewUser, check_confirmation, check_name, check_new_password, sql, views};
use super::hash;
use crate::auth::token::Token;
use crate::invitation::{self, Found};
use crate::session::handlers::respond_signed_in;
use crate::session::handlers::sign_in::{SignIn, SignedIn};
use crate::site::limiter::Action;
use crate::site::settings::SignUp;
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::ui::layout::{self, Page};
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, Error, Result, reply};

/// The query parameter and the field with the token of an invitation.
const INVITATION: &str = "invitation";
const CLOSED: Error = Error::Forbidden("This site takes no new users.");
const BY_INVITATION: Error =
    Error::Forbidden("New members join this site by invitation. Ask a member for one.");
/// The mistake at the form where the invitation ended meanwhile.
const ENDED: &str = "This invitation doesn't work any more: it was used or withdrawn, or is older than 14 days. Ask for another one";

/// `GET /sign_up`: the form, or how the site takes members.
///
/// # Errors
/// [`Error::Forbidden`] where the site takes no new users; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn new(cx: &Cx) -> Result {
    let who = cx.settings_of_now()?.sign_up();
    if who == SignUp::Closed {
        return Err(CLOSED);
    }
    let typed = cx.query(INVITATION);
    let found = find(cx, typed.as_deref())?;
    if who == SignUp::Invited && found.is_none() {
        return by_invitation(cx, typed.is_some());
    }
    let return_to = cx.query("return_to").unwrap_or_default();
    let description = format!("Create an account to post, comment and vote on {}.", cx.site_name());
    let page = Page { description: &description, return_to: &return_to, ..Page::new(cx, "Sign up")? };
    // Nothing that the page shows but the form may lead back to the invitation.
    let page = if found.is_some() { Page { path: "", ..page } } else { page };
    let form = views::SignUpForm {
        account: page.account(),
        screen_name: "",
        return_to: &return_to,
        invitation: found.as_ref().and(typed.as_deref()),
        found: found.as_ref(),
    };
    let html = layout::render(&page, views::sign_up(&form, &NO_ERRORS))?;
    Ok(if found.is_some() { reply::secret_form(reply::html(cx, html)) } else { reply::page(cx, html) })
}

/// The invitation that works with this token.
fn find(cx: &Cx, token: Option<&str>) -> Result<Option<Found>> {
    let Some(token) = token.and_then(Token::parse) else { return Ok(None) };
    Ok(cx.read(|connection| invitation::sql::find(connection, &token, cx.now))?)
}

/// The page for a person without an invitation that works: 403, and 404 for a link that does not work.
fn by_invitation(cx: &Cx, has_token: bool) -> Result {
    let heading = if has_token { "That invitation doesn't work" } else { "By invitation" };
    let page = Page { path: "", return_to: "", ..Page::new(cx, heading)? };
    let html = layout::render(&page, invitation::views::by_invitation(has_token))?;
    Ok(reply::secret(reply::html(cx, html)).with_status_code(if has_token { 404 } else { 403 }))
}

/// What has become of a sign-up.
enum Outcome {
    Done(UserId, SignedIn),
    NameTaken,
    /// The invitation that it needs does not work any more.
    NotInvited,
}

/// `POST /users`: signs a user up and in, and uses their invitation up. The form shows errors that the user can correct, and
/// a rate limit.
///
/// # Errors
/// [`Error::Forbidden`] where the site takes no new users, and without an invitation where it takes members by invitation;
/// [`Error::UnsupportedMediaType`] or [`Error::BadRequest`] for a malformed form; [`Error::Unavailable`] when no permit to hash
/// comes in time; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn create(cx: &Cx) -> Result {
    let who = cx.settings_of_now()?.sign_up();
    if who == SignUp::Closed {
        return Err(CLOSED);
    }
    let form = cx.form()?;
    let typed = form.get(INVITATION);
    if who == SignUp::Invited && typed.is_none() {
        return Err(BY_INVITATION);
    }
    let found = find(cx, typed)?;
    let screen_name = form.line("screen_name");
    let mut errors = check(cx, &screen_name)?;
    if who == SignUp::Invited && found.is_none() {
        errors.add("", ENDED);
    }
    let errors = errors.or_rate_limited(&cx.site.limiter, Action::SignUpFrom(cx.ip()));
    if !errors.is_empty() {
        return refuse(cx, &screen_name, found.as_ref(), &errors);
    }
    let password_hash = hash(cx, form.get("password").unwrap_or_default(), None)?;
    // An admin may have closed the site while the password waited to be hashed.
    let who = match cx.settings_of_now()?.sign_up() {
        SignUp::Closed => return Err(CLOSED),
        who => who,
    };
    let (sign_in, name, now) = (SignIn::of(cx), screen_name.clone(), cx.now);
    let (secret, token) = (sign_in.secret.clone(), typed.and_then(Token::parse));
    let outcome = cx.write(move |connection| {
        let invitation = find_again(connection, token.as_ref(), now)?;
        if who == SignUp::Invited && invitation.is_none() {
            return Ok(Outcome::NotInvited);
        }
        let user = NewUser { screen_name: &name, password_hash: &password_hash, about: "", created_at: now };
        let Some(id) = sql::create(connection, &user)? else {
            return Ok(Outcome::NameTaken);
        };
        if let Some(invitation) = invitation {
            invitation::sql::accept(connection, invitation.id, id, now)?;
        }
        Ok(Outcome::Done(id, sign_in.write(connection, id)?))
    })?;
    match outcome {
        Outcome::Done(id, signed_in) => respond_signed_in(cx, id, Flash::SignedUp, secret, &signed_in),
        Outcome::NameTaken => refuse(cx, &screen_name, found.as_ref(), &NameRefusal::Taken.errors()),
        Outcome::NotInvited => refuse(cx, &screen_name, None, &Errors::one("", ENDED)),
    }
}

/// The invitation in the transaction that uses it: another request may have done so since it was read.
fn find_again(
    connection: &Connection,
    token: Option<&Token>,
    now: Timestamp,
) -> rusqlite::Result<Option<Found>> {
    token.map_or(Ok(None), |token| invitation::sql::find(connection, token, now))
}

/// The mistakes in the name and the password of the form.
fn check(cx: &Cx, screen_name: &str) -> Result<Errors> {
    let (form, now) = (cx.form()?, cx.now);
    let password = form.get("password").unwrap_or_default();
    let compared = ComparedName::of(screen_name);
    let refusal = cx.read(|connection| sql::names::refusal(connection, &compared, None, now))?;
    let mut errors = Errors::default();
    if password.is_empty() {
        errors.add("password", "Password can't be blank");
    } else {
        check_confirmation(&mut errors, password, form.get("password_confirmation"));
    }
    check_name(&mut errors, form.get("screen_name").unwrap_or_default(), screen_name, refusal);
    if !password.is_empty() {
        check_new_password(&mut errors, password, &[screen_name]);
    }
    Ok(errors)
}

fn refuse(cx: &Cx, screen_name: &str, found: Option<&Found>, errors: &Errors) -> Result {
    let form = cx.form()?;
    let (return_to, invitation) = (form.get("return_to").unwrap_or_default(), form.get(INVITATION));
    let page = Page { return_to, ..Page::with_form(cx, "Sign up", errors)? };
    let form = views::SignUpForm { account: page.account(), screen_name, return_to, invitation, found };
    let html = layout::render(&page, views::sign_up(&form, errors))?;
    let response = reply::refused(cx, html, errors);
    Ok(if invitation.is_some() { reply::secret_form(response) } else { response })
}
