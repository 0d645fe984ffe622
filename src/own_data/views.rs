//! The page to read in the ZIP: it needs no other file.

use horrorshow::owned_html;
use horrorshow::prelude::*;
use serde_json::{Map, Value};

use crate::html::text::Text;
use crate::markup::Markup;

/// The beginning of the page.
pub(super) const BEGIN: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>What I wrote</title></head><body><h1>What I wrote</h1>";
/// Its end.
pub(super) const END: &str = "</body></html>";

/// The heading of a list.
pub(super) fn heading(text: &str) -> impl RenderOnce + '_ {
    owned_html! { h2 { : text } }
}

/// A post or comment: its time, title, link and text.
pub(super) fn entry(row: &Map<String, Value>) -> impl RenderOnce + '_ {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    owned_html! {
        article {
            p { time { : text("created_at") } }
            @ if !text("title").is_empty() { h3 { : Text(text("title")) } }
            @ if !text("url").is_empty() { p { : Text(text("url")) } }
            : Markup(text("text"));
        }
    }
}
