//! Keeping what a guest sent, and finding it again.

use std::fmt::Display;

use rusqlite::Connection;

use super::{LIFETIME, MAX_BYTES, MAX_BYTES_OF_ALL, MAX_DRAFTS, NewDraft, sql};
use crate::auth;
use crate::auth::token::{Secret, Token};
use crate::site::limiter::Action;
use crate::web::cookie::{self as cookies, Header};
use crate::web::form::Form;
use crate::web::{Cx, Error, Result, Viewer};

/// Who sends a form that only somebody who is signed in can send.
///
/// # Errors
/// For a guest [`Error::SignIn`], which leads them back to `return_to`; the `fields` of the form that
/// they sent are kept. [`Error::TooLarge`] when they are too long for that, [`Error::RateLimited`] when one
/// address sends too many; the database's.
pub fn require_user<'c>(cx: &'c Cx, return_to: impl Display, fields: &[&'static str]) -> Result<&'c Viewer> {
    match auth::viewer(cx)? {
        Some(viewer) => Ok(viewer),
        None => Err(sign_in_first(cx, return_to, fields)),
    }
}

/// The way to signing in and back, for who has sent a form and is not, or no longer, signed in: as
/// [`require_user`] does.
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
    let texts: Vec<(&str, String)> =
        fields.iter().filter_map(|&name| Some((name, form.get(name)?.to_owned()))).collect();
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
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
    let (secret, created_at, before) = (Secret::random(), cx.now, token(cx));
    let kept = secret.clone();
    let id = cx.write(move |connection| {
        if let Some(before) = &before {
            sql::delete(connection, before, None)?;
        }
        sql::remove_before(connection, created_at - LIFETIME)?;
        let draft = NewDraft { secret: &secret, path: &path, form: &form, created_at };
        let id = sql::create(connection, &draft)?;
        sql::remove_beyond(connection, id - MAX_DRAFTS, MAX_BYTES_OF_ALL)?;
        Ok(id)
    })?;
    Ok(Some(kept.of(id)))
}

/// What the asker had sent to `path` before they were led to signing in.
///
/// # Errors
/// The database's.
pub fn find(cx: &Cx, path: impl Display) -> Result<Option<Form>> {
    let Some(token) = token(cx) else {
        return Ok(None);
    };
    let (path, oldest) = (path.to_string(), cx.now - LIFETIME);
    let form = cx.read(|connection| sql::find(connection, &token, &path, oldest))?;
    Ok(form.and_then(|form| Form::parse(form.as_bytes())))
}

/// What the asker has written for `path`: it comes with the request, or was kept.
///
/// # Errors
/// The database's.
pub fn written_text(cx: &Cx, path: impl Display) -> Result<String> {
    match cx.method() {
        "GET" => Ok(find(cx, path)?.as_ref().map(Form::texts).unwrap_or_default()),
        _ => Ok(cx.form().map(Form::texts).unwrap_or_default()),
    }
}

/// There is nothing, not any more, that what was written for `path` could be about.
pub fn target_deleted(cx: &Cx, path: impl Display) -> Error {
    match written_text(cx, path) {
        Ok(typed) if typed.is_empty() => Error::NotFound,
        Ok(typed) => Error::TargetDeleted { typed },
        Err(error) => error,
    }
}

/// Whether anything that the asker wrote is kept.
///
/// # Errors
/// The database's.
pub fn is_kept(cx: &Cx) -> Result<bool> {
    let Some(token) = token(cx) else {
        return Ok(false);
    };
    Ok(cx.read(|connection| sql::exists(connection, &token, cx.now - LIFETIME))?)
}

/// What the request's cookie holds.
#[must_use]
pub fn token(cx: &Cx) -> Option<Token> {
    cookies::get(cx, "draft").and_then(Token::parse)
}

/// Forgets the draft of a form that has now been taken: in the transaction that takes it.
///
/// # Errors
/// The database's.
pub fn delete_sent(connection: &Connection, token: Option<&Token>, path: &str) -> rusqlite::Result<()> {
    token.map_or(Ok(()), |token| sql::delete(connection, token, Some(path)))
}

/// `Set-Cookie` for one that is kept.
fn cookie(cx: &Cx, token: &Token) -> Header {
    cookies::set(cx, "draft", token, u32::try_from(LIFETIME.as_secs()).unwrap_or(u32::MAX))
}

/// `Set-Cookie` for one that is not needed any more.
#[must_use]
pub fn clear_cookie(cx: &Cx) -> Header {
    cookies::clear(cx, "draft")
}
