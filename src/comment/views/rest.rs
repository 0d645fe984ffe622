//! What a page leaves out of a discussion.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::comment::Thread;
use crate::comment::tree::{HiddenReplies, Row};
use crate::web::paths;

/// The link to the replies that this page leaves out.
pub(super) fn hidden_replies_link(row: Row) -> impl Render {
    owned_html! {
        @ if row.hidden == HiddenReplies::All {
            p(class="rest") { a(href=paths::comment(row.id)) { : "Continue this thread →" } }
        } else if let HiddenReplies::After(place) = row.hidden {
            p(class="rest") { a(href=paths::replies_from(row.id, place)) { : "More replies →" } }
        }
    }
}

/// The note that the oldest comments are left out.
pub(super) fn truncation_note(thread: &Thread) -> impl Render + '_ {
    owned_html! { @ if thread.is_truncated { p(class="empty") { : "The oldest comments are not shown here." } } }
}
