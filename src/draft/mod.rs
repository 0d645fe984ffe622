//! Drafts: forms that were sent without a session, kept until their author has signed in.
//!
//! A guest sees the forms, and a session can end while its owner writes. Instead of losing the text, the
//! server keeps it, leads the author to the sign-in page and back, and fills it into the form. The text is in
//! no address and in no page on the way; a cookie finds it, for an hour.

pub mod handlers;
pub mod sql;

use std::time::Duration;

use crate::auth::token::Secret;
use crate::post::MAX_TEXT_CHARS;
use crate::types::time::{HOUR, Timestamp};

/// The time for which a draft is kept.
pub const LIFETIME: Duration = HOUR;
/// The most bytes of text in a draft: enough for any valid post, in any encoding and with any line ends.
pub(crate) const MAX_BYTES: usize = 5 * MAX_TEXT_CHARS;
/// The most drafts, and the most bytes of all drafts (URL-encoded); the oldest are deleted for new ones.
/// Guests create drafts, so drafts must not be able to fill the disk.
pub(crate) const MAX_DRAFTS: i64 = 10_000;
pub(crate) const MAX_BYTES_OF_ALL: i64 = 64 * 1024 * 1024;

/// The values of a draft to be inserted.
pub struct NewDraft<'d> {
    /// The secret in the cookie; only its hash is stored.
    pub secret: &'d Secret,
    /// The path to which the form was sent.
    pub path: &'d str,
    /// The form's texts, URL-encoded.
    pub form: &'d str,
    /// The time of its creation.
    pub created_at: Timestamp,
}
