//! HTML of saved posts and comments: the buttons, the lists' links, and the empty lists.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::Id;
use crate::types::id::{CommentId, PostId};
use crate::ui::tabs::Tab;
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

/// The lists of what a user has saved.
pub const SAVED: [Tab; 2] = [(paths::SAVED, "Posts"), (paths::SAVED_COMMENTS, "Comments")];

/// The button of a comment, for a viewer: on the comment's page, and in lists. It belongs to the form that small buttons
/// share (`ui/layout.rs`).
pub fn comment_button(id: CommentId, is_saved: bool) -> impl Render {
    let action = if is_saved { paths::unsave_comment(id) } else { paths::save_comment(id) };
    owned_html! {
        button(class="link", form="acts", formaction=action, id=Id("save_comment_", id.get())) {
            : Raw(if is_saved { "Unsave" } else { "Save" })
        }
    }
}

/// The text in place of an empty list of comments.
pub const NO_COMMENTS: &str = "You have not saved any comments yet. Press Save in a list of comments, or on a comment's \
                               page; only you see this list.";

/// The text in place of an empty list of posts.
pub fn empty() -> impl Render {
    owned_html! {
        p(class="empty") { : "You have not saved any posts yet. Press Save on a post's page; only you see this list." }
    }
}
