//! Handlers of the address of a user.

use rusqlite::Connection;

use super::{Replies, parse_address, sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::auth::token::{Secret, Token};
use crate::site::limiter::Action;
use crate::ui::layout::{self, Page};
use crate::user::handlers::{Verified, verified_hash};
use crate::user::{self, wrong_password};
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, Error, Result, Viewer, paths, reply};

/// The answer to each link that confirms nothing, whatever the reason.
const NO_LINK: Error = Error::Gone {
    heading: "That link doesn't work.",
    why: "A link to confirm an address works once, and for a day. Add the address again.",
};

const TOO_MANY: &str =
    "Too many mails went to it, or were asked for by you, within a day. Try again tomorrow";

/// `GET /user/mail`: the viewer's address.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx) -> Result {
    let viewer = auth::require_user(cx)?;
    Ok(reply::page(cx, page(cx, viewer, "", &NO_ERRORS)?))
}

fn page(cx: &Cx, viewer: &Viewer, typed: &str, errors: &Errors) -> Result<String> {
    let (addresses, replies) = cx.read(|connection| {
        let addresses = sql::addresses(connection, viewer.id, cx.now)?;
        Ok((addresses, sql::replies::wish(connection, viewer.id)?))
    })?;
    let aside = Some((paths::EDIT_ACCOUNT, "← Back to profile"));
    let page = Page { aside, ..Page::with_form(cx, "E-mail", errors)? };
    let sends_mail = cx.site.config.smtp.is_some();
    let settings = views::Settings { addresses: &addresses, replies, sends_mail, typed, errors };
    Ok(layout::render(&page, views::settings(page.account(), settings))?)
}

/// `POST /user/mail`: keeps an address for the viewer until they confirm it, if the form has their password: mails to it
/// can set the password. The form shows errors that the user can correct, and a rate limit.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`] where the site sends no mail; [`Error::UnsupportedMediaType`] or
/// [`Error::BadRequest`] for a body that is not a form; [`Error::Unavailable`] when no permit to hash comes in time;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn update(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::MAIL)?;
    if cx.site.config.smtp.is_none() {
        return Err(Error::NotFound);
    }
    let form = cx.form()?;
    let typed = form.line("address");
    let refuse = |errors: &Errors| Ok(reply::refused(cx, page(cx, viewer, &typed, errors)?, errors));
    let address = match parse_address(&typed) {
        Ok(address) => address.to_string(),
        Err(sentence) => return refuse(&Errors::one("address", sentence)),
    };
    let hash = match verified_hash(cx, viewer, form.get("current_password"))? {
        Verified::Right(hash) => hash,
        Verified::Wrong => return refuse(&wrong_password()),
        Verified::TooFast(wait) => return refuse(&Errors::rate_limited(wait)),
    };
    let (user_id, now) = (viewer.id, cx.now);
    let asked = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        // Another request may have changed the password since it was verified.
        if !user::sql::has_password(connection, user_id, &hash)? {
            return Ok(Err(wrong_password()));
        }
        let is_queued = sql::ask_to_confirm(connection, user_id, &address, now)?;
        Ok(if is_queued { Ok(()) } else { Err(Errors::one("address", TOO_MANY)) })
    })?;
    match asked {
        Some(Ok(())) => Ok(reply::done(cx, paths::MAIL, Flash::AddressAsked)),
        Some(Err(errors)) => refuse(&errors),
        None => Err(Error::sign_in(paths::MAIL)),
    }
}

