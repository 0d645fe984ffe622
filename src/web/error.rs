//! The errors of handlers: their status, and their heading and sentence for the client.

use std::borrow::Cow;
use std::fmt;

use lorem_store as db;
use thiserror::Error;

use super::header::Header;
use super::panics::Panicked;
use crate::site::limiter::RetryAfter;
use crate::text::isolated;
use crate::types::id::{DraftId, PostId};

/// The reason for which a handler cannot answer the request. Mistakes in a form that a person can correct are
/// no error: the handler shows the form again, with [`Errors`](super::form::Errors).
#[derive(Debug, Error)]
pub enum Error {
    /// 404: the address does not exist, or its post, comment or user does not.
    NotFound,
    /// 404: the post or comment that is to be changed is not there any more.
    Gone {
        /// The heading: what has become of it.
        heading: &'static str,
        /// One sentence more.
        why: &'static str,
    },
    /// 405: the address exists, for these methods.
    MethodNotAllowed(&'static str),
    /// 400, with a sentence.
    BadRequest(&'static str),
    /// 409, with a sentence: the state of things does not allow it.
    Conflict(&'static str),
    /// 413, with a sentence.
    TooLarge(&'static str),
    /// 415: the body is not a form.
    UnsupportedMediaType,
    /// The request needs a signed-in user: 303 (401 for htmx) to the sign-in page, and back to `return_to`
    /// afterwards.
    SignIn {
        /// A path of this site.
        return_to: String,
        /// The cookie that finds the guest's draft, if one was kept.
        cookie: Option<Header>,
    },
    /// 403, with a sentence.
    Forbidden(&'static str),
    /// 403: the form comes from a page at another address than the request's, which may be this site's: a proxy
    /// does not pass on `Host`, as nginx's `proxy_pass` without `proxy_set_header`.
    PerhapsOwn {
        /// The texts of the refused form, so that they are not lost.
        typed: String,
    },
    /// 403: an admin has banned the user or locked the discussion. The moderation log is public.
    Moderated {
        /// The decision and its reason.
        why: String,
        /// The texts of the refused form, so that they are not lost.
        typed: String,
    },
    /// 403: the user's account is too new.
    Newcomer {
        /// What they can do, and from when on.
        why: String,
        /// The texts of the refused form, so that they are not lost.
        typed: String,
    },
    /// 404: the post or comment that a reply was written to has been deleted.
    TargetDeleted {
        /// The texts of the refused form, so that they are not lost.
        typed: String,
        /// The draft of a comment that keeps them, and the post on which it would be.
        draft: Option<(DraftId, PostId)>,
    },
    /// 409: the form was made for another account than the one that is signed in.
    OtherAccount {
        /// The name of the user who is signed in.
        screen_name: String,
        /// The texts of the refused form, so that they are not lost.
        typed: String,
    },
    /// 429: the action exceeds its rate limit.
    RateLimited(RetryAfter),
    /// 503: the same request may succeed in a moment.
    Unavailable(#[source] db::Error),
    /// 503: the request has changed something, only its result cannot be shown.
    UnavailableAfterWrite(#[source] db::Error),
    /// 500. The text is for the log, never for the client.
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The result of a handler.
pub type Result<T = rouille::Response> = std::result::Result<T, Error>;

/// The refusal to delete what is not there.
pub const ALREADY_DELETED: Error =
    Error::Gone { heading: "It is already deleted.", why: "Nothing was changed." };
/// The refusal to delete what an admin has removed.
pub const ALREADY_REMOVED: Error =
    Error::Gone { heading: "An admin has removed it.", why: "Nothing was changed." };

/// The refusal of a document that contains absolute addresses, when the request's `Host` header gives none.
pub const NO_HOST: Error = Error::BadRequest("Its Host header is no name of a host.");

const REJECTED: &str = "The change you wanted was rejected.";
/// The heading of a refused GET, as [`REJECTED`] is that of a refused change.
const CLOSED: &str = "This is not open to you.";

impl Error {
    /// [`Error::SignIn`] that leads back to a path of this site, without a draft.
    #[must_use]
    pub fn sign_in(return_to: impl fmt::Display) -> Error {
        Error::SignIn { return_to: return_to.to_string(), cookie: None }
    }

    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Error::NotFound | Error::Gone { .. } | Error::TargetDeleted { .. } => 404,
            Error::MethodNotAllowed(_) => 405,
            Error::BadRequest(_) => 400,
            Error::SignIn { .. } => 303,
            Error::TooLarge(_) => 413,
            Error::UnsupportedMediaType => 415,
            Error::Forbidden(_)
            | Error::PerhapsOwn { .. }
            | Error::Moderated { .. }
            | Error::Newcomer { .. } => 403,
            Error::OtherAccount { .. } | Error::Conflict(_) => 409,
            Error::RateLimited(_) => 429,
            Error::Unavailable(_) | Error::UnavailableAfterWrite(_) => 503,
            Error::Internal(_) => 500,
        }
    }

    /// The header `Retry-After` of its answer, in seconds; `None`: trying again does not help, or nobody knows when it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Error::RateLimited(wait) => Some(wait.seconds),
            Error::Unavailable(error) => Some(if error.is_storage_failure() { 30 } else { 2 }),
            _ => None,
        }
    }

    /// The error as it is reported by a request that has changed something before (`has_written`).
    #[must_use]
    pub fn after_write(self, has_written: bool) -> Error {
        match self {
            Error::Unavailable(error) if has_written => Error::UnavailableAfterWrite(error),
            error => error,
        }
    }

    /// A heading and a sentence for the client, which sent the request by `method`.
    #[must_use]
    pub fn texts(&self, method: &str) -> (&'static str, Cow<'static, str>) {
        let refused = if method == "GET" { CLOSED } else { REJECTED };
        let (heading, sentence) = match self {
            Error::NotFound => (
                "The page you were looking for doesn't exist.",
                "You may have mistyped the address or the page may have moved.",
            ),
            Error::Gone { heading, why } => (*heading, *why),
            Error::TargetDeleted { .. } => (
                "The page you were looking for doesn't exist.",
                "What you replied to was deleted while you were writing.",
            ),
            Error::MethodNotAllowed(_) => {
                ("That can't be done here.", "The page exists, but not for this kind of request.")
            }
            Error::BadRequest(why) => ("That request can't be understood.", *why),
            Error::Conflict(why) => ("That can't be done now.", *why),
            Error::TooLarge(why) => ("That is too long.", *why),
            Error::UnsupportedMediaType => {
                ("That request can't be understood.", "Forms are sent as application/x-www-form-urlencoded.")
            }
            Error::SignIn { .. } => ("Please sign in.", "Only a signed-in user can do this."),
            Error::Forbidden(why) => (refused, *why),
            Error::PerhapsOwn { .. } => (
                refused,
                "It was asked for by another site than this one. If you see this on the site's own pages, its \
                 operator has to set --base-url to the address that your browser shows.",
            ),
            Error::Moderated { why, .. } | Error::Newcomer { why, .. } => {
                return (refused, why.clone().into());
            }
            Error::OtherAccount { screen_name, .. } => {
                let screen_name = isolated(screen_name);
                let sentence = format!(
                    "You are signed in as {screen_name} now, and the page was made for another account. \
                     Nothing was changed. Load the page again to go on as {screen_name}."
                );
                return ("Another account is signed in.", sentence.into());
            }
            Error::RateLimited(wait) => {
                return ("That was a little too fast.", format!("Please try again in {wait}.").into());
            }
            Error::Unavailable(error) if error.is_storage_failure() => {
                ("Nothing can be saved at the moment.", "Nothing was changed. Please try again later.")
            }
            Error::Unavailable(_) => {
                ("We're a little busy.", "Nothing was changed. Please try again in a moment.")
            }
            Error::UnavailableAfterWrite(_) => (
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
        match error {
            db::Error::Panicked => Error::Internal(Panicked::in_a_write().into()),
            error if error.is_temporary() => Error::Unavailable(error),
            error => Error::Internal(error.into()),
        }
    }
}

impl From<Panicked> for Error {
    fn from(panicked: Panicked) -> Error {
        Error::Internal(panicked.into())
    }
}

impl From<RetryAfter> for Error {
    fn from(wait: RetryAfter) -> Error {
        Error::RateLimited(wait)
    }
}

impl From<horrorshow::Error> for Error {
    fn from(error: horrorshow::Error) -> Error {
        Error::Internal(format!("rendering: {error}").into())
    }
}

/// The text for the log.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Unavailable(error) | Error::UnavailableAfterWrite(error) => error.fmt(f),
            Error::Internal(error) => error.fmt(f),
            other => f.write_str(other.texts("").0),
        }
    }
}
