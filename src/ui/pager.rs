//! Keyset pagination: the next page begins after the last row of this one, not at an offset. No row appears
//! twice or is skipped while new ones arrive, and the thousandth page costs as much as the first.

use std::fmt;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::types::cursor::{Cursor, Slice};

/// The link to the next page, if there is one, such as "More posts": `name` is the query parameter, `anchor`
/// the list's fragment identifier.
pub fn more(
    next: Option<Cursor>,
    name: &'static str,
    anchor: &'static str,
    rows: &'static str,
) -> impl Render {
    more_at(next.map(|next| format!("?{name}={next}{anchor}")), rows)
}

/// The link to the next page of a list by rank, whose first page is at `address`; empty: at that of this page. The rank of
/// the first row there follows from that of the first row here, which the list itself cannot know.
pub fn more_ranked<T>(
    address: &str,
    (here, first): (&Slice<T>, Option<u32>),
    rows: &'static str,
) -> impl Render + use<T> {
    let joint = if address.contains('?') { '&' } else { '?' };
    let shown = u32::try_from(here.rows.len()).unwrap_or(u32::MAX);
    let address = here.next.map(|next| match first {
        Some(first) => format!("{address}{joint}after={next}&{RANK}={}", first.saturating_add(shown)),
        None => format!("{address}{joint}after={next}"),
    });
    more_at(address, rows)
}

/// The query parameter with the rank of a page's first row.
pub const RANK: &str = "rank";

/// The link to the next page of a list whose first page is at `address`, which has a query.
pub fn more_of(address: impl fmt::Display, next: Option<Cursor>, rows: &'static str) -> impl Render {
    more_at(next.map(|next| format!("{address}&after={next}")), rows)
}

/// The link to the next page at `address`, if there is one.
pub fn more_at(address: Option<String>, rows: &'static str) -> impl Render {
    owned_html! {
        @ if let Some(address) = &address {
            nav(class="pager", aria-label="Pages") {
                a(rel="next", href=address) { : "More "; : rows }
            }
        }
    }
}
