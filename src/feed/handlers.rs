//! Handlers of the feeds, each with the contents of a page.

use super::{Entry, Feed, MAX_ENTRIES, sql, views};
use crate::changes::{Order, Topic, Window};
use crate::search;
use crate::search::query::Query;
use crate::text::isolated;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::user::views::author;
use crate::vote::Target;
use crate::web::NO_HOST;
use crate::web::{Cx, Error, Result, paths, reply};

/// `Cache-Control: max-age` of a feed, in seconds: a reader sees new entries at most that much later.
const MAX_AGE_SECONDS: u32 = 5 * 60;

/// `GET /front.atom`: the hottest posts.
///
/// # Errors
/// [`Error::BadRequest`]: see [`respond`]; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn front(cx: &Cx) -> Result {
    let entries = cx.read(sql::hottest)?;
    // An entry does not have its hotness.
    let window = Window { order: Order::Hotness, least: i64::MIN, greatest: i64::MAX };
    cx.shows(&topics(&entries), Some(window));
    let (path, page) = (paths::FRONT_FEED.to_owned(), paths::FRONT.to_owned());
    respond(cx, &Feed { title: "Top posts", path, identity: None, page, since: Timestamp::EPOCH, entries })
}

/// `GET /posts.atom`: the newest posts.
///
/// # Errors
/// [`Error::BadRequest`]: see [`respond`]; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn newest(cx: &Cx) -> Result {
    let entries = cx.read(sql::newest)?;
    let last = entries.last().filter(|_| entries.len() >= MAX_ENTRIES as usize);
    let least = last.map_or(i64::MIN, |entry| entry.created_at.as_micros());
    cx.shows(&topics(&entries), Some(Window { order: Order::Age, least, greatest: i64::MAX }));
    let (path, page) = (paths::POSTS_FEED.to_owned(), paths::POSTS.to_owned());
    respond(cx, &Feed { title: "Recent posts", path, identity: None, page, since: Timestamp::EPOCH, entries })
}

/// The posts of entries.
fn topics(entries: &[Entry]) -> Vec<Topic> {
    let post = |entry: &Entry| match entry.target {
        Target::Post(id) => Some(Topic::Post(id)),
        Target::Comment(_) => None,
    };
    entries.iter().filter_map(post).collect()
}

/// `GET /users/:id.atom`: a user's posts and comments, newest first.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::BadRequest`]: see [`respond`]; [`Error::Unavailable`] or [`Error::Internal`]
/// when the database fails.
pub fn of_user(cx: &Cx, id: UserId) -> Result {
    let found = cx.read(|connection| {
        let Some(user) = sql::user(connection, id)? else { return Ok(None) };
        Ok(Some((user, sql::of_user(connection, id)?)))
    })?;
    let ((author, since), entries) = found.ok_or(Error::NotFound)?;
    let (path, page) = (paths::user_feed(id).to_string(), paths::user(id).to_string());
    respond(cx, &Feed { title: &author::text(&author), path, identity: None, page, since, entries })
}

/// `GET /posts/:id.atom`: the comments on a post, newest first.
///
/// # Errors
/// [`Error::NotFound`], also for a deleted post that is kept for its comments, as it gets no new ones;
/// [`Error::BadRequest`]: see [`respond`]; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn of_post(cx: &Cx, id: PostId) -> Result {
    let found = cx.read(|connection| {
        let Some(post) = sql::post(connection, id)? else { return Ok(None) };
        Ok(Some((post, sql::of_post(connection, id)?)))
    })?;
    let ((title, since), entries) = found.ok_or(Error::NotFound)?;
    cx.shows(&[Topic::Post(id)], None);
    let (path, page) = (paths::post_feed(id).to_string(), paths::post(id).to_string());
    respond(
        cx,
        &Feed {
            title: &format!("Comments on {}", isolated(&title)),
            path,
            identity: None,
            page,
            since,
            entries,
        },
    )
}

/// `GET /search.atom?q=…`: the results of a search, newest first. It is empty while no user has the name in
/// `by:`.
///
/// # Errors
/// [`Error::BadRequest`] for an invalid query; see also [`respond`]; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn of_search(cx: &Cx) -> Result {
    let text = cx.query("q").unwrap_or_default();
    let query = Query::parse(&text).map_err(|error| Error::BadRequest(search::views::error_text(error)))?;
    let entries = cx.read(|connection| {
        let found =
            search::sql::find::find(connection, &query, search::Order::Date, &cx.clock)?.unwrap_or_default();
        let newest = found.matches.iter().take(MAX_ENTRIES as usize);
        newest.filter_map(|found| sql::entry(connection, found.target()).transpose()).collect()
    })?;
    cx.shows(&[Topic::Public], None);
    let (path, page) = (paths::search_feed(&text), paths::search(&text, true, 1));
    respond(
        cx,
        &Feed {
            title: &format!("Search for {}", isolated(text.trim())),
            path,
            identity: None,
            page,
            since: Timestamp::EPOCH,
            entries,
        },
    )
}

/// The response with the feed, or 304 to a client that has it already.
///
/// # Errors
/// [`Error::BadRequest`] when the site's own address is unknown; [`Error::Internal`] when rendering fails.
pub fn respond(cx: &Cx, feed: &Feed) -> Result {
    Ok(reply::document(cx, ATOM, MAX_AGE_SECONDS, atom(cx, feed)?))
}

/// The response with a feed of which no cache may keep a copy for others, and that no search engine lists.
///
/// # Errors
/// Those of [`respond`].
pub fn respond_privately(cx: &Cx, feed: &Feed) -> Result {
    Ok(reply::private_document(cx, ATOM, atom(cx, feed)?))
}

const ATOM: &str = "application/atom+xml; charset=utf-8";

fn atom(cx: &Cx, feed: &Feed) -> Result<String> {
    views::atom(&cx.origin().ok_or(NO_HOST)?, &cx.site.feed_ids, cx.settings().name(), feed)
}
