//! The session cookie: from a request's header to who asks, and back.

use std::borrow::Cow;

use super::cx::Viewer;
use super::{Cx, Result};
use crate::session::{self, Token};

/// Who asks: the session of the cookie, if there is one and its secret is right.
pub(super) fn viewer(cx: &Cx) -> Result<Option<Viewer>> {
    let Some(token) = cookie(cx, name(cx)).and_then(Token::parse) else {
        return Ok(None);
    };
    Ok(cx.read(|connection| session::sql::viewer(connection, &token))?)
}

/// `Set-Cookie` for a person who has just signed in. It lasts as long as browsers let a cookie, 400
/// days (RFC 6265bis §5.5).
#[must_use]
pub fn set_cookie(cx: &Cx, token: &Token) -> (Cow<'static, str>, Cow<'static, str>) {
    let secure = if cx.app.config.relax_ssl { "" } else { "; Secure" };
    let value = format!("{}={token}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax{secure}", name(cx));
    ("Set-Cookie".into(), value.into())
}

/// The `__Host-` prefix makes browsers refuse the cookie unless it is `Secure`, for all paths and
/// for this host alone.
fn name(cx: &Cx) -> &'static str {
    if cx.app.config.relax_ssl { "session" } else { "__Host-session" }
}

fn cookie<'r>(cx: &Cx<'r>, name: &str) -> Option<&'r str> {
    cx.request
        .header("Cookie")?
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}
