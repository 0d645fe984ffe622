//! What somebody wrote and sent without being signed in, kept until they are.
//!
//! A guest sees the forms, and a session can end while its owner writes. What they send is kept here,
//! they sign in, land where they were, and find their text in the form. It is in no address and in
//! no page on the way; a cookie finds it, for an hour.

pub mod handlers;
pub mod sql;

use std::time::Duration;

use crate::auth::token::Secret;
use crate::post::MAX_TEXT_CHARS;
use crate::types::time::{HOUR, Timestamp};

/// How long it is kept.
pub const LIFETIME: Duration = HOUR;
/// So many bytes of text: any that could be posted, however its letters are encoded and its lines end.
pub(crate) const MAX_BYTES: usize = 5 * MAX_TEXT_CHARS;
/// So many at once, and so many bytes of all, URL-encoded; the oldest go for the newest. A guest can
/// write them, so they must not be able to fill the disk.
pub(crate) const MAX_DRAFTS: i64 = 10_000;
pub(crate) const MAX_BYTES_OF_ALL: i64 = 64 * 1024 * 1024;

/// Something to be kept.
pub struct NewDraft<'d> {
    /// Of which only the hash is kept.
    pub secret: &'d Secret,
    /// Where the form was sent to.
    pub path: &'d str,
    /// Its texts.
    pub form: &'d str,
    /// When.
    pub created_at: Timestamp,
}