/// `POST /user/mail/replies`: sets how the viewer wants replies by mail.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`] without a confirmed address, or where the site sends no mail;
/// [`Error::RateLimited`]; [`Error::UnsupportedMediaType`] or [`Error::BadRequest`] for a body that is not a form;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn choose_replies(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::MAIL)?;
    if cx.site.config.smtp.is_none() {
        return Err(Error::NotFound);
    }
    let Some(wish) = cx.form()?.get("replies").and_then(Replies::of) else {
        let errors = Errors::one("replies", "Replies by mail come never, at once, or once a day");
        return Ok(reply::refused(cx, page(cx, viewer, "", &errors)?, &errors));
    };
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let (user_id, secret) = (viewer.id, Secret::random());
    let set = move |connection: &Connection| sql::replies::set_wish(connection, user_id, wish, &secret);
    match auth::write_as(cx, viewer, Standing::Any, set)? {
        Some(true) => Ok(reply::done(cx, paths::MAIL, Flash::RepliesChosen)),
        Some(false) => Err(Error::NotFound),
        None => Err(Error::sign_in(paths::MAIL)),
    }
}

/// `DELETE /user/mail`: forgets the viewer's addresses. Repeating it changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn remove(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::MAIL)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let user_id = viewer.id;
    match auth::write_as(cx, viewer, Standing::Any, move |connection| sql::forget(connection, user_id))? {
        Some(()) => Ok(reply::done(cx, paths::MAIL, Flash::AddressRemoved)),
        None => Err(Error::sign_in(paths::MAIL)),
    }
}

/// `GET /confirm/:token`: asks whether the address is the user's.
///
/// # Errors
/// [`Error::Gone`] for a link that does not work; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn confirmation(cx: &Cx, token: &str) -> Result {
    let parsed = Token::parse(token).ok_or(NO_LINK)?;
    let found = cx.read(|connection| sql::confirmation(connection, &parsed, cx.now))?;
    let (address, screen_name) = found.ok_or(NO_LINK)?;
    // Nothing that the page shows may lead back to the link.
    let page = Page { path: "", return_to: "", ..Page::new(cx, "Confirm address")? };
    let html = layout::render(&page, views::confirm(&paths::confirm(&token), &address, &screen_name))?;
    Ok(reply::secret(reply::html(cx, html)))
}

/// `POST /confirm/:token`: confirms the address.
///
/// # Errors
/// [`Error::Gone`] for a link that does not work; [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`] when
/// the database fails.
pub fn confirm(cx: &Cx, token: &str) -> Result {
    let parsed = Token::parse(token).ok_or(NO_LINK)?;
    cx.site.limiter.check_and_record(Action::LinkFrom(cx.ip()))?;
    let now = cx.now;
    if !cx.write(move |connection| sql::confirm(connection, &parsed, now))? {
        return Err(NO_LINK);
    }
    Ok(reply::secret(reply::done(cx, paths::FRONT, Flash::AddressConfirmed)))
}

/// `GET /unsubscribe/:token`: asks whether replies by mail shall end.
///
/// # Errors
/// [`Error::NotFound`] for a wrong link; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn ask_to_unsubscribe(cx: &Cx, token: &str) -> Result {
    let parsed = Token::parse(token).ok_or(Error::NotFound)?;
    if !cx.read(|connection| sql::replies::is_of_link(connection, &parsed))? {
        return Err(Error::NotFound);
    }
    let page = Page { path: "", return_to: "", ..Page::new(cx, "Replies by mail")? };
    let html = layout::render(&page, views::unsubscribe(&paths::unsubscribe(&token)))?;
    Ok(reply::secret(reply::html(cx, html)))
}

/// `POST /unsubscribe/:token`: ends replies by mail. A mail program sends it, without a page and without cookies, when its
/// user presses a button (RFC 8058): so the form does not matter, and the answer is no redirect. Repeating it changes
/// nothing.
///
/// # Errors
/// [`Error::NotFound`] for a wrong link; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn unsubscribe(cx: &Cx, token: &str) -> Result {
    let parsed = Token::parse(token).ok_or(Error::NotFound)?;
    // A wrong link costs the writer nothing.
    if !cx.read(|connection| sql::replies::is_of_link(connection, &parsed))?
        || !cx.write(move |connection| sql::replies::unsubscribe(connection, &parsed))?
    {
        return Err(Error::NotFound);
    }
    let page = Page::new(cx, "Replies by mail")?;
    Ok(reply::secret(reply::html(cx, layout::render(&page, views::unsubscribed())?)))
}
