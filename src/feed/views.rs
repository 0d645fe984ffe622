//! The Atom XML of feeds, and the HTML of their entries.

use std::io;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Entry, Feed, MAX_TEXT_CHARS};
use crate::html::text::Text;
use crate::markup::Markup;
use crate::post::DELETED;
use crate::site::origin::Origin;
use crate::ui::layout::SITE;
use crate::vote::Target;
use crate::web::xml::{self, ATOM, Xml};
use crate::web::{Result, paths};

/// The Atom document.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when writing fails, which no known input causes.
pub fn atom(origin: &Origin, feed: &Feed) -> Result<String> {
    let attributes = [("xmlns", "http://www.w3.org/2005/Atom"), ("xml:lang", "en")];
    let (address, page) = (format!("{origin}{}", feed.path), format!("{origin}{}", feed.page));
    xml::document("feed", &attributes, |xml| {
        xml::text(xml, "id", &[], &address)?;
        xml::text(xml, "title", &[], &format!("{} · {SITE}", feed.title))?;
        xml::text(xml, "updated", &[], &feed.updated_at().rfc_3339())?;
        xml::empty(xml, "link", &[("rel", "self"), ("type", ATOM), ("href", &address)])?;
        xml::empty(xml, "link", &[("rel", "alternate"), ("type", "text/html"), ("href", &page)])?;
        xml::text(xml, "icon", &[], &format!("{origin}{}", paths::ICON))?;
        feed.entries.iter().try_for_each(|entry| self::entry(xml, origin, entry))
    })
}

fn entry(xml: &mut Xml, origin: &Origin, entry: &Entry) -> io::Result<()> {
    let address = format!("{origin}{}", entry.target.path());
    let name = entry.author.as_ref().map_or(DELETED, |author| &author.screen_name);
    xml::parent(xml, "entry", &[], |xml| {
        // The entry's address is also its id: row ids are never reused.
        xml::text(xml, "id", &[], &address)?;
        match entry.target {
            Target::Post(_) => xml::text(xml, "title", &[], &entry.title)?,
            Target::Comment(_) => xml::text(xml, "title", &[], &format!("{name} on {}", entry.title))?,
        }
        xml::text(xml, "published", &[], &entry.created_at.rfc_3339())?;
        xml::text(xml, "updated", &[], &entry.updated_at.rfc_3339())?;
        xml::parent(xml, "author", &[], |xml| {
            xml::text(xml, "name", &[], name)?;
            match &entry.author {
                Some(author) => xml::text(xml, "uri", &[], &format!("{origin}{}", paths::user(author.id))),
                None => Ok(()),
            }
        })?;
        xml::empty(xml, "link", &[("rel", "alternate"), ("type", "text/html"), ("href", &address)])?;
        if let Some(link) = &entry.link {
            xml::empty(xml, "link", &[("rel", "related"), ("href", &link.url)])?;
        }
        if let Target::Post(id) = entry.target {
            let replies = format!("{origin}{}", paths::post_feed(id));
            xml::empty(xml, "link", &[("rel", "replies"), ("type", ATOM), ("href", &replies)])?;
        }
        let html = content(entry, &address).into_string().map_err(io::Error::other)?;
        xml::text(xml, "content", &[("type", "html")], &html)
    })
}

/// An entry's content: the link's site, and the text up to [`MAX_TEXT_CHARS`].
fn content<'e>(entry: &'e Entry, address: &'e str) -> impl RenderOnce + 'e {
    let cut = entry.text.char_indices().nth(MAX_TEXT_CHARS).map(|(end, _)| end);
    owned_html! {
        @ if let Some(link) = &entry.link {
            p { a(href=&link.url) { : Text(&link.site) } }
        }
        : Markup(&entry.text[..cut.unwrap_or(entry.text.len())]);
        @ if cut.is_some() { p { a(href=address) { : "Read on…" } } }
    }
}
