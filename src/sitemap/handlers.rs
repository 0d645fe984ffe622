//! What search engines ask for.

use super::{sql, views};
use crate::web::NO_HOST;
use crate::web::{Cx, Error, Result, paths, reply};

/// So many seconds each of them may be kept.
const MAX_AGE_SECONDS: u32 = 60 * 60;

const XML: &str = "application/xml; charset=utf-8";

/// `GET /sitemap.xml`: the index of the parts.
///
/// # Errors
/// [`Error::BadRequest`] when nobody knows the site's own address; the database's.
pub fn index(cx: &Cx) -> Result {
    let origin = cx.origin().ok_or(NO_HOST)?;
    let parts = cx.read(sql::parts)?;
    Ok(reply::document(cx, XML, MAX_AGE_SECONDS, views::index(&origin, &parts)?))
}

/// `GET /sitemap-:number.xml`: a part.
///
/// # Errors
/// [`Error::NotFound`] when it would be empty; as there.
pub fn part(cx: &Cx, number: i64) -> Result {
    let origin = cx.origin().ok_or(NO_HOST)?;
    let entries = cx.read(|connection| sql::part(connection, number))?;
    if entries.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(reply::document(cx, XML, MAX_AGE_SECONDS, views::part(&origin, &entries)?))
}

/// `GET /robots.txt`: what they are asked to leave alone, and where the sitemap is. It is no static
/// file, because that must be said with the site's own address.
///
/// # Errors
/// None.
pub fn robots(cx: &Cx) -> Result {
    let mut text = include_str!("../../static/robots.txt").to_owned();
    if let Some(origin) = cx.origin() {
        text += &format!("\nSitemap: {origin}{}\n", paths::SITEMAP);
    }
    Ok(reply::document(cx, "text/plain; charset=utf-8", MAX_AGE_SECONDS, text))
}
