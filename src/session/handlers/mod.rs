//! Handlers of signing in and signing out.

pub mod sign_in;

use std::borrow::Cow;

use rouille::Response;
use rusqlite::Connection;

use self::sign_in::{SignIn, SignedIn};
use super::{sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::auth::token::{Secret, Token};
use crate::device;
use crate::draft;
use crate::site::limiter::{Action, RetryAfter};
use crate::types::id::{SessionId, UserId};
use crate::types::time::Timestamp;
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::user::{self, Author, name, password};
use crate::vote;
use crate::web::account::Account;
use crate::web::cookie;
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS, local_path};
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};

/// `GET /sign_in`: the form.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn new(cx: &Cx) -> Result {
    let return_to = cx.query("return_to").unwrap_or_default();
    let description = format!("Sign in to post, comment and vote on {}.", cx.site_name());
    let page = Page { description: &description, return_to: &return_to, ..Page::new(cx, "Sign in")? };
    let admins = admins(cx)?;
    let form = form(cx, "", &return_to, &admins)?;
    Ok(reply::page(cx, layout::render(&page, views::sign_in(&form, &NO_ERRORS))?))
}

/// The admins that the page names.
const MAX_NAMED_ADMINS: u32 = 5;

fn admins(cx: &Cx) -> Result<Vec<Author>> {
    Ok(cx.read(|connection| user::sql::admins(connection, MAX_NAMED_ADMINS))?)
}

fn form<'f>(
    cx: &Cx,
    screen_name: &'f str,
    return_to: &'f str,
    admins: &'f [Author],
) -> Result<views::SignInForm<'f>> {
    let (has_draft, has_vote) = (draft::handlers::is_kept(cx)?, vote::pending_vote(cx).is_some());
    let account = Account::of(auth::viewer(cx)?);
    let sends_mail = cx.site.config.smtp.is_some();
    Ok(views::SignInForm {
        account,
        screen_name,
        return_to,
        has_draft,
        has_vote,
        sends_mail,
        admins,
        sign_up: cx.settings().sign_up(),
    })
}

/// `POST /sessions`: signs a user in. A wrong name or password, or too many attempts, are shown in the form.
///
/// # Errors
/// [`Error::UnsupportedMediaType`] or [`Error::BadRequest`] for a body that is not a form;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn create(cx: &Cx) -> Result {
    let form = cx.form()?;
    let (screen_name, password) = (form.line("screen_name"), form.get("password").unwrap_or_default());
    let folded = name::folded(&screen_name);
    let (account, device) = find_account(cx, &folded)?;
    if let Err(wait) = check_limits(cx, &folded, device.as_ref()) {
        return refuse(cx, &screen_name, &Errors::rate_limited(wait));
    }
    // Others' attempts must not keep the user waiting.
    let known = account.as_ref().filter(|_| device.is_some()).map(|account| account.id);
    let is_right = cx.hashing(known, |memory| match &account {
        Some(account) => password::verify(password, &account.password_hash, memory),
        // An unknown name: a hash is computed nevertheless, so that the response time does not reveal it.
        None => {
            let _ = password::verify(password, &password::DUMMY_HASH, memory);
            false
        }
    })?;
    let Some(account) = account.filter(|_| is_right) else {
        return refuse(cx, &screen_name, &incorrect_credentials());
    };
    let sign_in = SignIn::of(cx);
    let secret = sign_in.secret.clone();
    let signed_in = cx.write(move |connection| {
        // A password change since the read above has ended the user's sessions, and must prevent this one.
        if !user::sql::has_password(connection, account.id, &account.password_hash)? {
            return Ok(None);
        }
        sign_in.write(connection, account.id).map(Some)
    })?;
    let Some(signed_in) = signed_in else {
        return refuse(cx, &screen_name, &incorrect_credentials());
    };
    respond_signed_in(cx, account.id, Flash::SignedIn, secret, &signed_in)
}

