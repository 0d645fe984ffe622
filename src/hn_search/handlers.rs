//! Handlers of the search API.

use rouille::Response;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::parameters::{Parameters, Tag};
use super::{Content, Document, FRONT_PAGE_POSTS, MAX_DISCUSSION_BYTES, MAX_STORY_BYTES, Page, sql, views};
use crate::changes::Topic;
use crate::comment;
use crate::comment::sql::discussion::{self, Discussion};
use crate::hn_api::{self, ItemNumber};
use crate::markup::cut::beginning;
use crate::post::{self, PostKind};
use crate::search::query::{Kind, Query, QueryError};
use crate::search::sql::find::find;
use crate::search::views::error_text;
use crate::search::{MAX_MATCHES, Match, Order};
use crate::types::cursor::{Cursor, START, Slice};
use crate::types::id::{CommentId, PostId, number_from_path};
use crate::types::time::Clock;
use crate::vote::Target;
use crate::web::{Cx, Result, paths, reply};

/// `GET /api/v1/search`, `GET /api/v1/search_by_date`: posts and comments by words, tags and numbers. 400 with a
/// message for wrong parameters.
///
/// # Errors
/// [`Error::Unavailable`](crate::web::Error::Unavailable) or [`Error::Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn search(cx: &Cx, order: Order) -> Result {
    let raw = cx.request.raw_query_string();
    let parameters = match Parameters::parse(raw) {
        Ok(parameters) => parameters,
        Err(message) => return Ok(refused(cx, 400, &json!({ "message": message, "status": 400 }))),
    };
    let query = match words(&parameters.text) {
        Ok(query) => query,
        Err(error) => {
            let message = format!("query: {}", error_text(error));
            return Ok(refused(cx, 400, &json!({ "message": message, "status": 400 })));
        }
    };
    let page = cx.read(|connection| page(connection, &parameters, query.as_ref(), order, &cx.clock))?;
    cx.shows(&[Topic::Public], None);
    Ok(reply::open_json(cx, views::page(&parameters, raw, &page, query.as_ref())?))
}

/// The words of a search; `None`: it has none, and finds everything. Signs alone find nothing.
fn words(text: &str) -> std::result::Result<Option<Query>, QueryError> {
    match Query::parse(text) {
        _ if text.trim().is_empty() => Ok(None),
        Err(QueryError::Empty) => Ok(Some(Query::default())),
        parsed => parsed.map(Some),
    }
}

fn page(
    connection: &Connection,
    parameters: &Parameters,
    query: Option<&Query>,
    order: Order,
    clock: &Clock,
) -> rusqlite::Result<Page> {
    let Candidates { targets, is_complete } = candidates(connection, parameters, query, order, clock)?;
    let mut found = sql::documents(connection, &targets)?;
    found.retain(|document| {
        parameters.tags.iter().all(|any| any.iter().any(|tag| document.has(tag)))
            && parameters.conditions.iter().all(|condition| document.fulfils(condition))
    });
    if query.is_none() {
        sort(&mut found, order);
    }
    let number = found.len();
    let before = parameters.page.saturating_mul(parameters.hits_per_page);
    let mut hits = Vec::new();
    for document in found.into_iter().skip(before).take(parameters.hits_per_page) {
        if let Some(content) = content(connection, &document)? {
            hits.push((document, content));
        }
    }
    Ok(Page { hits, number, is_complete })
}

/// Sorts what was found without words: by points, or the newest first.
fn sort(found: &mut [Document], order: Order) {
    let newest = |document: &Document| (document.created_at, ItemNumber::of(document.target));
    match order {
        Order::Relevance => {
            found.sort_by_cached_key(|document| std::cmp::Reverse((document.score, newest(document))))
        }
        Order::Date => found.sort_by_cached_key(|document| std::cmp::Reverse(newest(document))),
    }
}

/// The posts and comments among which the hits are.
struct Candidates {
    targets: Vec<Target>,
    /// Whether all that may be hits are among them.
    is_complete: bool,
}

impl Candidates {
    /// All that there are.
    fn all(targets: Vec<Target>) -> Candidates {
        Candidates { targets, is_complete: true }
    }
}

/// Finds those with the words or of the author, at most [`MAX_MATCHES`]; else the newest with the tags, at most that
/// number of each kind.
fn candidates(
    connection: &Connection,
    parameters: &Parameters,
    query: Option<&Query>,
    order: Order,
    clock: &Clock,
) -> rusqlite::Result<Candidates> {
    let allowed = [Kind::Post, Kind::Comment].map(|kind| parameters.allows(kind));
    let kind = match allowed {
        [false, false] => return Ok(Candidates::all(Vec::new())),
        [true, true] => None,
        [true, false] => Some(Kind::Post),
        [false, true] => Some(Kind::Comment),
    };
    let author = parameters.required(|tag| match tag {
        Tag::Author(name) => Some(name.clone()),
        _ => None,
    });
    if query == Some(&Query::default()) {
        return Ok(Candidates::all(Vec::new()));
    }
    if query.is_some() || author.is_some() {
        let query = query.cloned().unwrap_or_default();
        let query = Query { kind: query.kind.or(kind), by: query.by.or(author), ..query };
        let found = find(connection, &query, order, clock)?.unwrap_or_default();
        let is_complete = !(found.is_more || found.is_partial || found.is_rebuilding);
        return Ok(Candidates { targets: found.matches.iter().map(Match::target).collect(), is_complete });
    }
    without_words(connection, parameters, allowed)
}

