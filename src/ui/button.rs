//! Buttons that change something: each is a form of its own, so that it works without JavaScript.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::Id;
use crate::web::account::Account;
use crate::web::paths::Path;

/// A button that sends DELETE to `path`; `class` is the button's, `account` that of the page.
pub fn delete(account: Account, path: Path, class: &'static str, text: &'static str) -> impl Render {
    owned_html! {
        form(method="post", action=path) {
            : account;
            : method_override("delete");
            button(class=class) { : text }
        }
    }
}

/// A button that sends DELETE to `path` by htmx, which makes the changes that the response names. `id` is the
/// button's: htmx finds the focused element by its id after a swap.
pub fn delete_in_place(
    account: Account,
    path: Path,
    class: &'static str,
    text: &'static str,
    id: Id,
) -> impl Render {
    owned_html! {
        form(method="post", action=path, hx-post=path) {
            : account;
            : method_override("delete");
            button(class=class, id=id) { : text }
        }
    }
}

/// The button that undoes what the notice beside it says. It belongs to the form that small buttons share
/// (`ui/layout.rs`).
pub fn undo(path: Path) -> impl Render {
    owned_html! { button(class="link", form="acts", formaction=path, id="undo") { : "Undo" } }
}

/// The hidden field by which a POST form sends another method: `patch` or `delete`. See
/// [`Cx::method`](crate::web::Cx::method).
pub fn method_override(method: &'static str) -> impl Render {
    owned_html! { input(type="hidden", name="_method", value=method); }
}
