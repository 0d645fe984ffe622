//! Authentication and authorization: the viewer, found by the session cookie at most once in a request, and
//! the rules for pages and writes that need one.

pub mod sql;
pub mod token;

use std::fmt::Display;
use std::time::Duration;

use rusqlite::Connection;

use crate::text::isolated;
use crate::types::id::UserId;
use crate::types::time::{DAY, HOUR};
use crate::web::account::{self, MadeFor};
use crate::web::cookie::{self, Cookie, FormerCookie, Header};
use crate::web::{Cx, Error, Result, Viewer};
use token::Token;

/// The name of the session's cookie.
const SESSION: &str = "session";
/// The longest that browsers keep a cookie (RFC 6265bis §5.5).
const COOKIE_MAX_AGE: Duration = DAY.saturating_mul(400);

/// The signed-in user of the request, by its session cookie; looked up once. `None` for a guest.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn viewer<'c>(cx: &'c Cx) -> Result<Option<&'c Viewer>> {
    let cell = cx.viewer_cell();
    if cell.get().is_none() {
        let _ = cell.set(find_viewer(cx)?);
    }
    Ok(cell.get().and_then(Option::as_ref))
}

fn find_viewer(cx: &Cx) -> Result<Option<Viewer>> {
    if cx.is_of_api() {
        return find_api_viewer(cx);
    }
    let cookie = session_cookie(cx);
    let Some((cookie, token)) = cookie.and_then(|cookie| Some((cookie, Token::parse(cookie.value)?))) else {
        return Ok(None);
    };
    let Some((viewer, last_used_at)) = cx.read(|connection| sql::viewer(connection, &token))? else {
        return Ok(None);
    };
    cookie::take(cx, cookie, COOKIE_MAX_AGE, FormerCookie::Deleted);
    // Once a day is enough to tell a used session from one to remove. The request does not wait for the
    // write: pages are read while the disk is full or another process has the lock.
    if last_used_at < cx.now - DAY {
        let (id, now) = (viewer.session_id, cx.now);
        let touched = cx.site.db.write_later(move |connection| sql::touch(connection, id, now));
        if let Err(error) = touched {
            lorem_counted_log::warn!("recording the use of session {id}: {error}");
        }
    }
    Ok(Some(viewer))
}

/// The user of the token in the header `Authorization: Bearer …` (RFC 6750 §2.1).
fn find_api_viewer(cx: &Cx) -> Result<Option<Viewer>> {
    let header = cx.request.header("Authorization").and_then(|header| header.split_once(' '));
    let token = header.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
    let Some(token) = token.and_then(|(_, token)| Token::parse(token.trim())) else {
        return Ok(None);
    };
    let Some((viewer, last_used_at)) = cx.read(|connection| sql::api_viewer(connection, &token))? else {
        return Ok(None);
    };
    // Once an hour is enough to tell a used token from one to revoke; the request does not wait for the write, as above.
    if let Some(grant) = viewer.grant
        && last_used_at.is_none_or(|last| last < cx.now - HOUR)
    {
        let (id, now) = (grant.token_id, cx.now);
        let touched = cx.site.db.write_later(move |connection| sql::touch_token(connection, id, now));
        if let Err(error) = touched {
            lorem_counted_log::warn!("recording the use of token {id}: {error}");
        }
    }
    Ok(Some(viewer))
}

/// The id of the viewer; `None` for a guest.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn viewer_id(cx: &Cx) -> Result<Option<UserId>> {
    Ok(viewer(cx)?.map(|viewer| viewer.id))
}

/// The viewer, for pages that are not open to guests.
///
/// # Errors
/// [`Error::SignIn`] for a guest, which leads back to this page after the sign-in; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn require_user<'c>(cx: &'c Cx) -> Result<&'c Viewer> {
    require_user_or_return(cx, cx.request.raw_url())
}

/// The viewer, as [`require_user`] has it, with another page to return to.
///
/// # Errors
/// [`Error::SignIn`] for a guest, which leads to `return_to` after the sign-in; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn require_user_or_return<'c>(cx: &'c Cx, return_to: impl Display) -> Result<&'c Viewer> {
    viewer(cx)?.ok_or_else(|| Error::sign_in(return_to))
}

/// The viewer, if not banned: for pages with forms that write.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn require_active_user<'c>(cx: &'c Cx) -> Result<&'c Viewer> {
    refuse_banned(cx)?;
    require_user(cx)
}

/// The viewer, if an admin. Others get 403 and not 404: the public log shows that pages for admins exist.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Forbidden`] for other
/// users; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn require_admin<'c>(cx: &'c Cx) -> Result<&'c Viewer> {
    let viewer = require_active_user(cx)?;
    if viewer.is_admin { Ok(viewer) } else { Err(NOT_AN_ADMIN) }
}

