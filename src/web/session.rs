//! The session cookie: from a request's header to who asks, and back.

use super::cookie::{self, Header};
use super::cx::Viewer;
use super::{Cx, Result};
use crate::session::{self, Token};
use crate::ui::time::DAY;

/// As long as browsers let a cookie, 400 days in seconds (RFC 6265bis §5.5).
const MAX_AGE: u32 = 34_560_000;

/// Who asks: the session of the cookie, if there is one and its secret is right.
pub(super) fn viewer(cx: &Cx) -> Result<Option<Viewer>> {
    let Some(token) = token(cx) else {
        return Ok(None);
    };
    let Some((viewer, last_used_at)) = cx.read(|connection| session::sql::viewer(connection, &token))? else {
        return Ok(None);
    };
    // Once a day is enough to tell a session that is used from one to be forgotten. Nobody waits for
    // it: pages are read on while the disk is full or somebody else has the lock.
    if last_used_at < cx.now - DAY {
        let (id, now) = (viewer.session_id, cx.now);
        let touched = cx.app.db.write_later(move |connection| session::sql::touch(connection, id, now));
        if let Err(error) = touched {
            log::warn!("noting that session {id} is used: {error}");
        }
    }
    Ok(Some(viewer))
}

/// What the cookie holds; whether it is right is another question.
#[must_use]
pub fn token(cx: &Cx) -> Option<Token> {
    cookie::get(cx, "session").and_then(Token::parse)
}

/// `Set-Cookie` for a person who has just signed in.
#[must_use]
pub fn set_cookie(cx: &Cx, token: &Token) -> Header {
    cookie::set(cx, "session", token, MAX_AGE)
}

/// `Set-Cookie` for a person who has just signed out.
#[must_use]
pub fn clear_cookie(cx: &Cx) -> Header {
    cookie::clear(cx, "session")
}
