//! Answers of the API: JSON, problems, and the headers that all of them have.

use std::borrow::Cow;

use rouille::Response;
use serde::Serialize;

use super::super::{Mistake, Problem};
use crate::site::limiter::{Quota, RetryAfter};
use crate::web::form::Errors;
use crate::web::{Cx, Error, Result, reply};

/// The type of a problem (RFC 9457 §3).
const PROBLEM: &str = "application/problem+json";
/// The refusal of a change by a token that only reads.
pub const READ_ONLY: Error = Error::Forbidden("This token only reads.");
/// The names of a form's fields in the API, where they differ, and how sentences about them begin.
const RENAMED: [(&str, &str, [&str; 2]); 3] = [
    ("description", "text", ["Description ", "Text "]),
    ("body", "text", ["Body ", "Text "]),
    ("words", "reason", ["Reason ", "Reason "]),
];

/// An answer of status 2xx.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header `Location`.
    pub location: Option<String>,
    /// The body.
    pub body: String,
}

/// An answer that is JSON.
///
/// # Errors
/// [`Error::Internal`] where it cannot be written as JSON, which no value of ours causes.
pub fn json(status: u16, location: Option<String>, value: &impl Serialize) -> Result<Answer> {
    let body = serde_json::to_string(value).map_err(|error| Error::Internal(error.into()))?;
    Ok(Answer { status, location, body })
}

/// The answer of a change that has nothing to show.
#[must_use]
pub fn done() -> Answer {
    Answer { status: 204, location: None, body: String::new() }
}

/// The response with this answer.
#[must_use]
pub fn respond(cx: &Cx, answer: Answer) -> Response {
    let mut response =
        reply::uncacheable(cx, "application/json", answer.body).with_status_code(answer.status);
    if answer.status == 204 {
        response.headers.retain(|(name, _)| name != "Content-Type");
    }
    response.headers.extend(answer.location.map(|location| ("Location".into(), location.into())));
    response
}

/// A problem that the API finds itself.
#[must_use]
pub fn problem(cx: &Cx, status: u16, title: &str, detail: String) -> Response {
    let kind = "about:blank";
    with_problem(cx, &Problem { kind, title: title.to_owned(), status, detail, errors: Vec::new() })
}

/// The refusal of a request for more than its rate limit.
#[must_use]
pub fn too_fast(cx: &Cx, wait: RetryAfter) -> Response {
    error(cx, &Error::RateLimited(wait))
}

/// The problem of a form that its handler has refused.
#[must_use]
pub fn refused(cx: &Cx, errors: &Errors) -> Response {
    if let Some(wait) = errors.retry_after() {
        return too_fast(cx, wait);
    }
    let mistakes: Vec<Mistake> = errors.iter().map(|(field, sentence)| mistake(field, sentence)).collect();
    let detail = mistakes.iter().map(|mistake| &*mistake.sentence).collect::<Vec<_>>().join(". ");
    with_problem(
        cx,
        &Problem {
            kind: "about:blank",
            title: "That can't be taken.".to_owned(),
            status: 422,
            detail,
            errors: mistakes,
        },
    )
}

/// A sentence about a field, by the name that the field has in the API.
fn mistake(field: &str, sentence: &str) -> Mistake {
    let Some((_, own, [theirs, ours])) = RENAMED.iter().find(|(theirs, ..)| *theirs == field) else {
        return Mistake { field: field.to_owned(), sentence: sentence.to_owned() };
    };
    let sentence =
        sentence.strip_prefix(theirs).map_or_else(|| sentence.to_owned(), |rest| format!("{ours}{rest}"));
    Mistake { field: (*own).to_owned(), sentence }
}

fn with_problem(cx: &Cx, problem: &Problem) -> Response {
    let text = serde_json::to_string(problem).unwrap_or_default();
    reply::uncacheable(cx, PROBLEM, text).with_status_code(problem.status)
}

/// The status of an error, a heading and a sentence: those of pages, where they are not about pages and forms.
fn texts(cx: &Cx, error: &Error) -> (u16, &'static str, Cow<'static, str>) {
    let (heading, sentence) = error.texts(cx.method());
    match error {
        Error::SignIn { .. } => {
            (401, "No valid token.", "The header Authorization must have a token: Bearer TOKEN.".into())
        }
        Error::UnsupportedMediaType => (415, heading, "Bodies are sent as application/json.".into()),
        Error::TooLarge(_) => (413, heading, "Nothing was changed.".into()),
        Error::NotFound => (404, "Not found.", "There is no such thing, or no such address.".into()),
        Error::TargetDeleted { .. } => (404, "Not found.", "What this replies to is not there.".into()),
        Error::MethodNotAllowed(_) => {
            (405, heading, "The address exists, but not for this method: see the header Allow.".into())
        }
        error => (error.status(), heading, sentence),
    }
}

/// The problem of an error. The caller has logged it.
#[must_use]
pub fn error(cx: &Cx, error: &Error) -> Response {
    let (status, heading, sentence) = texts(cx, error);
    let mut response = problem(cx, status, heading, sentence.into_owned());
    let retry_after = error.retry_after().map(|seconds| ("Retry-After".into(), seconds.to_string().into()));
    response.headers.extend(retry_after);
    match error {
        Error::MethodNotAllowed(allowed) => response.headers.push(("Allow".into(), (*allowed).into())),
        Error::SignIn { .. } => {
            // RFC 6750 §3: a request without a token gets no code.
            let has_token = cx.request.header("Authorization").is_some();
            let value = if has_token { "Bearer error=\"invalid_token\"" } else { "Bearer" };
            response.headers.push(("WWW-Authenticate".into(), value.into()));
        }
        Error::Forbidden(why) if matches!(READ_ONLY, Error::Forbidden(read_only) if read_only == *why) => {
            let value = "Bearer error=\"insufficient_scope\", scope=\"write\"";
            response.headers.push(("WWW-Authenticate".into(), value.into()));
        }
        _ => {}
    }
    response
}

/// Adds what is left of the rate limit: by draft-ietf-httpapi-ratelimit-headers-10, and in the three fields that its
/// version 06 had, which programs know.
pub fn add_quota(response: &mut Response, quota: Quota) {
    let Quota { limit, remaining, reset } = quota;
    let (count, window) = (limit.count, limit.window.as_secs());
    for (name, value) in [
        ("RateLimit-Policy", format!("\"requests\";q={count};w={window}")),
        ("RateLimit", format!("\"requests\";r={remaining};t={reset}")),
        ("RateLimit-Limit", count.to_string()),
        ("RateLimit-Remaining", remaining.to_string()),
        ("RateLimit-Reset", reset.to_string()),
    ] {
        response.headers.push((name.into(), value.into()));
    }
}
