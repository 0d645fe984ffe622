//! What a request of the API has: the user of its token, a body, an idempotency key.

use std::io::Read;
use std::sync::Arc;

use rouille::Response;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use sha2::{Digest, Sha256};

use super::super::sql::{self, KeyedRequest, Known, Made};
use super::super::{ANSWER_LIFETIME, MAX_KEY_BYTES};
use super::answer;
use super::answer::Answer;
use crate::auth;
use crate::site::limiter::{Action, RetryAfter};
use crate::web::{Cx, Error, Grant, Result, Viewer, list_header};

/// The user of the request's token. The request counts.
///
/// # Errors
/// [`Error::SignIn`] without a token that is right; [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`]
/// when the database fails.
pub fn reader<'c>(cx: &'c Cx) -> Result<&'c Viewer> {
    let viewer = auth::require_user(cx)?;
    let action = Action::ApiRequestBy(viewer.id);
    let counted = cx.site.limiter.check_and_record(action);
    cx.api.quota.set(cx.site.limiter.quota(action));
    counted?;
    Ok(viewer)
}

/// The user of the request's token, which may write.
///
/// # Errors
/// Those of [`reader`]; [`Error::Forbidden`] for a token that only reads.
pub fn writer<'c>(cx: &'c Cx) -> Result<(&'c Viewer, Grant)> {
    let viewer = reader(cx)?;
    let grant = viewer.grant.filter(|grant| grant.may_write).ok_or(answer::READ_ONLY)?;
    Ok((viewer, grant))
}

/// The body of a request.
pub struct Body<T> {
    /// What it says.
    pub value: T,
    bytes: Vec<u8>,
}

/// Reads the body. The inner error is the answer to one that cannot be read: 400 for what is no JSON, 422 for other fields.
///
/// # Errors
/// [`Error::UnsupportedMediaType`] for another type; [`Error::Internal`] when it was read already, which no route does.
pub fn body<T: DeserializeOwned>(cx: &Cx) -> Result<std::result::Result<Body<T>, Response>> {
    // With two types, a filter in front of the site could read the body as the other one.
    let mut types = list_header::lines(cx.request, "Content-Type");
    let (content_type, second) = (types.next().unwrap_or_default(), types.next());
    let is_encoded = list_header::members(cx.request, "Content-Encoding").any(|coding| coding != "identity");
    let name = content_type.split(';').next().unwrap_or_default().trim();
    if second.is_some() || is_encoded || !name.eq_ignore_ascii_case("application/json") {
        return Err(Error::UnsupportedMediaType);
    }
    let mut bytes = Vec::new();
    let read = cx.request.data().map(|mut data| data.read_to_end(&mut bytes));
    if !matches!(read, Some(Ok(_))) {
        return Err(Error::BadRequest("The body is not complete."));
    }
    Ok(match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(Body { value, bytes }),
        Err(error) if error.classify() == Category::Data => {
            Err(answer::problem(cx, 422, "That can't be taken.", error.to_string()))
        }
        Err(error) => Err(answer::problem(cx, 400, "That is no JSON.", error.to_string())),
    })
}

/// Answers a request that makes something new, once for each idempotency key: to a repeated one `show` shows what the first
/// has made, as it is now.
/// (draft-ietf-httpapi-idempotency-key-header-07; the key may have its quotes or not.)
///
/// # Errors
/// [`Error::BadRequest`] for a key that is empty, too long, or not of visible ASCII characters; those of `make` and `show`.
pub fn once<T>(
    cx: &Cx,
    grant: Grant,
    body: &Body<T>,
    make: impl FnOnce(&T) -> Result<std::result::Result<Made, Response>>,
    show: impl Fn(Made) -> Result<Answer>,
) -> Result {
    let Some(key) = cx.request.header("Idempotency-Key") else {
        return match make(&body.value)? {
            Ok(made) => Ok(answer::respond(cx, show(made)?)),
            Err(refused) => Ok(refused),
        };
    };
    if key.is_empty() || key.len() > MAX_KEY_BYTES || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::BadRequest("The header Idempotency-Key has 1 to 255 visible ASCII characters."));
    }
    let Some(_answering) = cx.site.in_flight.begin(grant.token_id, key) else {
        let mut response = answer::error(
            cx,
            &Error::Conflict("A request with this Idempotency-Key is being answered. Try again in a second."),
        );
        response.headers.push(("Retry-After".into(), "1".into()));
        return Ok(response);
    };
    let request = KeyedRequest {
        token_id: grant.token_id,
        key: key.to_owned(),
        fingerprint: fingerprint(cx, &body.bytes),
        now: cx.now,
    };
    match cx.read(|connection| sql::find(connection, &request))? {
        Known::Nothing => {}
        Known::Made(made) => {
            let mut response = answer::respond(cx, show(made)?);
            response.headers.push(("Idempotency-Replayed".into(), "true".into()));
            return Ok(response);
        }
        Known::Other => {
            let detail = "This Idempotency-Key was used for another request.".to_owned();
            return Ok(answer::problem(cx, 422, "That can't be taken.", detail));
        }
        Known::Lost => {
            return Err(Error::Conflict(
                "The request with this Idempotency-Key has made its change, and its answer is lost. Look for what it made.",
            ));
        }
        Known::TooMany => return Ok(answer::too_fast(cx, RetryAfter { seconds: ANSWER_LIFETIME.as_secs() })),
    }
    make_once(cx, request, || make(&body.value), show)
}

fn make_once(
    cx: &Cx,
    request: KeyedRequest,
    make: impl FnOnce() -> Result<std::result::Result<Made, Response>>,
    show: impl Fn(Made) -> Result<Answer>,
) -> Result {
    let beside = request.clone();
    cx.api.set_beside(Some(Arc::new(move |connection| sql::begin(connection, &beside))));
    let made = make();
    cx.api.set_beside(None);
    // A refused request has changed nothing: its key is free.
    let made = match made? {
        Ok(made) => made,
        Err(refused) => return Ok(refused),
    };
    // First of all: a repeated request is answered even if this one is not.
    if let Err(error) = cx.write(move |connection| sql::finish(connection, &request, made)) {
        lorem_counted_log::warn!("keeping what a request has made: {error}");
    }
    Ok(answer::respond(cx, show(made)?))
}

fn fingerprint(cx: &Cx, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [cx.method().as_bytes(), cx.path().as_bytes()] {
        hash.update(part);
        hash.update(b"\n");
    }
    hash.update(body);
    hash.finalize().into()
}
