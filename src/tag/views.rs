//! HTML of tags: on posts, and the list of all.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::each;
use crate::html::text::{DOT, Isolated};
use crate::web::paths;

/// The tags of a post, behind its title.
pub fn of_post(tags: &str) -> impl Render + '_ {
    owned_html! {
        @ if !tags.is_empty() {
            span(class="tags") {
                @ for tag in each(tags) { : Raw(" "); a(href=paths::Tagged(tag)) { : "#"; : Isolated(tag) } }
            }
        }
    }
}

/// All tags of the site.
pub fn all(tags: &str) -> impl Render + '_ {
    owned_html! {
        ul(id="tags", class="prose") { @ for tag in each(tags) { li { a(href=paths::Tagged(tag)) { : Isolated(tag) } } } }
    }
}

/// The button on the page of a tag. It belongs to the form that small buttons share.
pub fn mute(tag: &str, is_muted: bool) -> impl Render + '_ {
    let (action, text) =
        if is_muted { (paths::unmute_tag(tag), "Unmute") } else { (paths::mute_tag(tag), "Mute this tag") };
    owned_html! {
        div(class="actions") { button(class="button", form="acts", formaction=&action, id="mute") { : text } }
    }
}

/// The muted tags, each with a button that ends it.
pub fn muted(tags: &[String]) -> impl Render + '_ {
    owned_html! {
        @ for tag in tags {
            li {
                a(href=paths::Tagged(tag), id=format!("muted_tag_{tag}")) { : Isolated(tag) } : DOT;
                button(class="link", form="acts", formaction=&paths::unmute_tag(tag), id=format!("unmute_tag_{tag}"), aria-describedby=format!("muted_tag_{tag}")) { : "Unmute" }
            }
        }
    }
}
