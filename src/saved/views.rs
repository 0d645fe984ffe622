//! HTML of saved posts: the button, and the empty list.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::Id;
use crate::types::id::PostId;
use crate::web::account::Account;
use crate::web::paths;

/// The button on a post's page, for a viewer. Its id does not depend on its label, so it keeps the focus when
/// htmx replaces it.
pub fn button(account: Account, post_id: PostId, is_saved: bool) -> impl Render {
    let action = if is_saved { paths::unsave_post(post_id) } else { paths::save_post(post_id) };
    owned_html! {
        form(id=Id("post_save_", post_id.get()), method="post", action=action, hx-post=action) {
            : account;
            button(class="link", id=Id("save_", post_id.get())) { : Raw(if is_saved { "Unsave" } else { "Save" }) }
        }
    }
}

/// The text in place of an empty list.
pub fn empty() -> impl Render {
    owned_html! {
        p(class="empty") { : "You have not saved any posts yet. Press Save on a post's page; only you see this list." }
    }
}
