//! Handlers of links to set a new password. Their addresses hold a secret: no response is stored, and none tells the
//! address to other sites.

use super::{Found, sql, views};
use crate::auth::token::Token;
use crate::mail::{self, MAX_ADDRESS_BYTES};
use crate::site::limiter::Action;
use crate::text::is_blank;
use crate::ui::layout::{self, Page};
use crate::user::{self, name};
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, Error, Result, paths, reply};

/// The answer to each link that does not work, whatever the reason.
const NO_LINK: Error = Error::Gone {
    heading: "That link doesn't work.",
    why: "A link to set a new password works once, and for an hour. Ask for another one.",
};

/// `GET /reset`: the form that asks for a link by mail.
///
/// # Errors
/// [`Error::NotFound`] where the site sends no mail; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn ask(cx: &Cx) -> Result {
    require_mail(cx)?;
    let description = "Get a link by mail to set a new password.";
    let page = Page { description, ..Page::new(cx, "Forgotten password")? };
    Ok(reply::page(cx, layout::render(&page, views::ask(page.account(), "", &NO_ERRORS))?))
}

fn require_mail(cx: &Cx) -> Result<()> {
    if cx.site.config.smtp.is_some() { Ok(()) } else { Err(Error::NotFound) }
}

/// `POST /reset`: keeps the name or address, for which the mailer looks afterwards. So the answer, and the time that it
/// takes, do not depend on whether there is such a user.
///
/// # Errors
/// [`Error::NotFound`] where the site sends no mail; [`Error::UnsupportedMediaType`] or [`Error::BadRequest`] for a body that
/// is not a form; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn request(cx: &Cx) -> Result {
    require_mail(cx)?;
    let form = cx.form()?;
    let typed = form.line("who");
    let mut errors = Errors::default();
    if is_blank(&typed) {
        errors.add("who", "Screen name or e-mail address can't be blank");
    } else if typed.len() > MAX_ADDRESS_BYTES {
        errors.add("who", "Screen name or e-mail address is too long");
    }
    let errors = errors.or_rate_limited(&cx.site.limiter, Action::ResetAskedFrom(cx.ip()));
    if !errors.is_empty() {
        let page = Page::with_form(cx, "Forgotten password", &errors)?;
        let html = layout::render(&page, views::ask(page.account(), &typed, &errors))?;
        return Ok(reply::refused(cx, html, &errors));
    }
    let (folded, now) = (name::folded(&typed), cx.now);
    cx.write(move |connection| mail::sql::request_reset(connection, &folded, now))?;
    Ok(reply::done(cx, paths::SIGN_IN, Flash::ResetAsked))
}

/// `GET /reset/:token`: the form for a new password.
///
/// # Errors
/// [`Error::Gone`] for a link that does not work; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn edit(cx: &Cx, token: &str) -> Result {
    let (_, found) = find(cx, token)?;
    Ok(reply::secret(reply::html(cx, page(cx, token, &found, &NO_ERRORS)?)))
}

fn find(cx: &Cx, token: &str) -> Result<(Token, Found)> {
    let token = Token::parse(token).ok_or(NO_LINK)?;
    let found = cx.read(|connection| sql::find(connection, &token, cx.now))?;
    Ok((token, found.ok_or(NO_LINK)?))
}

fn page(cx: &Cx, token: &str, found: &Found, errors: &Errors) -> Result<String> {
    // Nothing that the page shows may lead back to the link.
    let page = Page { path: "", return_to: "", ..Page::with_form(cx, "New password", errors)? };
    let action = paths::reset(&token);
    Ok(layout::render(&page, views::edit(&action, found, errors))?)
}

/// `POST /reset/:token`: sets a new password, ends all sessions of the user, and leads to the sign-in. It signs nobody in:
/// the secret in the address is the only proof that is asked for, so that another site could sign a reader in with it.
///
/// # Errors
/// [`Error::Gone`] for a link that does not work; [`Error::UnsupportedMediaType`] or [`Error::BadRequest`] for a body that
/// is not a form; [`Error::Unavailable`] when no permit to hash comes in time; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn update(cx: &Cx, token: &str) -> Result {
    let form = cx.form()?;
    let (parsed, found) = find(cx, token)?;
    let (password, confirmation) =
        (form.get("password").unwrap_or_default(), form.get("password_confirmation"));
    let errors = user::new_password_errors(password, confirmation, &found.screen_name);
    let errors = errors.or_rate_limited(&cx.site.limiter, Action::LinkFrom(cx.ip()));
    if !errors.is_empty() {
        return Ok(reply::secret(reply::refused(cx, page(cx, token, &found, &errors)?, &errors)));
    }
    let hash = user::handlers::hash(cx, password, None)?;
    let now = cx.now;
    let is_set = cx.write(move |connection| match sql::find(connection, &parsed, now)? {
        Some(found) => sql::set_password(connection, found.user_id, &hash, found.is_by_mail).map(|()| true),
        None => Ok(false), // Another request has used it meanwhile.
    })?;
    if !is_set {
        return Err(NO_LINK);
    }
    Ok(reply::secret(reply::done(cx, paths::SIGN_IN, Flash::PasswordReset)))
}
