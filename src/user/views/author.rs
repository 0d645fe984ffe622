//! The name of an author, as a link.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::super::{Author, is_own};
use crate::html::text::Text;
use crate::web::{Viewer, paths};

/// `by NAME`; the viewer's own name is "you", and a deleted account's `[deleted]`.
pub fn by<'a>(author: Option<&'a Author>, viewer: Option<&'a Viewer>) -> impl Render + 'a {
    owned_html! {
        : Raw("by ");
        @ if let Some(author) = author {
            a(href=paths::user(author.id)) {
                @ if is_own(Some(author), viewer) { : Raw("you") } else { : Text(&author.screen_name) }
            }
        } else {
            : Raw("[deleted]")
        }
    }
}
