//! Pages of a list that moves: the next page begins after the last row seen, not at a count, so no
//! row comes twice or is left out while new ones arrive, and the thousandth page costs what the first does.

use std::fmt;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::types::cursor::Cursor;

/// The link to the next page, if there is one: the query parameter `name`, and the list's place on
/// the page.
pub fn more(next: Option<Cursor>, name: &'static str, anchor: &'static str) -> impl Render {
    more_at(next.map(|next| format!("?{name}={next}{anchor}")))
}

/// The same where `address` is that of the first page, with a query already.
pub fn more_of(address: impl fmt::Display, next: Option<Cursor>) -> impl Render {
    more_at(next.map(|next| format!("{address}&after={next}")))
}

/// The same where the whole `address` of the next page is at hand.
pub fn more_at(address: Option<String>) -> impl Render {
    owned_html! {
        @ if let Some(address) = &address {
            nav(class="pager", aria-label="Pages") {
                a(rel="next", href=address) { : "More" }
            }
        }
    }
}