/// The refusal of a user who is no admin.
pub const NOT_AN_ADMIN: Error = Error::Forbidden("Only an admin can do this.");

/// Refuses a banned viewer.
///
/// # Errors
/// [`Error::Moderated`], with the texts of the request's form; [`Error::Unavailable`] or [`Error::Internal`]
/// when the database fails.
pub fn refuse_banned(cx: &Cx) -> Result<()> {
    match ban(cx)? {
        Some(sentence) => Err(Error::Moderated { why: sentence, typed: cx.typed() }),
        None => Ok(()),
    }
}

/// The sentence for a banned viewer, with the reason, in place of the forms that they cannot send; `None` for others.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn ban(cx: &Cx) -> Result<Option<String>> {
    let Some(viewer) = viewer(cx)?.filter(|viewer| viewer.is_banned) else {
        return Ok(None);
    };
    let reason = cx.read(|connection| sql::ban_reason(connection, viewer.id))?.unwrap_or_default();
    Ok(Some(ban_sentence(&reason)))
}

/// Compares the account that the request's form was made for with the viewer's, and remembers the outcome in
/// [`Cx::made_for`]. A form that does not say is the viewer's; one that reaches a guest leads to the sign-in, as
/// every form does.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn compare_account(cx: &Cx) -> Result<()> {
    let Some(sent) = cx.form().ok().and_then(|form| form.get(account::FIELD)) else {
        return Ok(());
    };
    if let Some(viewer) = viewer(cx)? {
        cx.made_for.set(MadeFor::compare(sent, viewer));
    }
    Ok(())
}

/// The refusal of a form that was made for another account; `None` when it was made for the viewer.
#[must_use]
pub fn other_account(cx: &Cx) -> Option<Error> {
    let screen_name = cx.other_viewer()?.screen_name.clone();
    Some(Error::OtherAccount { screen_name, typed: cx.typed() })
}

fn ban_sentence(reason: &str) -> String {
    format!("You are banned: {}", isolated(reason))
}

/// The users that a write is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Users who are not banned.
    Active,
    /// All users: the write concerns only the user's own account.
    Any,
}

/// Writes as the viewer. The transaction checks that the session, or the token, still exists and that the viewer has not
/// been banned since the request arrived, and then runs `work`, which may run twice, see [`Cx::write`].
/// `None`: it has ended, perhaps because the account was deleted.
///
/// # Errors
/// [`Error::Moderated`] for a banned user, unless `standing` is [`Standing::Any`]; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn write_as<T, W>(cx: &Cx, viewer: &Viewer, standing: Standing, work: W) -> Result<Option<T>>
where
    T: Send + 'static,
    W: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
{
    enum Outcome<T> {
        Done(T),
        SignedOut,
        Banned(String),
    }
    let (user_id, session_id, grant, beside) = (viewer.id, viewer.session_id, viewer.grant, cx.api.beside());
    let outcome = cx.write(move |connection| {
        let ban_reason = match grant {
            Some(grant) => sql::token_ban_reason(connection, grant.token_id, user_id)?,
            None => sql::session_ban_reason(connection, session_id)?,
        };
        match ban_reason {
            None => Ok(Outcome::SignedOut),
            Some(Some(reason)) if standing == Standing::Active => Ok(Outcome::Banned(reason)),
            Some(_) => {
                let before = connection.total_changes();
                let value = work(connection)?;
                if let Some(beside) = &beside
                    && connection.total_changes() > before
                {
                    beside(connection)?;
                }
                Ok(Outcome::Done(value))
            }
        }
    })?;
    match outcome {
        Outcome::Done(value) => Ok(Some(value)),
        Outcome::SignedOut => Ok(None),
        Outcome::Banned(reason) => Err(Error::Moderated { why: ban_sentence(&reason), typed: cx.typed() }),
    }
}

/// The session's token in the request's cookie, not yet compared with the database.
#[must_use]
pub fn token(cx: &Cx) -> Option<Token> {
    Token::parse(session_cookie(cx)?.value)
}

/// The session's cookie.
fn session_cookie<'r>(cx: &Cx<'r>) -> Option<Cookie<'r>> {
    cookie::get_or_former(cx, SESSION)
}

/// `Set-Cookie` after a sign-in.
#[must_use]
pub fn set_cookie(cx: &Cx, token: &Token) -> Header {
    cookie::set(cx, SESSION, token, COOKIE_MAX_AGE)
}

/// `Set-Cookie` after a sign-out.
#[must_use]
pub fn clear_cookie(cx: &Cx) -> Header {
    cookie::clear(cx, SESSION)
}
