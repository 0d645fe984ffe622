//! Keeping the form that a guest sent, and finding it again.

use std::fmt::Display;

use rusqlite::Connection;

use super::{FIELD, LIFETIME, MAX_BYTES, MAX_BYTES_OF_ALL, MAX_DRAFTS, NewDraft, sql};
use crate::auth;
use crate::auth::token::{Secret, Token};
use crate::site::limiter::Action;
use crate::types::id::{DraftId, PostId};
use crate::web::account::{self, MadeFor};
use crate::web::cookie::{self as cookies, FormerCookie, Header};
use crate::web::form::Form;
use crate::web::{Cx, Error, Result, Viewer};

/// The name of a draft's cookie.
const DRAFT: &str = "draft";

/// The user who sends a form, which only a signed-in user may send.
///
/// # Errors
/// For a guest [`Error::SignIn`], which leads back to `return_to`; the texts of `fields` are kept as a draft.
/// [`Error::TooLarge`] when they are too long to be kept, [`Error::RateLimited`] when the client's address
/// sends too many; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn require_user<'c>(cx: &'c Cx, return_to: impl Display, fields: &[&'static str]) -> Result<&'c Viewer> {
    match auth::viewer(cx)? {
        Some(viewer) => Ok(viewer),
        None => Err(sign_in_first(cx, return_to, fields)),
    }
}

/// The error that leads a client without a session to the sign-in page and back, with the texts of `fields`
/// kept as a draft: see [`require_user`].
pub fn sign_in_first(cx: &Cx, return_to: impl Display, fields: &[&'static str]) -> Error {
    match keep(cx, fields) {
        Ok(token) => {
            Error::SignIn { return_to: return_to.to_string(), cookie: token.map(|token| cookie(cx, &token)) }
        }
        Err(error) => error,
    }
}

fn keep(cx: &Cx, fields: &[&'static str]) -> Result<Option<Token>> {
    let form = cx.form()?;
    let value = |name: &'static str| Some((name, form.get(name)?.to_owned()));
    let mut texts: Vec<(&str, String)> = fields.iter().filter_map(|&name| value(name)).collect();
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    texts.extend(value(account::FIELD));
    if bytes == 0 {
        return Ok(None);
    }
    if bytes > MAX_BYTES {
        return Err(Error::TooLarge(
            "You are not signed in, and this is too long to be kept until you are. \
             Your browser's way back should still have it.",
        ));
    }
    cx.site.limiter.check_and_record(Action::WriteFrom(cx.ip()))?;
    let (path, form) = (cx.path().to_owned(), Form::of(&texts).encoded());
    let (secret, created_at, former) = (Secret::random(), cx.now, token(cx));
    let kept = secret.clone();
    let id = cx.write(move |connection| {
        if let Some(former) = &former {
            sql::delete(connection, former, None)?;
        }
        sql::remove_before(connection, created_at - LIFETIME)?;
        let draft = NewDraft { secret: &secret, path: &path, form: &form, created_at };
        let id = sql::create(connection, &draft)?;
        sql::remove_beyond(connection, id - MAX_DRAFTS, MAX_BYTES_OF_ALL)?;
        Ok(id)
    })?;
    Ok(Some(kept.of(id)))
}

/// The draft of the form that this browser sent to `path`. If the form was made for another account than the
/// viewer's, so is this request from now on: see [`Cx::or_other_account`].
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn find(cx: &Cx, path: impl Display) -> Result<Option<Form>> {
    let Some(token) = token(cx) else {
        return Ok(None);
    };
    let (path, oldest) = (path.to_string(), cx.now - LIFETIME);
    let form = cx.read(|connection| sql::find(connection, &token, &path, oldest))?;
    take_former_cookie(cx, form.is_some());
    let form = form.and_then(|form| Form::parse(form.as_bytes()));
    let account = form.as_ref().and_then(|form| form.get(account::FIELD));
    if let (Some(account), Some(viewer)) = (account, auth::viewer(cx)?)
        && MadeFor::compare(account, viewer) == MadeFor::Other
    {
        cx.made_for.set(MadeFor::Other);
    }
    Ok(form)
}

/// The texts of the form for `path`: those in the request, or for `GET` those of the draft.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn written_text(cx: &Cx, path: impl Display) -> Result<String> {
    match cx.method() {
        "GET" => Ok(find(cx, path)?.as_ref().map(Form::texts).unwrap_or_default()),
        _ => Ok(cx.typed()),
    }
}

/// The error for a form whose post or comment is gone: [`Error::TargetDeleted`] with what was typed into it and the
/// draft of a comment that keeps it, or [`Error::NotFound`] when that is nothing.
#[must_use]
pub fn target_deleted(typed: String, draft: Option<(DraftId, PostId)>) -> Error {
    if typed.is_empty() { Error::NotFound } else { Error::TargetDeleted { typed, draft } }
}

/// Whether a draft of this browser is kept.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn is_kept(cx: &Cx) -> Result<bool> {
    let Some(token) = token(cx) else {
        return Ok(false);
    };
    let is_kept = cx.read(|connection| sql::exists(connection, &token, cx.now - LIFETIME))?;
    take_former_cookie(cx, is_kept);
    Ok(is_kept)
}

/// Gives the cookie of a draft that exists its present name.
fn take_former_cookie(cx: &Cx, exists: bool) {
    if let Some(cookie) = cookies::get_or_former(cx, DRAFT).filter(|_| exists) {
        cookies::take(cx, cookie, LIFETIME, FormerCookie::Deleted);
    }
}

/// The id and secret in the request's `draft` cookie.
#[must_use]
pub fn token(cx: &Cx) -> Option<Token> {
    Token::parse(cookies::get_or_former(cx, DRAFT)?.value)
}

/// The draft of a comment that the form was filled with.
#[must_use]
pub fn named(form: &Form) -> Option<DraftId> {
    form.get(FIELD).and_then(DraftId::from_path)
}

/// Deletes the draft of a form that was accepted, in the transaction that accepts it.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn delete_sent(connection: &Connection, token: Option<&Token>, path: &str) -> rusqlite::Result<()> {
    token.map_or(Ok(()), |token| sql::delete(connection, token, Some(path)))
}

/// The `Set-Cookie` header for a kept draft.
fn cookie(cx: &Cx, token: &Token) -> Header {
    cookies::set(cx, DRAFT, token, LIFETIME)
}

/// The `Set-Cookie` header that deletes the cookie.
#[must_use]
pub fn clear_cookie(cx: &Cx) -> Header {
    cookies::clear(cx, DRAFT)
}
