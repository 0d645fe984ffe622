//! The list of all tags.

use super::{each, views};
use crate::ui::layout::{self, Page};
use crate::web::{Cx, Error, Result, reply};

/// `GET /tags`: the tags of the site.
///
/// # Errors
/// [`Error::NotFound`] on a site without tags; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn list(cx: &Cx) -> Result {
    let settings = cx.settings_of_now()?;
    if each(settings.tags()).next().is_none() {
        return Err(Error::NotFound);
    }
    let page = Page { description: "What posts are about.", ..Page::new(cx, "Tags")? };
    Ok(reply::page(cx, layout::render(&page, views::all(settings.tags()))?))
}
