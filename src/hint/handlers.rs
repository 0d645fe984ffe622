//! Requests for the hints.

use super::{sql, views};
use crate::auth;
use crate::ui::layout::{self, Page};
use crate::web::{Cx, Result, reply};

/// `GET /admin/hints`: users who vote for each other, and users with one address.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Unavailable`](crate::web::Error::Unavailable) or
/// [`Internal`](crate::web::Error::Internal) when the database fails.
pub fn show(cx: &Cx) -> Result {
    auth::require_admin(cx)?;
    let page = Page::new(cx, "Hints")?;
    let (mutual, shared) =
        cx.read(|connection| Ok((sql::mutual_votes(connection)?, sql::shared_addresses(connection)?)))?;
    Ok(reply::page(cx, layout::render(&page, views::hints(&mutual, &shared))?))
}
