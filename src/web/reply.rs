//! Answers: the only place that sets the headers which every page has.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use rouille::Response;
use sha2::{Digest, Sha256};

use super::Cx;

/// Nothing is loaded from elsewhere, nothing inline runs, nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'";

/// Shorter pages do not get smaller by more than their gzip header and the client's trouble.
const WORTH_COMPRESSING: usize = 1024;

/// A page that answers a GET or HEAD with 200: with a tag by which a client asks again for nothing,
/// and compressed for those who can take it.
#[must_use]
pub fn page(cx: &Cx, html: String) -> Response {
    let tag = entity_tag(html.as_bytes());
    let asks_for = |tag: &str| {
        cx.request
            .header("If-None-Match")
            .is_some_and(|known| known.split(',').any(|known| [tag, "*"].contains(&known.trim())))
    };
    let mut response = if asks_for(&tag) {
        self::html(cx, String::new()).with_status_code(304)
    } else if html.len() >= WORTH_COMPRESSING && accepts_gzip(cx) {
        let mut response = self::html(cx, String::new());
        response.data = rouille::ResponseBody::from_data(gzip(html.as_bytes()));
        response.headers.push(("Content-Encoding".into(), "gzip".into()));
        response
    } else {
        self::html(cx, html)
    };
    response.headers.push(("ETag".into(), tag.into()));
    response.headers.push(("Vary".into(), "Accept-Encoding, Cookie".into()));
    response
}

/// A page with the headers that every page has; the caller sets its status.
#[must_use]
pub fn html(cx: &Cx, html: String) -> Response {
    let mut response = Response::html(html);
    response.headers.reserve(8);
    // What is shown may depend on who asks: no shared cache keeps it, and a private one asks again.
    response.headers.push(("Cache-Control".into(), "private, no-cache".into()));
    with_security(cx, response)
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
pub fn moved(location: String) -> Response {
    Response::redirect_301(location)
}

fn entity_tag(bytes: &[u8]) -> String {
    use std::fmt::Write;
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

/// The fastest level: a list shrinks to a sixth, and the next one to a seventh for twice the time.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
