//! The name of an author: as a link, and as text.

use std::borrow::Cow;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::super::{Author, is_own};
use crate::html::text::Isolated;
use crate::text::isolated;
use crate::ui::badge;
use crate::web::{Viewer, paths};

/// `by NAME`; the viewer's own name is "you", and a deleted account's `[deleted]`. An admin has a badge.
pub fn by<'a>(author: Option<&'a Author>, viewer: Option<&'a Viewer>) -> impl Render + 'a {
    owned_html! {
        : Raw("by ");
        @ if let Some(author) = author {
            a(href=paths::user(author.id)) {
                @ if is_own(Some(author), viewer) { : Raw("you") } else { : Isolated(&author.screen_name) }
            }
            : badge::admin(author.is_admin);
        } else {
            : Raw("[deleted]")
        }
    }
}

/// The name as a link, with the badge of an admin: for lists without "you".
pub fn name(author: &Author) -> impl Render + '_ {
    owned_html! {
        a(href=paths::user(author.id)) { : Isolated(&author.screen_name) }
        : badge::admin(author.is_admin);
    }
}

/// The name as text, for feeds: `NAME`, and `NAME (admin)`.
#[must_use]
pub fn text(author: &Author) -> Cow<'_, str> {
    let Author { screen_name, is_admin, .. } = author;
    if *is_admin {
        format!("{} ({})", isolated(screen_name), badge::ADMIN).into()
    } else {
        screen_name.as_str().into()
    }
}
