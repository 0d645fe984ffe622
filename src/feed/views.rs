//! The Atom XML of feeds, and the HTML of their entries.

use std::borrow::Cow;
use std::io;

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{Entry, Feed, MAX_TEXT_CHARS};
use crate::html::size::MAX_FRAGMENT_BYTES;
use crate::html::text::Text;
use crate::markup::cut::{beginning, end_of_words};
use crate::site::feed_ids::FeedIds;
use crate::site::origin::Origin;
use crate::text::isolated;
use crate::user::views::author;
use crate::visibility::DELETED;
use crate::vote::Target;
use crate::web::xml::{self, ATOM, Xml};
use crate::web::{Result, paths};

/// The most bytes of the rendered text of an entry, tried in this order until the feed has room for all
/// entries.
const TEXT_LIMITS: [usize; 4] = [usize::MAX, 16 * 1024, 4 * 1024, LEAST_TEXT_LIMIT];
/// With this limit the last entries are left out instead.
const LEAST_TEXT_LIMIT: usize = 1024;

/// The Atom document, of at most [`MAX_FRAGMENT_BYTES`]: long texts are cut where they have no room, and the
/// last entries are left out where not even the beginnings have. Its ids do not depend on the origin, which is
/// the beginning of its links.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when writing fails, which no known input causes.
pub fn atom(origin: &Origin, ids: &FeedIds, site_name: &str, feed: &Feed) -> Result<String> {
    let mut document = Ok(String::new());
    for limit in TEXT_LIMITS {
        let mut is_complete = true;
        document = atom_within(origin, ids, (site_name, feed), limit, &mut is_complete);
        if is_complete {
            break;
        }
    }
    document
}

/// The document with at most `limit` bytes of each text; `is_complete` is set to whether all entries had room.
fn atom_within(
    origin: &Origin,
    ids: &FeedIds,
    (site_name, feed): (&str, &Feed),
    limit: usize,
    is_complete: &mut bool,
) -> Result<String> {
    let attributes = [("xmlns", "http://www.w3.org/2005/Atom"), ("xml:lang", "en")];
    let (address, page) = (format!("{origin}{}", feed.path), format!("{origin}{}", feed.page));
    xml::document("feed", &attributes, |xml| {
        xml::text(xml, "id", &[], &ids.id(feed.identity.as_ref().unwrap_or(&feed.path)))?;
        xml::text(xml, "title", &[], &format!("{} · {}", isolated(feed.title), isolated(site_name)))?;
        xml::text(xml, "updated", &[], &feed.updated_at().rfc_3339())?;
        xml::empty(xml, "link", &[("rel", "self"), ("type", ATOM), ("href", &address)])?;
        xml::empty(xml, "link", &[("rel", "alternate"), ("type", "text/html"), ("href", &page)])?;
        xml::text(xml, "icon", &[], &format!("{origin}{}", paths::ICON))?;
        for entry in &feed.entries {
            let before = xml.get_ref().len();
            self::entry(xml, origin, ids, entry, limit)?;
            if xml.get_ref().len() + CLOSING_BYTES > MAX_FRAGMENT_BYTES {
                xml.get_mut().truncate(before);
                *is_complete = false;
                break;
            }
        }
        Ok(())
    })
}

/// The bytes of `</feed>`.
const CLOSING_BYTES: usize = 7;

fn entry(xml: &mut Xml, origin: &Origin, ids: &FeedIds, entry: &Entry, limit: usize) -> io::Result<()> {
    let path = entry.target.path().to_string();
    let address = format!("{origin}{path}");
    let name: Cow<str> = entry.author.as_ref().map_or(DELETED.into(), author::text);
    xml::parent(xml, "entry", &[], |xml| {
        // The path names the entry for good: row ids are never reused.
        xml::text(xml, "id", &[], &ids.id(&path))?;
        match entry.target {
            Target::Post(_) => xml::text(xml, "title", &[], &entry.title)?,
            Target::Comment(_) => {
                xml::text(xml, "title", &[], &format!("{} on {}", isolated(&name), isolated(&entry.title)))?
            }
        }
        xml::text(xml, "published", &[], &entry.created_at.rfc_3339())?;
        xml::text(xml, "updated", &[], &entry.updated_at.rfc_3339())?;
        xml::parent(xml, "author", &[], |xml| {
            xml::text(xml, "name", &[], &name)?;
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
        let html = content(entry, &address, limit).into_string().map_err(io::Error::other)?;
        xml::text(xml, "content", &[("type", "html")], &html)
    })
}

/// An entry's content: the link's site, and the text up to [`MAX_TEXT_CHARS`] and to `limit` bytes of markup.
fn content<'e>(entry: &'e Entry, address: &'e str, limit: usize) -> impl RenderOnce + 'e {
    let end = entry.text.char_indices().nth(MAX_TEXT_CHARS).map(|(end, _)| end_of_words(&entry.text, end));
    let text = beginning(&entry.text[..end.unwrap_or(entry.text.len())], limit);
    owned_html! {
        @ if let Some(link) = &entry.link {
            p { a(href=&link.url) { : Text(&link.site) } }
        }
        : &text;
        @ if end.is_some() || text.is_cut { p { a(href=address) { : "Read on…" } } }
    }
}
