//! Handlers of the documents for search engines.

use super::{sql, views};
use crate::web::NO_HOST;
use crate::web::{Cx, Error, Result, paths, reply};

/// `Cache-Control: max-age` of these documents, in seconds.
const MAX_AGE_SECONDS: u32 = 60 * 60;

const XML: &str = "application/xml; charset=utf-8";

/// `GET /sitemap.xml`: the index of the parts.
///
/// # Errors
/// [`Error::BadRequest`] when the site's own address is unknown; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn index(cx: &Cx) -> Result {
    let origin = cx.origin().ok_or(NO_HOST)?;
    let parts = cx.read(sql::parts)?;
    Ok(reply::document(cx, XML, MAX_AGE_SECONDS, views::index(&origin, &parts)?))
}

/// `GET /sitemap-:number.xml`: a part.
///
/// # Errors
/// [`Error::NotFound`] when the part would be empty; [`Error::BadRequest`] when the site's own address is
/// unknown; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn part(cx: &Cx, number: i64) -> Result {
    let origin = cx.origin().ok_or(NO_HOST)?;
    let entries = cx.read(|connection| sql::part(connection, number))?;
    if entries.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(reply::document(cx, XML, MAX_AGE_SECONDS, views::part(&origin, &entries)?))
}

/// `GET /robots.txt`: the paths that crawlers should not visit, and the sitemap's address. It is not a static
/// file, because that address contains the site's own.
///
/// # Errors
/// It has none; all handlers return a [`Result`].
pub fn robots(cx: &Cx) -> Result {
    let mut text = include_str!("../../static/robots.txt").to_owned();
    if let Some(origin) = cx.origin() {
        text += &format!("\nSitemap: {origin}{}\n", paths::SITEMAP);
    }
    Ok(reply::document(cx, "text/plain; charset=utf-8", MAX_AGE_SECONDS, text))
}
