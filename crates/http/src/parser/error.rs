//! Why a request is refused.

use thiserror::Error;

/// A request that is refused before the handler. The bytes that follow it cannot be understood, so the
/// connection ends after the answer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{status}: {reason}")]
pub struct RequestError {
    /// The status of the answer: 400, 408, 413, 414, 417, 431, 501 or 505.
    pub status: u16,
    /// A sentence for the answer and the access log.
    pub reason: &'static str,
}

impl RequestError {
    /// The body is larger than [`MAX_BODY_BYTES`](crate::limits::MAX_BODY_BYTES), as announced or as sent.
    pub(crate) const BODY_TOO_LARGE: RequestError = RequestError::new(413, "the body is too large");

    pub(crate) const fn new(status: u16, reason: &'static str) -> RequestError {
        RequestError { status, reason }
    }
}
