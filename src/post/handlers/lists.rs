//! Handlers for lists of posts.

use horrorshow::owned_html;
use rusqlite::Connection;

use super::super::best::Period;
use super::super::{ListedPost, PostKind, link, sql, views};
use super::rows;
use crate::auth;
use crate::changes::{self, Order, Topic, Window};
use crate::comment;
use crate::hiding::{self, Hidden};
use crate::tag;
use crate::text::isolated;
use crate::types::cursor::{Cursor, START, Slice};
use crate::ui::layout::{self, Page};
use crate::ui::pager;
use crate::visit::{self, Visit};
use crate::web::{Cx, Error, Result, Viewer, paths, reply};

/// Reads the keys of a page of a list: from a cursor on, at most this number.
type Query = fn(&Connection, Cursor, u32) -> rusqlite::Result<Slice<Cursor>>;

/// `GET /`: the front page, hottest first.
///
/// # Errors
/// [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn front(cx: &Cx) -> Result {
    let description = format!("What people post and discuss on {}.", cx.site_name());
    let rank = first_rank(cx, cx.cursor("after")?);
    list(cx, ("Top posts", &description), None, paths::FRONT_FEED, (sql::hottest, Order::Hotness), rank)
}

/// `GET /posts`: newest first.
///
/// # Errors
/// [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn recent(cx: &Cx) -> Result {
    let description = format!("The newest posts on {}.", cx.site_name());
    let tab = Some(paths::POSTS);
    list(cx, ("Recent posts", &description), tab, paths::POSTS_FEED, (sql::newest, Order::Age), None)
}

fn list(
    cx: &Cx,
    (heading, description): (&str, &str),
    tab: Option<&'static str>,
    feed: &'static str,
    (query, order): (Query, Order),
    rank: Option<u32>,
) -> Result {
    let (after, viewer) = (cx.cursor("after")?, auth::viewer(cx)?);
    let posts = cx.read_pieces(|pieces| rows::read_visible(pieces, viewer, (after, None), query))?;
    show(cx, &posts, &[], Some(window(order, &posts, after)));
    let aside = Some(views::NEW_POST);
    let page = Page { aside, description, feed: Some(feed.into()), ..Page::new(cx, heading)? };
    let viewer = page.viewer;
    let main = owned_html! {
        @ if let Some(tab) = tab { : comment::views::lists::new(viewer, tab) }
        : views::list(viewer, &posts, rank, &cx.clock);
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// The rank of the first post of a page: one, or what the link to the page says; `None` for an address without it.
pub(super) fn first_rank(cx: &Cx, after: Cursor) -> Option<u32> {
    if after == START { Some(1) } else { cx.query(pager::RANK)?.parse().ok().filter(|rank| *rank < MAX_RANK) }
}

/// The first rank that no list shows: an address can say anything.
const MAX_RANK: u32 = 10_000_000;

/// Says that the page shows these posts, and `more`.
pub(super) fn show(cx: &Cx, posts: &Slice<ListedPost>, more: &[Topic], window: Option<Window>) {
    let shown = posts.rows.iter().map(|listed| Topic::Post(listed.row.id()));
    let topics: Vec<Topic> = shown.chain(more.iter().copied()).collect();
    let visits = posts.rows.iter().filter_map(|listed| listed.relation.visit.map(Visit::ends_at));
    visits.filter(|end| *end + visit::CLOCK_MARGIN >= cx.now).for_each(|end| cx.clock.limit(end));
    cx.shows(&topics, window);
}

/// The window of a page of a list: from the first post after it, which decides whether there are more, or from the end of
/// the list, to `after`.
fn window(order: Order, posts: &Slice<ListedPost>, after: Cursor) -> Window {
    Window { order, least: posts.beyond.map_or(i64::MIN, |beyond| beyond.key), greatest: after.key }
}

/// `GET /best`, `GET /best/:period`: the posts of a period, by default a week, with the most points first.
///
/// # Errors
/// [`Error::NotFound`] for an unknown period; [`Error::BadRequest`] for a malformed cursor;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn best(cx: &Cx, period: &str) -> Result {
    let period = Period::from_code(period).ok_or(Error::NotFound)?;
    let (after, viewer) = (cx.cursor("after")?, auth::viewer(cx)?);
    let query = |connection: &_, after, limit| sql::best(connection, period, &cx.clock, after, limit);
    let posts = cx.read_pieces(|pieces| rows::read_visible(pieces, viewer, (after, None), query))?;
    show(cx, &posts, &[], Some(window(Order::Points, &posts, after)));
    let description = format!("The posts on {} with the most points.", cx.site_name());
    let page = Page { description: &description, ..Page::new(cx, period.heading())? };
    Ok(reply::page(
        cx,
        layout::render(&page, views::best(page.viewer, period, &posts, first_rank(cx, after), &cx.clock))?,
    ))
}

/// `GET /ask`, `GET /show`: the posts of a kind, hottest first.
///
/// # Errors
/// [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn of_kind(cx: &Cx, kind: PostKind) -> Result {
    let (after, viewer) = (cx.cursor("after")?, auth::viewer(cx)?);
    let query = |connection: &_, after, limit| sql::of_kind(connection, kind, after, limit);
    let posts = cx.read_pieces(|pieces| rows::read_visible(pieces, viewer, (after, None), query))?;
    show(cx, &posts, &[Topic::Kind(kind.number())], None);
    let aside = Some(views::NEW_POST);
    let page = Page { aside, description: views::about_kind(kind), ..Page::new(cx, kind.word())? };
    Ok(reply::page(
        cx,
        layout::render(&page, views::of_kind(page.viewer, kind, &posts, first_rank(cx, after), &cx.clock))?,
    ))
}

