//! The preview of a text in its form.

use std::fmt::Display;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::markup::cut::beginning;
use crate::text::is_blank;
use crate::web::form::Form;

/// The name of the button that asks for a preview in place of sending the form.
const FIELD: &str = "preview";

/// Whether a form was sent for a preview.
#[must_use]
pub fn is_wanted(form: &Form) -> bool {
    form.get(FIELD).is_some()
}

/// The place of the preview in a form, above its fields; with a text, the preview, see [`shown`].
pub fn place<'t>(id: impl Display, text: Option<&'t str>, limit: usize) -> impl Render + 't {
    let id = id.to_string();
    owned_html! {
        // Screen readers say what htmx puts here.
        div(id=&id, aria-live="polite") { @ if let Some(text) = text { : shown(text, limit) } }
    }
}

/// A text as its readers will see it. What takes more than `limit` bytes is cut.
pub fn shown(text: &str, limit: usize) -> impl Render + '_ {
    let part = beginning(text, limit);
    let is_blank = is_blank(text);
    owned_html! {
        section(class="preview", aria-label="Preview") {
            p(class="hint") { : Raw(if is_blank { "There is no text to preview." } else { "Preview. It is not posted yet." }) }
            @ if !is_blank { div(class="prose") { : &part } }
            @ if part.is_cut { p(class="hint") { : "The rest is left out here." } }
        }
    }
}

/// The button that asks for a preview, behind the one that sends the form: Enter in a field presses the first. `action` is
/// the form's address where htmx sends no form but the preview; `place` is the id of the [`place`].
pub fn button(place: impl Display, action: Option<String>) -> impl Render {
    let id = format!("{place}_button");
    owned_html! { button(class="button", id=&id, name=FIELD, value="1", hx-post?=action.as_deref()) { : "Preview" } }
}