fn without_words(
    connection: &Connection,
    parameters: &Parameters,
    [posts, comments]: [bool; 2],
) -> rusqlite::Result<Candidates> {
    let story = parameters.required(|tag| match tag {
        Tag::OfStory(number) => Some(number.target()),
        _ => None,
    });
    let kind = parameters.required(|tag| match tag {
        Tag::Ask => Some(PostKind::Ask),
        Tag::Show => Some(PostKind::Show),
        _ => None,
    });
    let of_list =
        |list: Slice<Cursor>| list.rows.into_iter().map(|place| Target::Post(PostId::new(place.id)));
    if let Some(story) = story {
        let Target::Post(id) = story else { return Ok(Candidates::all(Vec::new())) };
        let comments = sql::comments_of(connection, id)?;
        let is_complete = comments.len() < MAX_MATCHES as usize;
        return Ok(Candidates { targets: [story].into_iter().chain(comments).collect(), is_complete });
    }
    if parameters.required(|tag| (*tag == Tag::FrontPage).then_some(())).is_some() {
        return Ok(Candidates::all(
            of_list(post::sql::hottest(connection, START, FRONT_PAGE_POSTS)?).collect(),
        ));
    }
    if let Some(kind) = kind {
        let list = post::sql::of_kind(connection, kind, START, MAX_MATCHES)?;
        let is_complete = list.next.is_none();
        return Ok(Candidates { targets: of_list(list).collect(), is_complete });
    }
    let mut found = Candidates::all(Vec::new());
    if posts {
        let before = parameters.created_before().map(|second| second.saturating_mul(1_000_000));
        let after = before.map_or(START, |key| Cursor { key, id: i64::MIN });
        let list = post::sql::newest(connection, after, MAX_MATCHES)?;
        found.is_complete &= list.next.is_none();
        found.targets.extend(of_list(list));
    }
    if comments {
        let mut newest = sql::newest_comments(connection)?;
        found.is_complete &= newest.len() < MAX_MATCHES as usize;
        found.targets.append(&mut newest);
    }
    Ok(found)
}

/// What a hit shows; `None` when it is gone.
fn content(connection: &Connection, document: &Document) -> rusqlite::Result<Option<Content>> {
    match document.target {
        Target::Post(id) => {
            Ok(post::sql::find_shared(connection, id)?.map(|detail| Content::Post(Box::new(detail))))
        }
        Target::Comment(id) => {
            let located = comment::sql::find(connection, None, id)?;
            let story = sql::story(connection, document.story)?;
            Ok(located.zip(story).map(|(located, (story_title, story_url))| Content::Comment {
                comment: located.comment,
                story_title,
                story_url,
            }))
        }
    }
}

/// `GET /api/v1/items/:number`: a post or comment with the discussion below it, as far as its page shows it.
///
/// # Errors
/// Those of [`search`].
pub fn item(cx: &Cx, number: &str) -> Result {
    let item = match number_from_path(number).map(|number| ItemNumber::new(number).target()) {
        Some(Target::Post(id)) => post(cx, id)?,
        Some(Target::Comment(id)) => comment(cx, id)?,
        None => Value::Null,
    };
    Ok(if item.is_null() { not_found(cx) } else { reply::open_json(cx, item.to_string()) })
}

fn post(cx: &Cx, id: PostId) -> Result<Value> {
    let found = cx.read(|connection| {
        let Some(detail) = post::sql::find_shared(connection, id)? else { return Ok(None) };
        let discussion = Discussion::of(connection, &detail.post, None)?.page(connection, None, START)?;
        Ok(Some((detail, discussion)))
    })?;
    let Some((detail, discussion::Page { rows, .. })) = found else { return Ok(Value::Null) };
    cx.shows(&[Topic::Post(id)], None);
    let text = hn_api::views::text(&beginning(&detail.description, MAX_STORY_BYTES), None)?;
    views::post(&detail, text, &rows, MAX_DISCUSSION_BYTES)
}

fn comment(cx: &Cx, id: CommentId) -> Result<Value> {
    let found = cx.read(|connection| {
        let Some(located) = comment::sql::find(connection, None, id)? else { return Ok(None) };
        let Some(detail) = post::sql::find_shared(connection, located.post_id)? else { return Ok(None) };
        let discussion = Discussion::of(connection, &detail.post, Some(&located.comment))?;
        let page = discussion.page(connection, Some(id), START)?;
        Ok(Some((located, page)))
    })?;
    let Some((located, discussion::Page { rows, .. })) = found else { return Ok(Value::Null) };
    cx.shows(&[Topic::Post(located.post_id)], None);
    views::comment(&located, &rows, MAX_DISCUSSION_BYTES)
}

/// `GET /api/v1/users/:name`: a user, by the name in their spelling.
///
/// # Errors
/// Those of [`search`].
pub fn user(cx: &Cx, name: &str) -> Result {
    match cx.read(|connection| hn_api::handlers::find_user(connection, name))? {
        Some(user) => {
            let about = hn_api::handlers::text(cx, &user.about, paths::user(user.id))?;
            Ok(reply::open_json(cx, views::user(&user, about).to_string()))
        }
        None => Ok(not_found(cx)),
    }
}

fn not_found(cx: &Cx) -> Response {
    refused(cx, 404, &json!({ "error": "Not Found", "status": 404 }))
}

fn refused(cx: &Cx, status: u16, answer: &Value) -> Response {
    reply::open_json(cx, answer.to_string()).with_status_code(status)
}
