//! Handlers of the API. What is not there is `null`, with 200, as at Hacker News.

use std::collections::HashSet;
use std::hash::Hash;

use percent_encoding::percent_decode_str;
use rouille::Response;
use rusqlite::Connection;
use serde_json::Value;

use super::{ItemNumber, List, MAX_OF_KIND, MAX_STORIES, MAX_SUBMITTED, MAX_TEXT_BYTES, sql, views};
use crate::changes::{Order, Topic, Window};
use crate::comment::{self, LocatedComment};
use crate::markup::cut::beginning;
use crate::post::best::Period;
use crate::post::{self, PostKind};
use crate::types::cursor::{Cursor, START, Slice};
use crate::types::id::{CommentId, PostId, number_from_path};
use crate::user::{self, User};
use crate::vote::Target;
use crate::web::{Cx, Result, paths, reply};

/// `GET /v0/item/:number.json`: a post or comment.
///
/// # Errors
/// [`Error::Unavailable`](crate::web::Error::Unavailable) or [`Error::Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn item(cx: &Cx, number: &str) -> Result {
    let value = match number_from_path(number).map(|number| ItemNumber::new(number).target()) {
        Some(Target::Post(id)) => post(cx, id)?,
        Some(Target::Comment(id)) => comment(cx, id)?,
        None => Value::Null,
    };
    Ok(answer(cx, &value))
}

fn post(cx: &Cx, id: PostId) -> Result<Value> {
    let found = cx.read(|connection| {
        let Some(detail) = post::sql::find_shared(connection, id)? else { return Ok(None) };
        Ok(Some((detail, comment::sql::discussion::of_post(connection, id)?)))
    })?;
    cx.shows(&[Topic::Post(id)], None);
    let Some((detail, comments)) = found else { return Ok(Value::Null) };
    let text = text(cx, &detail.description, paths::post_text(id))?;
    views::post(&detail, text, &comments)
}

fn comment(cx: &Cx, id: CommentId) -> Result<Value> {
    let found = cx.read(|connection| {
        let Some(located) = comment::sql::find(connection, None, id)? else { return Ok(None) };
        Ok(Some((located, comment::sql::discussion::replies_to(connection, id)?)))
    })?;
    let Some((located, replies)) = found else { return Ok(Value::Null) };
    let LocatedComment { comment, post_id, .. } = &located;
    cx.shows(&[Topic::Post(*post_id)], None);
    let text = text(cx, &comment.body, paths::comment(id))?;
    Ok(views::comment(&located, text, &replies))
}

/// A text as far as it has room, with a link to the page that shows the rest.
///
/// # Errors
/// [`Error::Internal`](crate::web::Error::Internal) when rendering fails, which no known input causes.
pub fn text(cx: &Cx, text: &str, whole: paths::Path) -> Result<Value> {
    let address = cx.origin().map(|origin| format!("{origin}{whole}"));
    views::text(&beginning(text, MAX_TEXT_BYTES), address.as_deref())
}

/// `GET /v0/user/:name.json`: a user, by the name in their spelling.
///
/// # Errors
/// Those of [`item`].
pub fn user(cx: &Cx, name: &str) -> Result {
    let found = cx.read(|connection| {
        let Some(user) = find_user(connection, name)? else { return Ok(None) };
        let posts = post::sql::of_user(connection, user.id, START, MAX_SUBMITTED)?.rows;
        let comments = sql::comments_of_user(connection, user.id, MAX_SUBMITTED)?;
        Ok(Some((user, posts, comments)))
    })?;
    let Some((user, posts, comments)) = found else { return Ok(answer(cx, &Value::Null)) };
    let about = text(cx, &user.about, paths::user(user.id))?;
    Ok(answer(cx, &views::user(&user, about, &submitted(&posts, &comments))))
}

/// The user with the name in a percent-encoded segment of a path, in their spelling.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn find_user(connection: &Connection, segment: &str) -> rusqlite::Result<Option<User>> {
    user_named(connection, &percent_decode_str(segment).decode_utf8().unwrap_or_default())
}

