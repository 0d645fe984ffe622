//! The draft in the form for a comment.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::draft;
use crate::types::id::{DraftId, PostId};
use crate::ui::{button, message};
use crate::web::account::Account;
use crate::web::paths;

/// What the form says of the draft that it is filled with, and sends of it.
pub(super) fn note(id: DraftId) -> impl Render {
    owned_html! {
        input(type="hidden", name=draft::FIELD, value=id.get());
        p(class="hint") { : "You typed this for a post of this link. It stays here until you comment or discard it." }
    }
}

/// The button that discards the draft, and the link to the form for a post of its own; `in_place`: by htmx, which empties
/// the form.
pub(super) fn discard(account: Account, id: DraftId, post_id: PostId, in_place: bool) -> impl Render {
    let action = paths::draft(id);
    owned_html! {
        form(id="discard_draft", method="post", action=action, hx-post?=in_place.then_some(action)) {
            : account;
            : button::method_override("delete");
            div(class="actions") {
                button(class="button", id="discard") { : "Discard" }
                a(class="button", href=paths::repost(post_id)) { : message::REPOST }
            }
        }
    }
}
