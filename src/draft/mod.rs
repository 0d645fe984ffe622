//! Drafts: texts that wait until their author sends them.
//!
//! A guest sees the forms, and a session can end while its owner writes. Instead of losing the text, the
//! server keeps it, leads the author to the sign-in page and back, and fills it into the form. The text is in
//! no address and in no page on the way; a cookie finds it, for an hour.
//!
//! A user who posts a link that another post has is led there. What they typed waits as the draft of a comment
//! until they send or discard it.

pub mod handlers;
pub mod sql;

use std::time::Duration;

use crate::auth::token::Secret;
use crate::html::size::MAX_COMMENT_FORM_BYTES;
use crate::html::text::escaped_value_length;
use crate::post::MAX_TEXT_CHARS;
use crate::types::id::DraftId;
use crate::types::time::{HOUR, Timestamp};

/// The time for which a draft is kept.
pub const LIFETIME: Duration = HOUR;
/// The most bytes of text in a draft: enough for any valid post, in any encoding and with any line ends.
pub(crate) const MAX_BYTES: usize = 5 * MAX_TEXT_CHARS;
/// The most drafts, and the most bytes of all drafts (URL-encoded); the oldest are deleted for new ones.
/// Guests create drafts, so drafts must not be able to fill the disk.
pub(crate) const MAX_DRAFTS: i64 = 10_000;
pub(crate) const MAX_BYTES_OF_ALL: i64 = 64 * 1024 * 1024;

/// The name of the form field that names the draft of a comment.
pub const FIELD: &str = "draft";
/// The most drafts of comments that a user has; the oldest is deleted for a new one.
pub const MAX_OF_USER: i64 = 30;

/// The draft of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentDraft {
    /// Its id. A changed text gets another one.
    pub id: DraftId,
    /// The text.
    pub body: String,
}

impl CommentDraft {
    /// The text with `more` below it, unless it has that already. What the form could not send is not added: then
    /// only `more` stays.
    #[must_use]
    pub fn with(self, more: &str) -> String {
        if self.body.contains(more) {
            return self.body;
        }
        let both = format!("{}\n\n{more}", self.body);
        if escaped_value_length(&both) > MAX_COMMENT_FORM_BYTES { more.to_owned() } else { both }
    }
}

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
