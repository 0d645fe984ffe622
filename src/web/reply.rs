//! Responses, with the headers that every page has.

use std::fmt::{Display, Write as _};

use rouille::{Response, ResponseBody};
use sha2::{Digest, Sha256};

use super::Cx;
use super::flash::{Flash, Notice};
use super::form::Errors;
use super::gzip;
use super::header::Header;
use super::list_header::{AcceptedCodings, has_entity_tag};

/// Nothing is loaded from other sites, no inline script runs, and no site frames the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'";

/// An address serves a page and fragments of it, and both depend on the viewer.
const VARY: &str = "Accept-Encoding, Cookie, HX-Request-Type";

/// Below this, compression saves less than it costs the client.
const MIN_COMPRESSED_BYTES: usize = 1024;

/// A page in response to GET or HEAD: 200 with an `ETag`, or 304 where the client has this version.
/// Compressed for clients that accept gzip.
#[must_use]
pub fn page(cx: &Cx, html: String) -> Response {
    let mut response = with_content(cx, html, self::html(cx, String::new()));
    if Notice::of(cx).is_some() {
        // The page shows the flash: the next page must not, nor this page when the reader goes back to it.
        response.headers.push(Flash::shown(cx));
        forbid_storing(&mut response);
    }
    response
}

/// A document for programs in response to GET or HEAD, with an `ETag` as [`page`] has. It does not depend on
/// the viewer: all caches, shared ones too, may keep it for `max_age` seconds.
#[must_use]
pub fn document(cx: &Cx, content_type: &'static str, max_age: u32, text: String) -> Response {
    for_programs(cx, content_type, format!("public, max-age={max_age}"), text)
}

/// A document for programs as [`document`], for the client alone that asked for it: caches ask anew each time, and search
/// engines do not list it.
#[must_use]
pub fn private_document(cx: &Cx, content_type: &'static str, text: String) -> Response {
    let mut response = for_programs(cx, content_type, "private, no-cache".to_owned(), text);
    response.headers.push(("X-Robots-Tag".into(), "noindex".into()));
    response
}

/// A file of bytes whose address changes with its content: caches, shared ones too, keep it for a year.
#[must_use]
pub fn immutable(cx: &Cx, content_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = Response::from_data(content_type, bytes);
    response.headers.push(("Cache-Control".into(), "public, max-age=31536000, immutable".into()));
    with_security(cx, response)
}

/// A JSON document, which scripts on the pages of all sites may read: it is one for all readers, whose cookies it does not
/// look at. Caches ask anew each time.
#[must_use]
pub fn open_json(cx: &Cx, text: String) -> Response {
    let mut response =
        for_programs(cx, "application/json; charset=utf-8", "public, no-cache".to_owned(), text);
    response.headers.push(("Access-Control-Allow-Origin".into(), "*".into()));
    response
}

fn for_programs(cx: &Cx, content_type: &'static str, cache_control: String, text: String) -> Response {
    let mut response = Response::from_data(content_type, Vec::new());
    response.headers.push(("Cache-Control".into(), cache_control.into()));
    response.headers.push(("Vary".into(), "Accept-Encoding".into()));
    with_content(cx, text, with_security(cx, response))
}

/// The `response`, which has headers but no content, with `content`, its `ETag` and its compression; or 304.
fn with_content(cx: &Cx, content: String, mut response: Response) -> Response {
    let tag = entity_tag(content.as_bytes());
    let accepted = AcceptedCodings::of(cx.request);
    let may_compress = accepted.gzip && (content.len() >= MIN_COMPRESSED_BYTES || !accepted.identity);
    if !cx.is_to_keep.get() && has_entity_tag(cx.request, &tag) {
        response.status_code = 304;
    } else if let Some(gzip) = may_compress.then(|| gzip::compressed(content.as_bytes())).flatten() {
        response.data = ResponseBody::from_data(gzip);
        response.headers.push(("Content-Encoding".into(), "gzip".into()));
    } else {
        response.data = ResponseBody::from_string(content);
    }
    response.headers.push(("ETag".into(), tag.into()));
    response
}

