//! The XML of the sitemap.

use super::SitemapEntry;
use crate::site::origin::Origin;
use crate::web::{Result, paths, xml};

const NAMESPACE: [(&str, &str); 1] = [("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9")];

/// The index of the parts.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when writing fails, which no known input causes.
pub fn index(origin: &Origin, parts: &[i64]) -> Result<String> {
    xml::document("sitemapindex", &NAMESPACE, |xml| {
        parts.iter().try_for_each(|&number| {
            let address = format!("{origin}{}", paths::sitemap_part(number));
            xml::parent(xml, "sitemap", &[], |xml| xml::text(xml, "loc", &[], &address))
        })
    })
}

/// A part.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when writing fails, which no known input causes.
pub fn part(origin: &Origin, entries: &[SitemapEntry]) -> Result<String> {
    xml::document("urlset", &NAMESPACE, |xml| {
        entries.iter().try_for_each(|entry| {
            let address = format!("{origin}{}", paths::post(entry.id));
            xml::parent(xml, "url", &[], |xml| {
                xml::text(xml, "loc", &[], &address)?;
                xml::text(xml, "lastmod", &[], &entry.changed_at.rfc_3339())
            })
        })
    })
}
