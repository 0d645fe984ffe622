//! Buttons that change something: each is a form of its own, so that it works without a script.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::Id;
use crate::web::paths::Path;

/// A button that sends DELETE to a path. `class` is that of the button.
pub fn delete(path: Path, class: &'static str, text: &'static str) -> impl Render {
    owned_html! {
        form(method="post", action=path) {
            : method_override("delete");
            button(class=class) { : text }
        }
    }
}

/// The same; htmx sends it and makes the changes that come back. `id` names the button: what has the
/// focus must still be found when the page has changed around it.
pub fn delete_in_place(path: Path, class: &'static str, text: &'static str, id: Id) -> impl Render {
    owned_html! {
        form(method="post", action=path, hx-post=path, hx-sync="this:drop") {
            : method_override("delete");
            button(class=class, id=id) { : text }
        }
    }
}

/// What a form means that can only be sent by POST: `patch` or `delete`.
pub fn method_override(method: &'static str) -> impl Render {
    owned_html! { input(type="hidden", name="_method", value=method); }
}