/// A complete response as a client gets it that may have this version.
#[must_use]
pub fn unless_known(cx: &Cx, mut response: Response) -> Response {
    let tag = response.headers.iter().find(|(name, _)| name == "ETag");
    if response.status_code == 200 && tag.is_some_and(|(_, tag)| has_entity_tag(cx.request, tag)) {
        response.headers.retain(|(name, _)| name != "Content-Encoding");
        response.data = ResponseBody::empty();
        response.status_code = 304;
    }
    response
}

/// The page of a refused form, which shows the errors: 422, 429 when a rate limit refused it, or 409 when it was
/// made for another account.
#[must_use]
pub fn refused(cx: &Cx, html: String, errors: &Errors) -> Response {
    with_error_status(cx, self::html(cx, html), errors)
}

fn with_error_status(cx: &Cx, response: Response, errors: &Errors) -> Response {
    if cx.is_of_api() {
        cx.api.refuse(errors);
    }
    let Some(wait) = errors.retry_after() else {
        return response.with_status_code(if errors.is_for_another_account() { 409 } else { 422 });
    };
    let retry_after = ("Retry-After".into(), wait.seconds.to_string().into());
    let mut response = response.with_status_code(429);
    response.headers.push(retry_after);
    response
}

/// Redirects (303) to `location` after a change; `flash` is shown there. See [`see_other`] for htmx.
#[must_use]
pub fn done(cx: &Cx, location: impl Display, flash: Flash) -> Response {
    with_flash(redirect(cx, &location.to_string(), 200), flash.cookie(cx, None))
}

/// [`done`] with a flash and its offer about the post or comment with this number.
#[must_use]
pub fn done_offering(cx: &Cx, location: impl Display, flash: Flash, number: i64) -> Response {
    with_flash(redirect(cx, &location.to_string(), 200), flash.cookie(cx, Some(number)))
}

fn with_flash(mut response: Response, cookie: Header) -> Response {
    response.headers.push(cookie);
    response
}

/// Redirects (303) to `location`. A request by htmx gets 200 with `HX-Redirect`, and htmx loads that page as
/// a whole.
#[must_use]
pub fn see_other(cx: &Cx, location: impl Display) -> Response {
    redirect(cx, &location.to_string(), 200)
}

/// Redirects to `location`: with 303, for htmx with `status` and `HX-Redirect`. htmx would follow a 303
/// itself and swap the new page into an element of the present one.
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

/// Redirects (302) to `location` a program that expects that status.
#[must_use]
pub fn found(cx: &Cx, location: &str) -> Response {
    let mut response = uncacheable_html(cx, String::new()).with_status_code(302);
    response.headers.push(("Location".into(), location.to_owned().into()));
    response
}

/// An HTML page that no cache may keep.
#[must_use]
pub fn uncacheable_html(cx: &Cx, html: String) -> Response {
    let mut response = self::html(cx, html);
    forbid_storing(&mut response);
    response
}

/// Whether htmx requests fragments for the present page. (When a reader goes back it requests a whole page,
/// as other clients always do.)
#[must_use]
pub fn wants_fragments(cx: &Cx) -> bool {
    cx.request.header("HX-Request-Type") == Some("partial") && !cx.is_of_api()
}

/// A change to the present page, made by htmx.
pub struct Change {
    /// A CSS selector of the elements to change.
    target: String,
    /// The value of `hx-swap`.
    swap: &'static str,
    html: String,
}

impl Change {
    /// Replaces an element with `html`.
    #[must_use]
    pub fn replace(target: impl Display, html: String) -> Change {
        Change { target: target.to_string(), swap: "outerHTML", html }
    }

    /// Appends `html` to the children of an element.
    #[must_use]
    pub fn append(target: impl Display, html: String) -> Change {
        Change { target: target.to_string(), swap: "beforeend", html }
    }

