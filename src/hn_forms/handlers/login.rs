//! The user of a form: by name and password, which programs send with each act, or by the session's cookie.

use rouille::Response;

use super::super::{Purpose, views};
use crate::auth;
use crate::auth::token::Token;
use crate::session;
use crate::session::handlers::sign_in::SignIn;
use crate::site::limiter::{Action, RetryAfter};
use crate::user;
use crate::user::{name, password};
use crate::web::form::Form;
use crate::web::{Cx, Error, Result, Viewer, reply};

/// The user of a form, with a session that exists.
pub struct Login {
    /// The user.
    pub viewer: Viewer,
    /// The session's token.
    pub token: Token,
    /// Whether this request has made the session.
    pub is_new: bool,
}

/// Signs in by the fields `acct` and `pw`, or continues the session of the cookie if there are no such fields. The inner
/// error is the answer of a refused sign-in: the page with `Bad login.`, with 200 as at Hacker News, since programs look for
/// that text, or 429.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails; those of [`Cx::form`].
pub fn log_in(cx: &Cx, form: &Form) -> Result<std::result::Result<Login, Response>> {
    let Some(acct) = form.get("acct") else {
        return Ok(of_cookie(cx)?.ok_or_else(|| bad_login(cx)));
    };
    let folded = name::folded(&Form::of(&[("acct", acct.to_owned())]).line("acct"));
    let attempts = [Action::SignInFrom(cx.ip()), Action::SignInAs(&folded)];
    if let Err(wait) = attempts.iter().try_for_each(|attempt| cx.site.limiter.check_and_record(*attempt)) {
        return Ok(Err(too_fast(cx, wait)));
    }
    let account = cx.read(|connection| user::sql::account(connection, &folded))?;
    let typed = form.get("pw").unwrap_or_default();
    let is_right = cx.hashing(None, |memory| match &account {
        Some(account) => password::verify(typed, &account.password_hash, memory),
        // An unknown name costs what a known one costs, so that the response time does not reveal it.
        None => {
            let _ = password::verify(typed, &password::DUMMY_HASH, memory);
            false
        }
    })?;
    let Some(account) = account.filter(|_| is_right) else {
        return Ok(Err(bad_login(cx)));
    };
    // A right password costs no attempt, as long as there are not more of them than votes may be.
    if cx.site.limiter.check_and_record(Action::RightPasswordFrom((&folded, cx.ip()))).is_ok() {
        attempts.iter().for_each(|attempt| cx.site.limiter.take_back(*attempt));
    }
    if let Some(login) = of_cookie(cx)?.filter(|login| login.viewer.id == account.id) {
        return Ok(Ok(login));
    }
    let sign_in = SignIn::of(cx);
    let secret = sign_in.secret.clone();
    let signed_in = cx.write(move |connection| {
        // A password change since the read above has ended the user's sessions, and must prevent this one.
        if !user::sql::has_password(connection, account.id, &account.password_hash)? {
            return Ok(None);
        }
        user::sql::record_sign_in(connection, account.id, sign_in.now)?;
        let token = sign_in.secret.clone().of(sign_in.insert(connection, account.id)?.get());
        auth::sql::viewer(connection, &token)
    })?;
    Ok(match signed_in {
        Some((viewer, _)) => {
            let token = secret.of(viewer.session_id.get());
            Ok(Login { viewer, token, is_new: true })
        }
        None => Err(bad_login(cx)),
    })
}

/// The session of the request's cookie.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn of_cookie(cx: &Cx) -> Result<Option<Login>> {
    let viewer = auth::viewer(cx)?.cloned();
    Ok(viewer.zip(auth::token(cx)).map(|(viewer, token)| Login { viewer, token, is_new: false }))
}

/// Checks the token of a form that came by the session's cookie alone.
///
/// # Errors
/// [`Error::Forbidden`] for any other token than the purpose's in this session.
pub fn check_token(login: &Login, sent: Option<&str>, purpose: Purpose) -> Result<()> {
    let is_right = sent.is_some_and(|sent| purpose.is_in(&login.token, sent));
    if is_right { Ok(()) } else { Err(UNKNOWN_LINK) }
}

/// Ends the session if this request has made it: the program sends name and password again with its next act.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn end(cx: &Cx, login: &Login) -> Result<()> {
    if login.is_new {
        let (user_id, session_id) = (login.viewer.id, login.viewer.session_id);
        cx.write(move |connection| session::sql::destroy(connection, session_id, user_id))?;
    }
    Ok(())
}

const UNKNOWN_LINK: Error = Error::Forbidden("Unknown or expired link.");

fn bad_login(cx: &Cx) -> Response {
    reply::uncacheable_html(cx, views::said("Bad login."))
}

fn too_fast(cx: &Cx, wait: RetryAfter) -> Response {
    let sentence = format!("That was a little too fast. Please try again in {wait}.");
    let mut response = reply::uncacheable_html(cx, views::said(&sentence)).with_status_code(429);
    response.headers.push(("Retry-After".into(), wait.seconds.to_string().into()));
    response
}