/// The account with a name, and the secret of the request's device if the account's user has signed in on it
/// before.
fn find_account(cx: &Cx, folded: &str) -> Result<(Option<user::Account>, Option<Secret>)> {
    let (device, oldest) = (device::secret(cx), cx.now - device::LIFETIME);
    let found = cx.read(|connection| {
        let account = user::sql::account(connection, folded)?;
        let is_own = match (&account, &device) {
            (Some(account), Some(device)) => device::sql::exists(connection, device, account.id, oldest)?,
            _ => false,
        };
        Ok((account, is_own))
    })?;
    let (account, is_own) = found;
    Ok((account, device.filter(|_| is_own)))
}

/// Checks the limits of a sign-in by a name. On a device of its user that of the device counts, so that no other
/// client can use it up; where a copy of the device's cookie has used it up, those of all other clients.
fn check_limits(cx: &Cx, folded: &str, device: Option<&Secret>) -> std::result::Result<(), RetryAfter> {
    let limiter = &cx.site.limiter;
    let on_device = device
        .is_some_and(|device| limiter.check_and_record(Action::SignInOn((folded, &device.hash()))).is_ok());
    if on_device {
        return Ok(());
    }
    limiter.check_and_record(Action::SignInFrom(cx.ip()))?;
    limiter.check_and_record(Action::SignInAs(folded))
}

/// The response to a sign-in or sign-up: a redirect to the form's `return_to`, else to the user's page; by way of
/// [`signed_in`] where the browser may drop the cookie. It says `flash`, or that the vote of the guest was counted.
///
/// # Errors
/// [`Error::UnsupportedMediaType`] or [`Error::BadRequest`] for a body that is not a form.
pub fn respond_signed_in(
    cx: &Cx,
    user_id: UserId,
    flash: Flash,
    secret: Secret,
    signed_in: &SignedIn,
) -> Result {
    let own_page = paths::user(user_id).to_string();
    let location = cx.form()?.get("return_to").and_then(local_path).unwrap_or(&own_page);
    let location = if cookie::may_be_dropped(cx) {
        Cow::Owned(paths::with_return_to(paths::SIGNED_IN, location))
    } else {
        Cow::Borrowed(location)
    };
    let token = secret.of(signed_in.session_id.get());
    let flash = if signed_in.has_voted { Flash::VoteCast } else { flash };
    let mut response = with_cookies(cx, reply::done(cx, location, flash), &token, &signed_in.device);
    if vote::pending_vote(cx).is_some() {
        response.headers.push(vote::clear_pending_vote_cookie(cx));
    }
    Ok(response)
}

/// `GET /signed_in`: leads on after a sign-in, or says that the browser did not keep the cookie of the session.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn signed_in(cx: &Cx) -> Result {
    let return_to = cx.query("return_to");
    let return_to = return_to.as_deref().and_then(local_path).unwrap_or(paths::ACCOUNT);
    if auth::viewer(cx)?.is_some() {
        return Ok(reply::see_other(cx, return_to));
    }
    if !cookie::may_be_dropped(cx) {
        return Ok(reply::see_other(cx, paths::with_return_to(paths::SIGN_IN, return_to)));
    }
    lorem_counted_log::warn!(
        "a browser did not keep the cookie of its session, which is sent over HTTPS only: the request came over \
         plain HTTP; set --relax-ssl if the site has no HTTPS, or --trusted-proxies if a proxy ends TLS"
    );
    let page = Page { return_to, ..Page::new(cx, "You are not signed in.")? };
    Ok(reply::page(cx, layout::render(&page, views::not_kept())?))
}

/// The form error for an unknown name and for a wrong password: one text, so that it does not reveal which
/// accounts exist.
fn incorrect_credentials() -> Errors {
    Errors::one("", "That screen name or password is incorrect")
}

