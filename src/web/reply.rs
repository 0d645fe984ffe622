//! Answers: the only place that sets the headers which every page has.

use std::fmt::{Display, Write as _};

use rouille::{Response, ResponseBody};
use sha2::{Digest, Sha256};

use super::Cx;
use super::flash::Flash;
use super::form::Errors;
use super::gzip;

/// Nothing is loaded from elsewhere, nothing inline runs, nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'";

/// At one address there may be a page and pieces of it, and both depend on who asks.
const VARY: &str = "Accept-Encoding, Cookie, HX-Request-Type";

/// Shorter pages do not get smaller by more than their gzip header and the client's trouble.
const MIN_COMPRESSED_BYTES: usize = 1024;

/// A page that answers a GET or HEAD with 200: with a tag by which a client asks again for nothing,
/// and compressed for those who can take it.
#[must_use]
pub fn page(cx: &Cx, html: String) -> Response {
    let mut response = tagged(cx, html, self::html(cx, String::new()));
    if Flash::of(cx).is_some() {
        // It was on this page: not on the next one, nor on this one when somebody goes back to it.
        response.headers.push(Flash::shown(cx));
        forbid_storing(&mut response);
    }
    response
}

/// A document for programs that answers a GET or HEAD with 200, as [`page`] does. It is the same for
/// whoever asks: anybody, also a cache that many share, may keep it for so many seconds.
#[must_use]
pub fn document(cx: &Cx, content_type: &'static str, max_age: u32, text: String) -> Response {
    let mut response = Response::from_data(content_type, Vec::new());
    response.headers.push(("Cache-Control".into(), format!("public, max-age={max_age}").into()));
    response.headers.push(("Vary".into(), "Accept-Encoding".into()));
    tagged(cx, text, with_security(cx, response))
}

/// The `response`, which has all its headers and no content yet, with that content.
fn tagged(cx: &Cx, content: String, mut response: Response) -> Response {
    let tag = entity_tag(content.as_bytes());
    let asks_for = |tag: &str| {
        cx.request
            .header("If-None-Match")
            .is_some_and(|known| known.split(',').any(|known| [tag, "*"].contains(&known.trim())))
    };
    let is_worth_it = content.len() >= MIN_COMPRESSED_BYTES && accepts_gzip(cx);
    if asks_for(&tag) {
        response.status_code = 304;
    } else if let Some(gzip) = is_worth_it.then(|| gzip::compressed(content.as_bytes())).flatten() {
        response.data = ResponseBody::from_data(gzip);
        response.headers.push(("Content-Encoding".into(), "gzip".into()));
    } else {
        response.data = ResponseBody::from_string(content);
    }
    response.headers.push(("ETag".into(), tag.into()));
    response
}

/// A page with a form that was refused: 422, or 429 when it came too fast. It says why.
#[must_use]
pub fn refused(cx: &Cx, html: String, errors: &Errors) -> Response {
    with_reason(self::html(cx, html), errors)
}

fn with_reason(response: Response, errors: &Errors) -> Response {
    let Some(wait) = errors.retry_after() else {
        return response.with_status_code(422);
    };
    let retry_after = ("Retry-After".into(), wait.seconds.to_string().into());
    let mut response = response.with_status_code(429);
    response.headers.push(retry_after);
    response
}

/// 303: what was asked for is done, `flash` says so on the page at `location`. A request by htmx gets
/// the address in a header and goes there as a whole.
#[must_use]
pub fn done(cx: &Cx, location: impl Display, flash: Flash) -> Response {
    let mut response = redirect(cx, &location.to_string(), 200);
    response.headers.push(flash.cookie(cx));
    response
}

/// 303: the answer is at `location`.
#[must_use]
pub fn see_other(cx: &Cx, location: impl Display) -> Response {
    redirect(cx, &location.to_string(), 200)
}

/// Leads a browser to `location`. htmx would follow a redirect by itself and put the page that it
/// finds there into a corner of this one: it gets `status`, and is told to leave the page.
pub(crate) fn redirect(cx: &Cx, location: &str, status: u16) -> Response {
    let mut response = if wants_fragments(cx) {
        let mut response = html(cx, String::new()).with_status_code(status);
        response.headers.push(("HX-Redirect".into(), location.to_owned().into()));
        response
    } else {
        let mut response = html(cx, String::new()).with_status_code(303);
        response.headers.push(("Location".into(), location.to_owned().into()));
        response
    };
    forbid_storing(&mut response);
    response
}

