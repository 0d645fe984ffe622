//! Cookies: each is for this host alone, for no script, and travels to no other site's requests.

use std::borrow::Cow;

use super::Cx;

/// A response header.
pub type Header = (Cow<'static, str>, Cow<'static, str>);

/// The value of the cookie that was set under `name`.
#[must_use]
pub fn get<'r>(cx: &Cx<'r>, name: &str) -> Option<&'r str> {
    all(cx).find_map(|(key, value)| (key == name).then_some(value))
}

/// All cookies of ours that came, as names and values.
pub fn all<'r>(cx: &Cx<'r>) -> impl Iterator<Item = (&'r str, &'r str)> + use<'r> {
    let prefix = prefix(cx);
    let pairs = cx.request.header("Cookie").unwrap_or_default().split(';');
    pairs.filter_map(move |pair| {
        let (key, value) = pair.trim().split_once('=')?;
        Some((key.strip_prefix(prefix)?, value))
    })
}

/// `Set-Cookie` for a value of plain characters; the browser keeps it for `max_age` seconds.
#[must_use]
pub fn set(cx: &Cx, name: &str, value: impl std::fmt::Display, max_age: u32) -> Header {
    let secure = if cx.app.config.relax_ssl { "" } else { "; Secure" };
    let prefix = prefix(cx);
    let cookie = format!("{prefix}{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
    ("Set-Cookie".into(), cookie.into())
}

/// `Set-Cookie` that makes the browser forget it.
#[must_use]
pub fn clear(cx: &Cx, name: &str) -> Header {
    set(cx, name, "", 0)
}

/// `__Host-` makes browsers refuse the cookie unless it is `Secure`, for all paths and for this host
/// alone (RFC 6265bis §4.1.3.2).
fn prefix(cx: &Cx) -> &'static str {
    if cx.app.config.relax_ssl { "" } else { "__Host-" }
}
