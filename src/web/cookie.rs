//! Cookies: each is limited to this host (`__Host-`), hidden from scripts (`HttpOnly`), and sent with other
//! sites' links but not with their other requests (`SameSite=Lax`).

use super::Cx;
pub use super::header::Header;

/// The value of the request's cookie `name`.
#[must_use]
pub fn get<'r>(cx: &Cx<'r>, name: &str) -> Option<&'r str> {
    all(cx).find_map(|(key, value)| (key == name).then_some(value))
}

/// The names and values of the request's cookies that this site has set.
pub fn all<'r>(cx: &Cx<'r>) -> impl Iterator<Item = (&'r str, &'r str)> + use<'r> {
    parse(cx.request.header("Cookie").unwrap_or_default(), cx.site.config.relax_ssl)
}

/// `Set-Cookie` for a value that needs no encoding; the browser keeps it for `max_age` seconds.
#[must_use]
pub fn set(cx: &Cx, name: &str, value: impl std::fmt::Display, max_age: u32) -> Header {
    ("Set-Cookie".into(), set_cookie(name, value, max_age, cx.site.config.relax_ssl).into())
}

/// `Set-Cookie` that makes the browser delete the cookie.
#[must_use]
pub fn clear(cx: &Cx, name: &str) -> Header {
    set(cx, name, "", 0)
}

/// The names and values of this site's cookies in a `Cookie` header.
pub fn parse(header: &str, relax_ssl: bool) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(move |pair| {
        let (key, value) = pair.trim().split_once('=')?;
        Some((key.strip_prefix(prefix(relax_ssl))?, value))
    })
}

/// The value of a `Set-Cookie` header.
#[must_use]
pub fn set_cookie(name: &str, value: impl std::fmt::Display, max_age: u32, relax_ssl: bool) -> String {
    let (prefix, secure) = (prefix(relax_ssl), if relax_ssl { "" } else { "; Secure" });
    format!("{prefix}{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}")
}

/// `__Host-`: browsers refuse the cookie unless it is `Secure`, for all paths and for this host alone (RFC
/// 6265bis §4.1.3.2).
fn prefix(relax_ssl: bool) -> &'static str {
    if relax_ssl { "" } else { "__Host-" }
}
