//! What a handler could not do, and the one place that tells the client.

use std::borrow::Cow;
use std::fmt;

use super::header::Header;
use crate::site::limiter::RetryAfter;
use lorem_store as db;

/// Why there is no answer but this. What a person can mend in a form is no error: the handler shows
/// the form again.
#[derive(Debug)]
pub enum Error {
    /// 404: no such address, or nothing there.
    NotFound,
    /// 405: the address exists, for these methods.
    MethodNotAllowed(&'static str),
    /// 400, with a sentence.
    BadRequest(&'static str),
    /// 413, with a sentence.
    TooLarge(&'static str),
    /// 415: the body is no form.
    UnsupportedMediaType,
    /// Only somebody who is signed in can: 303, for htmx 401, to where they can, and then back.
    SignIn {
        /// Where to: a path of this site.
        return_to: String,
        /// By which what they wrote is found again, if it is kept.
        cookie: Option<Header>,
    },
    /// 403, with a sentence.
    Forbidden(&'static str),
    /// 403: an admin has decided so, and the log says it to everybody.
    Barred {
        /// What was decided, and why.
        why: String,
        /// What was typed, so that it is not lost.
        typed: String,
    },
    /// 404: what was written has no place any more.
    Lost {
        /// What was typed, so that it is not lost.
        typed: String,
    },
    /// 429: not so fast.
    TooMany(RetryAfter),
    /// 503: the same request may succeed in a moment.
    Unavailable(db::Error),
    /// 503: it was done, and only what comes of it cannot be shown.
    Unseen(db::Error),
    /// 500: ours. The text is for the log, never for the client.
    Internal(String),
}

/// What a handler gives.
pub type Result<T = rouille::Response> = std::result::Result<T, Error>;

/// The refusal of a document that must say where it is, where the request does not say it.
pub const NO_HOST: Error = Error::BadRequest("Its Host header is no name of a host.");

const REJECTED: &str = "The change you wanted was rejected.";
/// The same for who only wanted to look at something.
const CLOSED: &str = "This is not open to you.";

impl Error {
    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Error::NotFound | Error::Lost { .. } => 404,
            Error::MethodNotAllowed(_) => 405,
            Error::BadRequest(_) => 400,
            Error::SignIn { .. } => 303,
            Error::TooLarge(_) => 413,
            Error::UnsupportedMediaType => 415,
            Error::Forbidden(_) | Error::Barred { .. } => 403,
            Error::TooMany(_) => 429,
            Error::Unavailable(_) | Error::Unseen(_) => 503,
            Error::Internal(_) => 500,
        }
    }

    /// What it is for a request for which something was written before.
    #[must_use]
    pub fn after(self, has_written: bool) -> Error {
        match self {
            Error::Unavailable(error) if has_written => Error::Unseen(error),
            error => error,
        }
    }

    /// A heading and a sentence for the person in front of it, who sent a request by `method`.
    #[must_use]
    pub fn texts(&self, method: &str) -> (&'static str, Cow<'static, str>) {
        let refused = if method == "GET" { CLOSED } else { REJECTED };
        let (heading, sentence) = match self {
            Error::NotFound => (
                "The page you were looking for doesn't exist.",
                "You may have mistyped the address or the page may have moved.",
            ),
            Error::Lost { .. } => (
                "The page you were looking for doesn't exist.",
                "What you replied to was deleted while you were writing.",
            ),
            Error::MethodNotAllowed(_) => {
                ("That can't be done here.", "The page exists, but not for this kind of request.")
            }
            Error::BadRequest(why) => ("That request can't be understood.", *why),
            Error::TooLarge(why) => ("That is too long.", *why),
            Error::UnsupportedMediaType => {
                ("That request can't be understood.", "Forms are sent as application/x-www-form-urlencoded.")
            }
            Error::SignIn { .. } => ("Please sign in.", "Only somebody who is signed in can do this."),
            Error::Forbidden(why) => (refused, *why),
            Error::Barred { why, .. } => return (refused, why.clone().into()),
            Error::TooMany(wait) => {
                return ("That was a little too fast.", format!("Please try again in {wait}.").into());
            }
            Error::Unavailable(error) if error.is_storage_failure() => {
                ("Nothing can be saved at the moment.", "Nothing was changed. Please try again later.")
            }
            Error::Unavailable(_) => {
                ("We're a little busy.", "Nothing was changed. Please try again in a moment.")
            }
            Error::Unseen(_) => (
                "We're a little busy.",
                "It was saved, or a part of it, but it cannot be shown to you at the moment.",
            ),
            Error::Internal(_) => {
                ("We're sorry, but something went wrong.", "It was noted, and it is ours to mend.")
            }
        };
        (heading, sentence.into())
    }
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Error {
        if error.is_temporary() { Error::Unavailable(error) } else { Error::Internal(error.to_string()) }
    }
}

impl From<RetryAfter> for Error {
    fn from(wait: RetryAfter) -> Error {
        Error::TooMany(wait)
    }
}

impl From<horrorshow::Error> for Error {
    fn from(error: horrorshow::Error) -> Error {
        Error::Internal(format!("rendering: {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Unavailable(error) | Error::Unseen(error) => error.fmt(f),
            Error::Internal(error) => f.write_str(error),
            other => f.write_str(other.texts("").0),
        }
    }
}