/// The user with this name, in their spelling.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn user_named(connection: &Connection, name: &str) -> rusqlite::Result<Option<User>> {
    let id = user::sql::with_name(connection, &user::name::folded(name))?;
    let found = id.map(|id| user::sql::find(connection, id)).transpose()?.flatten();
    Ok(found.filter(|user| user.screen_name == name))
}

/// A user's posts and comments together, the newest first.
#[must_use]
pub fn submitted(posts: &[Cursor], comments: &[Cursor]) -> Vec<Target> {
    let posts = posts.iter().map(|place| (place.key, Target::Post(PostId::new(place.id))));
    let comments = comments.iter().map(|place| (place.key, Target::Comment(CommentId::new(place.id))));
    let mut all: Vec<(i64, Target)> = posts.chain(comments).collect();
    all.sort_by_key(|(created_at, _)| std::cmp::Reverse(*created_at));
    all.truncate(MAX_SUBMITTED as usize);
    all.into_iter().map(|(_, target)| target).collect()
}

/// `GET /v0/topstories.json` and the other lists: the numbers of posts.
///
/// # Errors
/// Those of [`item`].
pub fn list(cx: &Cx, list: List) -> Result {
    let found = cx.read(|connection| match list {
        List::Top => post::sql::hottest(connection, START, MAX_STORIES),
        List::New => post::sql::newest(connection, START, MAX_STORIES),
        List::Best => post::sql::best(connection, Period::Week, &cx.clock, START, MAX_STORIES),
        List::Ask => post::sql::of_kind(connection, PostKind::Ask, START, MAX_OF_KIND),
        List::Show => post::sql::of_kind(connection, PostKind::Show, START, MAX_OF_KIND),
        List::Jobs => Ok(Slice::of(Vec::new(), 0, |place| *place)),
    })?;
    let least = found.beyond.map_or(i64::MIN, |beyond| beyond.key);
    let window = |order| Some(Window { order, least, greatest: i64::MAX });
    match list {
        List::Top => cx.shows(&[], window(Order::Hotness)),
        List::New => cx.shows(&[], window(Order::Age)),
        List::Best => cx.shows(&[], window(Order::Points)),
        List::Ask => cx.shows(&[Topic::Kind(PostKind::Ask.number())], None),
        List::Show => cx.shows(&[Topic::Kind(PostKind::Show.number())], None),
        List::Jobs => cx.shows(&[], None),
    }
    let posts = found.rows.iter().map(|place| Target::Post(PostId::new(place.id)));
    Ok(answer(cx, &views::list(posts)))
}

/// `GET /v0/maxitem.json`: the greatest number of a post or comment.
///
/// # Errors
/// Those of [`item`].
pub fn max_item(cx: &Cx) -> Result {
    let newest = cx.read(sql::newest)?;
    cx.shows(&[Topic::Public], None);
    let greatest = newest.into_iter().flatten().map(|target| ItemNumber::of(target).get()).max();
    Ok(answer(cx, &greatest.unwrap_or_default().into()))
}

/// `GET /v0/updates.json`: what has changed lately.
///
/// # Errors
/// Those of [`item`].
pub fn updates(cx: &Cx) -> Result {
    let updates = cx.read(sql::updates)?;
    cx.shows(&[Topic::Public], None);
    let items = once(updates.iter().flat_map(|update| update.targets.iter().rev().copied()));
    let profiles = once(updates.iter().filter_map(|update| update.profile.clone()));
    Ok(answer(cx, &views::updates(&items, &profiles)))
}

/// Each value once, in the order of their first places.
fn once<T: Clone + Eq + Hash>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}

/// The response, in lines for people if the address says so.
fn answer(cx: &Cx, value: &Value) -> Response {
    let is_pretty = cx.query("print").as_deref() == Some("pretty");
    // The alternate form ends lines.
    reply::open_json(cx, if is_pretty { format!("{value:#}") } else { value.to_string() })
}