    /// Inserts `html` after an element.
    #[must_use]
    pub fn after(target: impl Display, html: String) -> Change {
        Change { target: target.to_string(), swap: "afterend", html }
    }

    /// Replaces the children of the elements with `html`.
    #[must_use]
    pub fn fill(target: impl Display, html: String) -> Change {
        Change { target: target.to_string(), swap: "innerHTML", html }
    }

    /// Removes an element, if it exists.
    #[must_use]
    pub fn remove(target: impl Display) -> Change {
        Change { target: target.to_string(), swap: "delete", html: String::new() }
    }
}

/// The response for htmx: the changes, in order. Each names its own target, so that no response, an error's
/// included, is swapped into an element that it is not meant for.
#[must_use]
pub fn changes(cx: &Cx, changes: &[Change]) -> Response {
    let mut html = String::new();
    for Change { target, swap, html: content } in changes {
        let _ = write!(html, "<hx-partial hx-target=\"{target}\" hx-swap=\"{swap}\">{content}</hx-partial>");
    }
    let mut response = self::html(cx, html);
    forbid_storing(&mut response);
    response
}

/// [`changes`] for a refused form, with the status of [`refused`].
#[must_use]
pub fn refused_changes(cx: &Cx, changes: &[Change], errors: &Errors) -> Response {
    with_error_status(cx, self::changes(cx, changes), errors)
}

/// An HTML response with the headers that every page has; the caller sets its status.
#[must_use]
pub fn html(cx: &Cx, html: String) -> Response {
    let mut response = Response::html(html);
    response.headers.reserve(8);
    // The page may depend on the viewer: shared caches must not keep it, and a browser must revalidate it.
    response.headers.push(("Cache-Control".into(), "private, no-cache".into()));
    response.headers.push(("Vary".into(), VARY.into()));
    with_security(cx, response)
}

/// A response for programs that no cache may keep.
#[must_use]
pub fn uncacheable(cx: &Cx, content_type: &'static str, text: String) -> Response {
    let mut response = Response::from_data(content_type, text);
    forbid_storing(&mut response);
    with_security(cx, response)
}

/// A file that browsers save under this name, and no cache keeps.
#[must_use]
pub fn download(cx: &Cx, content_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = Response::from_data(content_type, bytes);
    forbid_storing(&mut response);
    response.headers.push(("Content-Disposition".into(), format!("attachment; filename=\"{name}\"").into()));
    with_security(cx, response)
}

/// A JSON response that no cache may keep, at an address that also serves a page.
#[must_use]
pub fn json(cx: &Cx, value: &serde_json::Value) -> Response {
    let mut response = uncacheable(cx, "application/json", value.to_string());
    response.headers.push(("Vary".into(), "Accept".into()));
    response
}

/// A response to a request whose address holds a secret: no cache keeps it, no page that it leads to learns the address, and
/// search engines do not list it.
#[must_use]
pub fn secret(mut response: Response) -> Response {
    forbid_storing(&mut response);
    response.headers.retain(|(name, _)| name != "Referrer-Policy");
    response.headers.push(("Referrer-Policy".into(), "no-referrer".into()));
    response.headers.push(("X-Robots-Tag".into(), "noindex".into()));
    response
}

/// [`secret`] for a page with a form that is sent by cookie: with `no-referrer` its origin would be `null`, as that of another
/// site can be. The page has no link to another site.
#[must_use]
pub fn secret_form(response: Response) -> Response {
    let mut response = secret(response);
    response.headers.retain(|(name, _)| name != "Referrer-Policy");
    response.headers.push(("Referrer-Policy".into(), "same-origin".into()));
    response
}

fn forbid_storing(response: &mut Response) {
    response.headers.retain(|(name, _)| name != "Cache-Control");
    response.headers.push(("Cache-Control".into(), "no-store".into()));
}

/// Adds the security headers.
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

/// Redirects permanently (301) to `location`.
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
