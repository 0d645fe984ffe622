//! What somebody wrote and sent without being signed in, kept until they are.
//!
//! A guest sees the forms, and a session can end while its owner writes. What they send is kept here,
//! they sign in, land where they were, and find their text in the form. It is in no address and in
//! no page on the way; a cookie finds it, for an hour.

pub mod sql;

use std::fmt::Display;

use rusqlite::Connection;

use crate::post::MAX_TEXT;
use crate::session::{Secret, Token};
use crate::ui::time::{MINUTE, Micros};
use crate::web::cookie::{self as cookies, Header};
use crate::web::cx::Viewer;
use crate::web::form::{Form, is_blank};
use crate::web::rate::Act;
use crate::web::{Cx, Error, Result};

/// How long it is kept.
pub const LIFETIME: Micros = 60 * MINUTE;
/// So many bytes of text: any that could be posted, however its letters are encoded and its lines end.
const MAX_BYTES: usize = 5 * MAX_TEXT;
/// So many at once, and so many bytes of all, URL-encoded; the oldest go for the newest. A guest can
/// write them, so they must not be able to fill the disk.
const MAX_DRAFTS: i64 = 10_000;
const MAX_BYTES_OF_ALL: i64 = 64 * 1024 * 1024;

/// Something to be kept.
pub struct NewDraft<'d> {
    /// Of which only the hash is kept.
    pub secret: &'d Secret,
    /// Where the form was sent to.
    pub path: &'d str,
    /// Its texts.
    pub form: &'d str,
    /// When.
    pub created_at: Micros,
}

/// Who sends a form that only somebody who is signed in can send.
///
/// # Errors
/// For a guest [`Error::SignIn`], which leads them back to `return_to`; the `fields` of the form that
/// they sent are kept. [`Error::TooLarge`] when they are too long for that, [`Error::TooMany`] when one
/// address sends too many; the database's.
pub fn member<'c>(cx: &'c Cx, return_to: impl Display, fields: &[&'static str]) -> Result<&'c Viewer> {
    match cx.viewer()? {
        Some(viewer) => Ok(viewer),
        None => Err(sign_in_first(cx, return_to, fields)),
    }
}

/// The way to signing in and back, for who has sent a form and is not, or no longer, signed in: as
/// [`member`] does.
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
    cx.app.rates.take(Act::WriteFrom(cx.ip()))?;
    let (path, form) = (cx.path().to_owned(), Form::of(&texts).encoded());
    let (secret, created_at, before) = (Secret::random(), cx.now, token(cx));
    let kept = secret.clone();
    let id = cx.write(move |connection| {
        if let Some(before) = &before {
            sql::forget(connection, before, None)?;
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
pub fn of(cx: &Cx, path: impl Display) -> Result<Option<Form>> {
    let Some(token) = token(cx) else {
        return Ok(None);
    };
    let (path, oldest) = (path.to_string(), cx.now - LIFETIME);
    let form = cx.read(|connection| sql::find(connection, &token, &path, oldest))?;
    Ok(form.and_then(|form| Form::parse(form.as_bytes())))
}

/// The texts of a form, one below the other: for who cannot post them, to copy them.
#[must_use]
pub fn texts(form: &Form) -> String {
    let text = |name: &&str| Some(form.text(name)).filter(|text| !is_blank(text));
    let texts: Vec<String> =
        ["title", "url", "description", "body", "about"].iter().filter_map(text).collect();
    texts.join("\n\n")
}

/// What the asker has written for `path`: it comes with the request, or was kept.
///
/// # Errors
/// The database's.
pub fn words(cx: &Cx, path: impl Display) -> Result<String> {
    match cx.method() {
        "GET" => Ok(of(cx, path)?.as_ref().map(texts).unwrap_or_default()),
        _ => Ok(cx.form().map(texts).unwrap_or_default()),
    }
}

/// There is nothing, not any more, that what was written for `path` could be about.
pub fn lost(cx: &Cx, path: impl Display) -> Error {
    match words(cx, path) {
        Ok(typed) if typed.is_empty() => Error::NotFound,
        Ok(typed) => Error::Lost { typed },
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
pub fn taken(connection: &Connection, token: Option<&Token>, path: &str) -> rusqlite::Result<()> {
    token.map_or(Ok(()), |token| sql::forget(connection, token, Some(path)))
}

/// `Set-Cookie` for one that is kept.
fn cookie(cx: &Cx, token: &Token) -> Header {
    let seconds = LIFETIME / 1_000_000;
    cookies::set(cx, "draft", token, u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// `Set-Cookie` for one that is not needed any more.
#[must_use]
pub fn clear_cookie(cx: &Cx) -> Header {
    cookies::clear(cx, "draft")
}
