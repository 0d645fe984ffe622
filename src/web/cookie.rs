//! Cookies: each is limited to this host (`__Host-`) and to this database
//! ([`CookieNames`]), hidden from scripts (`HttpOnly`), and sent with other sites' links but not with their
//! other requests (`SameSite=Lax`).
//!
//! Version 0.1 gave cookies shorter names. A cookie of a former name is taken as its reader decides:
//!
//! - A session and a draft: if the database has them. They are then replaced, and the former cookie is
//!   deleted. Another site's cookie on this host is left alone, since its secret is not in the database.
//! - Preferences: copied. Another site on this host may use the former cookie, so it stays.
//! - A flash, which lasts a minute, and a guest's vote, which may be meant for another site on this host: not.

use std::fmt::Display;
use std::time::Duration;

use rouille::Response;

use super::Cx;
pub use super::header::Header;
use super::list_header;
use super::taken_cookie::Taken;
pub use super::taken_cookie::{Cookie, FormerCookie};
use crate::site::cookie_names::{CookieNames, OwnName};

/// The value of the request's cookie `name`.
#[must_use]
pub fn get<'r>(cx: &Cx<'r>, name: &str) -> Option<&'r str> {
    all(cx).find_map(|cookie| (cookie.name == name && !cookie.is_former).then_some(cookie.value))
}

/// The request's cookie `name`, else that of the former name.
#[must_use]
pub fn get_or_former<'r>(cx: &Cx<'r>, name: &str) -> Option<Cookie<'r>> {
    let mut former = None;
    for cookie in all(cx).filter(|cookie| cookie.name == name) {
        if !cookie.is_former {
            return Some(cookie);
        }
        former = former.or(Some(cookie));
    }
    former
}

/// The request's cookies that this site has set, and those of the former names.
pub fn all<'r>(cx: &Cx<'r>) -> impl Iterator<Item = Cookie<'r>> {
    // A proxy may split the header into several lines (RFC 9113 §8.2.3). At the API no cookie counts, so that no page of
    // another site can act there by a reader's browser.
    let lines = list_header::lines(cx.request, "Cookie").filter(|_| !cx.is_of_api());
    lines.flat_map(|line| parse(line, &cx.site.cookie_names))
}

/// If the cookie has a former name, the response sets it under the present one for `max_age`.
pub fn take<'r>(cx: &Cx<'r>, cookie: Cookie<'r>, max_age: Duration, former: FormerCookie) {
    let mut taken = cx.taken_cookies.borrow_mut();
    if cookie.is_former && taken.iter().all(|other| other.cookie.name != cookie.name) {
        taken.push(Taken { cookie, max_age, former });
    }
}

/// Adds the cookies to a response that the request took under their former names, unless the response sets
/// them anyway.
pub fn add_taken(cx: &Cx, response: &mut Response) {
    for Taken { cookie: Cookie { name, value, .. }, max_age, former } in cx.taken_cookies.take() {
        let start = cx.site.cookie_names.full(name) + "=";
        let is_set = |(header, value): &Header| header == "Set-Cookie" && value.starts_with(&start);
        if !response.headers.iter().any(is_set) {
            response.headers.push(set(cx, name, value, max_age));
        }
        if former == FormerCookie::Deleted {
            response.headers.push(clear_former(cx, name));
        }
    }
}

/// Whether the browser may drop the response's cookies, which are for HTTPS: the request came over plain HTTP.
/// Browsers keep them there only from addresses of their own machine, and not all browsers do. A proxy may also
/// have ended TLS and not have said so.
#[must_use]
pub fn may_be_dropped(cx: &Cx) -> bool {
    cx.site.cookie_names.is_secure() && !cx.request.is_secure()
}

/// `Set-Cookie` for a value that needs no encoding; the browser keeps it for `max_age`, of which only
/// whole seconds count.
#[must_use]
pub fn set(cx: &Cx, name: &str, value: impl Display, max_age: Duration) -> Header {
    ("Set-Cookie".into(), set_cookie(name, value, max_age, &cx.site.cookie_names).into())
}

/// `Set-Cookie` that makes the browser delete the cookie.
#[must_use]
pub fn clear(cx: &Cx, name: &str) -> Header {
    set(cx, name, "", Duration::ZERO)
}

/// `Set-Cookie` that makes the browser delete the cookie of the former name.
#[must_use]
pub fn clear_former(cx: &Cx, name: &str) -> Header {
    let names = &cx.site.cookie_names;
    ("Set-Cookie".into(), with_attributes(&names.former(name), "", Duration::ZERO, names.is_secure()).into())
}

/// The cookies in a `Cookie` header that this site has set, and those of the former names.
pub fn parse<'r>(header: &'r str, names: &CookieNames) -> impl Iterator<Item = Cookie<'r>> {
    header.split(';').filter_map(move |pair| {
        let (full, value) = pair.trim().split_once('=')?;
        let OwnName { name, is_former } = names.parse(full)?;
        Some(Cookie { name, value, is_former })
    })
}

/// The value of a `Set-Cookie` header.
#[must_use]
pub fn set_cookie(name: &str, value: impl Display, max_age: Duration, names: &CookieNames) -> String {
    with_attributes(&names.full(name), value, max_age, names.is_secure())
}

fn with_attributes(full: &str, value: impl Display, max_age: Duration, is_secure: bool) -> String {
    let (secure, max_age) = (if is_secure { "; Secure" } else { "" }, max_age.as_secs());
    format!("{full}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}")
}