/// Whether htmx asks, for pieces of the page that it is on. (It asks for a whole page when a reader
/// goes back; other programs ask for nothing else.)
#[must_use]
pub fn wants_fragments(cx: &Cx) -> bool {
    cx.request.header("HX-Request-Type") == Some("partial")
}

/// A change to a page that somebody looks at.
pub struct Change {
    /// A CSS selector of what changes.
    target: String,
    how: &'static str,
    html: String,
}

impl Change {
    /// Puts `html` in the place of an element.
    #[must_use]
    pub fn replace(target: impl Display, html: String) -> Change {
        Change { target: target.to_string(), how: "outerHTML", html }
    }

    /// Puts `html` after the last child of an element.
    #[must_use]
    pub fn append(target: impl Display, html: String) -> Change {
        Change { target: target.to_string(), how: "beforeend", html }
    }

    /// Puts `html` right after an element.
    #[must_use]
    pub fn after(target: impl Display, html: String) -> Change {
        Change { target: target.to_string(), how: "afterend", html }
    }

    /// Puts `html` into elements, in the place of what was there.
    #[must_use]
    pub fn fill(target: impl Display, html: String) -> Change {
        Change { target: target.to_string(), how: "innerHTML", html }
    }

    /// Removes an element, if it is there.
    #[must_use]
    pub fn remove(target: impl Display) -> Change {
        Change { target: target.to_string(), how: "delete", html: String::new() }
    }
}

/// The answer for htmx: the changes, in their order. Each names its own place, so that no answer,
/// also not an error's, can end up where it does not belong.
#[must_use]
pub fn changes(cx: &Cx, changes: &[Change]) -> Response {
    let mut html = String::new();
    for Change { target, how, html: content } in changes {
        let _ = write!(html, "<hx-partial hx-target=\"{target}\" hx-swap=\"{how}\">{content}</hx-partial>");
    }
    let mut response = self::html(cx, html);
    forbid_storing(&mut response);
    response
}

/// [`changes`] of a form that was refused, as [`refused`].
#[must_use]
pub fn refused_changes(cx: &Cx, changes: &[Change], errors: &Errors) -> Response {
    with_reason(self::changes(cx, changes), errors)
}

/// A page with the headers that every page has; the caller sets its status.
#[must_use]
pub fn html(cx: &Cx, html: String) -> Response {
    let mut response = Response::html(html);
    response.headers.reserve(8);
    // What is shown may depend on who asks: no shared cache keeps it, and a private one asks again.
    response.headers.push(("Cache-Control".into(), "private, no-cache".into()));
    response.headers.push(("Vary".into(), VARY.into()));
    with_security(cx, response)
}

/// Something for programs, of this moment.
#[must_use]
pub fn uncacheable(cx: &Cx, content_type: &'static str, text: String) -> Response {
    let mut response = Response::from_data(content_type, text);
    forbid_storing(&mut response);
    with_security(cx, response)
}

/// The same where a page is at the same address, for people.
#[must_use]
pub fn json(cx: &Cx, value: &serde_json::Value) -> Response {
    let mut response = uncacheable(cx, "application/json", value.to_string());
    response.headers.push(("Vary".into(), "Accept".into()));
    response
}

fn forbid_storing(response: &mut Response) {
    response.headers.retain(|(name, _)| name != "Cache-Control");
    response.headers.push(("Cache-Control".into(), "no-store".into()));
}

/// The headers that tell a browser what it may not do.
fn with_security(cx: &Cx, mut response: Response) -> Response {
    response.headers.push(("Content-Security-Policy".into(), CONTENT_SECURITY_POLICY.into()));
    response.headers.push(("X-Content-Type-Options".into(), "nosniff".into()));
    response.headers.push(("X-Frame-Options".into(), "DENY".into()));
    response.headers.push(("Referrer-Policy".into(), "strict-origin-when-cross-origin".into()));
    if cx.request.is_secure() {
        response.headers.push(("Strict-Transport-Security".into(), "max-age=31536000".into()));
    }
    response
}

/// The page is at `location` for good.
#[must_use]
pub fn moved(cx: &Cx, location: String) -> Response {
    with_security(cx, Response::redirect_301(location))
}

fn entity_tag(bytes: &[u8]) -> String {
    let mut tag = String::from("W/\"");
    for byte in &Sha256::digest(bytes)[..12] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// Whether `Accept-Encoding` names gzip and does not rule it out by `q=0`.
pub(super) fn accepts_gzip(cx: &Cx) -> bool {
    cx.request.header("Accept-Encoding").is_some_and(|accepted| {
        accepted.split(',').any(|coding| {
            let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
            let zero = quality.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
            name.trim().eq_ignore_ascii_case("gzip") && !zero
        })
    })
}