/// `GET /from?site=…`: the links to a site, newest first.
///
/// # Errors
/// [`Error::NotFound`] for a site that no link can have; [`Error::BadRequest`] for a malformed cursor;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn from(cx: &Cx) -> Result {
    let (after, viewer) = (cx.cursor("after")?, auth::viewer(cx)?);
    let site = cx.query("site").and_then(|site| link::site::parse(&site)).ok_or(Error::NotFound)?;
    let query = |connection: &_, after, limit| sql::of_site(connection, &site, after, limit);
    let shown = Hidden::Site(site.clone());
    let (posts, is_muted) = cx.read_pieces(|pieces| {
        let posts = rows::read_visible(pieces, viewer, (after, Some(&shown)), query)?;
        Ok((posts, is_muted(pieces.connection(), viewer, &shown)?))
    })?;
    show(cx, &posts, &[Topic::Site(changes::hash_of_site(&site))], None);
    let heading = format!("Posts from {}", isolated(&site));
    let description = format!("Links to {} on {}.", isolated(&site), cx.site_name());
    let page = Page { description: &description, ..Page::new(cx, &heading)? };
    let main = owned_html! {
        @ if viewer.is_some() { : hiding::views::mute_site(&site, is_muted) }
        : views::from(viewer, &site, &posts, &cx.clock);
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// `GET /tagged?tag=…`: the posts of a tag, the last that came first.
///
/// # Errors
/// [`Error::NotFound`] for what is no tag; [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn tagged(cx: &Cx) -> Result {
    let (after, viewer) = (cx.cursor("after")?, auth::viewer(cx)?);
    let tag = cx.query("tag").unwrap_or_default();
    let tag = tag::parse(&tag).ok_or(Error::NotFound)?;
    let query = |connection: &_, after, limit| sql::of_tag(connection, tag, after, limit);
    let shown = Hidden::Tag(tag.to_owned());
    let (posts, is_muted) = cx.read_pieces(|pieces| {
        let posts = rows::read_visible(pieces, viewer, (after, Some(&shown)), query)?;
        Ok((posts, is_muted(pieces.connection(), viewer, &shown)?))
    })?;
    let heading = format!("Posts about {}", isolated(tag));
    let description = format!("Posts with the tag {} on {}.", isolated(tag), cx.site_name());
    let aside = Some((paths::TAGS, "All tags")).filter(|_| tag::each(cx.settings().tags()).next().is_some());
    let page = Page { aside, description: &description, ..Page::new(cx, &heading)? };
    let main = owned_html! {
        @ if viewer.is_some() { : tag::views::mute(tag, is_muted) }
        : views::tagged(viewer, tag, &posts, &cx.clock);
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// Whether the viewer has muted a site or a tag.
fn is_muted(connection: &Connection, viewer: Option<&Viewer>, what: &Hidden) -> rusqlite::Result<bool> {
    match viewer.filter(|viewer| viewer.hides_count > 0) {
        Some(viewer) => hiding::sql::has(connection, viewer.id, what),
        None => Ok(false),
    }
}