/// The form again, with the typed name and the errors.
fn refuse(cx: &Cx, screen_name: &str, errors: &Errors) -> Result {
    let return_to = cx.form()?.get("return_to").unwrap_or_default();
    let alert = errors.sentences().next();
    let page = Page { alert, return_to, ..Page::with_form(cx, "Sign in", errors)? };
    let admins = admins(cx)?;
    let form = form(cx, screen_name, return_to, &admins)?;
    Ok(reply::refused(cx, layout::render(&page, views::sign_in(&form, errors))?, errors))
}

/// Adds the cookies of a session and of its device to a response.
#[must_use]
pub fn with_cookies(cx: &Cx, mut response: Response, token: &Token, device: &Secret) -> Response {
    response.headers.push(auth::set_cookie(cx, token));
    response.headers.push(device::cookie(cx, device));
    response
}

/// Adds the headers to a response that delete the session's and the draft's cookie.
#[must_use]
pub fn without_cookies(cx: &Cx, mut response: Response) -> Response {
    response.headers.push(auth::clear_cookie(cx));
    response.headers.push(draft::handlers::clear_cookie(cx));
    response
}

/// `DELETE /sessions`: ends all sessions of the viewer but the present one, whose cookie gets a new secret, and
/// forgets the user's other devices.
///
/// # Errors
/// [`Error::SignIn`] for a guest, and when the session has ended meanwhile; [`Error::RateLimited`];
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn destroy_others(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::ACCOUNT)?;
    cx.site.limiter.check_and_record(Action::SessionEndIn(viewer.session_id))?;
    let (user_id, session_id, now) = (viewer.id, viewer.session_id, cx.now);
    let (secret, device) = (Secret::random(), device::secret(cx));
    let renewed = secret.clone();
    let device = auth::write_as(cx, viewer, Standing::Any, move |connection| {
        end_others(connection, user_id, session_id, &renewed, device.as_ref(), now)
    })?;
    let Some(device) = device else {
        return Err(Error::sign_in(paths::ACCOUNT));
    };
    let response = reply::done(cx, paths::user(user_id), Flash::SignedOutElsewhere);
    Ok(with_cookies(cx, response, &secret.of(session_id.get()), &device))
}

/// Ends a user's sessions but the present one, which gets a new secret, and forgets their other devices; the new
/// secret of this device.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn end_others(
    connection: &Connection,
    user_id: UserId,
    session_id: SessionId,
    secret: &Secret,
    device: Option<&Secret>,
    now: Timestamp,
) -> rusqlite::Result<Secret> {
    sql::destroy_others(connection, user_id, Some(session_id))?;
    sql::replace_secret(connection, session_id, secret, now)?;
    device::sql::forget_others(connection, device, user_id, now)
}

/// `DELETE /sessions/:id`: ends a session of the viewer, perhaps the present one.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`], also for another user's session;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn destroy(cx: &Cx, id: SessionId) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::FRONT)?;
    let user_id = viewer.id;
    // Signing out is always possible.
    if id != viewer.session_id {
        cx.site.limiter.check_and_record(Action::SessionEndIn(viewer.session_id))?;
    }
    let left = cx.write(move |connection| {
        let ended = sql::destroy(connection, id, user_id)?;
        if ended { sql::count(connection, user_id).map(Some) } else { Ok(None) }
    })?;
    let left = left.ok_or(Error::NotFound)?;
    if id == viewer.session_id {
        return Ok(without_cookies(cx, reply::done(cx, paths::user(user_id), Flash::SignedOut)));
    }
    if reply::wants_fragments(cx) {
        let changes = [
            Change::remove(format_args!("#session_{id}")),
            Change::fill("#sessions_count", left.to_string()),
            message::show_notice(cx, Flash::SignedOut),
        ];
        return Ok(reply::changes(cx, &changes));
    }
    Ok(reply::done(cx, paths::user(user_id), Flash::SignedOut))
}
