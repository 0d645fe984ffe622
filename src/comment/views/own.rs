//! What only the author of a comment sees: the links below it, and the button that deletes it.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::super::Comment;
use super::text;
use crate::html::text::Id;
use crate::markup::Markup;
use crate::types::id::CommentId;
use crate::ui::button;
use crate::web::account::Account;
use crate::web::paths;

const CONSEQUENCE: &str = "If there are replies to it, they stay. You can undo it for ten minutes.";

/// The author's links.
pub(super) fn actions(id: CommentId) -> impl Render {
    let (edit, destroy) = (paths::edit_comment(id), paths::destroy_comment(id));
    owned_html! {
        div(class="actions") {
            a(class="link", id=Id("edit_", id.get()), href=edit, hx-get=edit) { : "Edit" }
            a(class="link danger", id=Id("destroy_", id.get()), href=destroy, hx-get=destroy) { : "Destroy" }
        }
    }
}

/// The page with the button that deletes a comment.
pub fn destroy<'c>(account: Account, comment: &'c Comment) -> impl Render + 'c {
    owned_html! {
        div(class="prose") { : Markup(&comment.body) }
        p(class="hint") { : CONSEQUENCE }
        : button::delete(account, paths::comment(comment.id), "button danger", "Destroy");
    }
}

/// The button in place of the comment's body. The link that leads back has the id of the one that led here, so that
/// htmx keeps the focus there, and not on the button.
pub fn destroy_in_place<'c>(account: Account, comment: &'c Comment) -> impl Render + 'c {
    let (id, path) = (comment.id, paths::comment(comment.id));
    owned_html! {
        div(id=Id("said_", id.get())) {
            : text::text(id, &comment.body, None);
            p(class="hint") { : CONSEQUENCE }
            div(class="actions") {
                : button::delete_in_place(account, path, "button danger", "Destroy", Id("confirm_", id.get()));
                a(class="button", id=Id("destroy_", id.get()), href=path, hx-get=path) { : "Cancel" }
            }
        }
    }
}
