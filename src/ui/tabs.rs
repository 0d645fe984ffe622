//! Links to pages that belong together, such as lists of one kind.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::layout;

/// A page among several: its path, and the text of the link to it.
pub type Tab = (&'static str, &'static str);

/// The links, with that to the path `here` marked; `label` names them for screen readers.
pub fn tabs<'t>(label: &'static str, links: &'t [Tab], here: &'t str) -> impl Render + 't {
    owned_html! {
        nav(class="tabs", aria-label=label) {
            @ for (path, text) in links {
                a(href=*path, aria-current?=layout::current(*path == here)) { : *text }
            }
        }
    }
}
