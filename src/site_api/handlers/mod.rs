//! Handlers of the API that read. Each answers for the user of the request's token.

pub mod answer;
mod request;
mod values;
pub mod writing;

use rouille::Response;

use self::answer::{json, respond};
use self::request::reader;
use super::{Discussion, InboxPage, Me, PostPage, Scope, Thread, document};
use crate::comment;
use crate::inbox;
use crate::post::handlers::rows;
use crate::post::{self, ListedRow};
use crate::types::cursor::{Cursor, PAGE_SIZE};
use crate::types::id::{CommentId, PostId, UserId};
use crate::user;
use crate::web::{Cx, Error, Result, Viewer, reply};
use crate::{api_token, web};

/// `GET /api/site/openapi.json`: the OpenAPI document, for everybody.
///
/// # Errors
/// [`Error::Internal`] where it cannot be written as JSON, which no value of ours causes.
pub fn document(cx: &Cx) -> Result {
    let text = document::text().map_err(|error| Error::Internal(error.into()))?;
    Ok(reply::open_json(cx, text))
}

/// `GET /api/site/me`: the user of the token.
///
/// # Errors
/// Those of `reader`.
pub fn me(cx: &Cx) -> Result {
    let viewer = reader(cx)?;
    let grant = viewer.grant.ok_or_else(|| Error::sign_in(""))?;
    let found = cx.read(|connection| {
        let user = user::sql::find(connection, viewer.id)?;
        Ok((user, api_token::sql::name_of(connection, grant.token_id)?))
    })?;
    let (user, token_name) = (found.0.ok_or(Error::NotFound)?, found.1.ok_or_else(|| Error::sign_in(""))?);
    let scope = if grant.may_write { Scope::ReadWrite } else { Scope::Read };
    let me = Me { user: values::user(user), unread_count: viewer.unread_count, token_name, scope };
    Ok(respond(cx, json(200, None, &me)?))
}

/// `GET /api/site/posts?order=hot|new`: a page of the front page, or of the newest posts, without what the user hides.
///
/// # Errors
/// [`Error::BadRequest`] for another order or a malformed cursor; those of `reader`.
pub fn posts(cx: &Cx) -> Result {
    let (viewer, after) = (reader(cx)?, cx.cursor("after")?);
    let list = match cx.query("order").as_deref() {
        None | Some("hot") => post::sql::hottest,
        Some("new") => post::sql::newest,
        Some(_) => return Err(Error::BadRequest("The order is hot or new.")),
    };
    let (posts, relations, next) = cx.read(|connection| {
        let keys = rows::visible(connection, viewer, (after, None), list)?;
        let ids: Vec<PostId> = keys.rows.iter().map(|key| PostId::new(key.id)).collect();
        let posts = post::sql::listed(connection, &ids)?;
        let rows: Vec<ListedRow> = posts.iter().cloned().map(ListedRow::Read).collect();
        Ok((posts, post::sql::relations(connection, viewer.id, &rows)?, keys.next))
    })?;
    let posts = posts.into_iter().zip(relations).map(|(post, relation)| values::listed(post, relation));
    let page = PostPage { posts: posts.collect(), next: cursor(next) };
    Ok(respond(cx, json(200, None, &page)?))
}

fn cursor(next: Option<Cursor>) -> Option<String> {
    next.map(|next| next.to_string())
}

/// `GET /api/site/posts/:id`: a post with a page of its comments.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::BadRequest`] for a malformed cursor; those of `reader`.
pub fn post(cx: &Cx, id: PostId) -> Result {
    let (viewer, after) = (reader(cx)?, cx.cursor("after")?);
    let found = cx.read(|connection| {
        let Some(detail) = post::sql::find(connection, Some(viewer.id), id)? else { return Ok(None) };
        let discussion = comment::sql::discussion::Discussion::of(connection, &detail.post, None)?;
        let thread =
            discussion.page(connection, None, after)?.for_viewer(connection, Some(viewer), &detail)?;
        Ok(Some((detail, thread)))
    })?;
    let (detail, thread) = found.ok_or(Error::NotFound)?;
    let next = cursor(thread.next);
    let discussion = Discussion { post: values::post(detail), comments: values::thread(id, thread), next };
    Ok(respond(cx, json(200, None, &discussion)?))
}

/// `GET /api/site/comments/:id`: a comment with a page of the replies to it.
///
/// # Errors
/// Those of [`post()`].
pub fn comment(cx: &Cx, id: CommentId) -> Result {
    let (viewer, after) = (reader(cx)?, cx.cursor("after")?);
    let found = cx.read(|connection| {
        let Some(located) = comment::sql::find(connection, Some(viewer.id), id)? else { return Ok(None) };
        let Some(detail) = post::sql::find(connection, Some(viewer.id), located.post_id)? else {
            return Ok(None);
        };
        let discussion =
            comment::sql::discussion::Discussion::of(connection, &detail.post, Some(&located.comment))?;
        let thread =
            discussion.page(connection, Some(id), after)?.for_viewer(connection, Some(viewer), &detail)?;
        Ok(Some((located.comment, located.post_id, comment::sql::reply_count(connection, id)?, thread)))
    })?;
    let (comment, post_id, replies_count, thread) = found.ok_or(Error::NotFound)?;
    let (comment, next) = (values::comment(post_id, comment, replies_count), cursor(thread.next));
    let thread = Thread { comment, replies: values::thread(post_id, thread), next };
    Ok(respond(cx, json(200, None, &thread)?))
}

/// `GET /api/site/users/:id`: a user.
///
/// # Errors
/// [`Error::NotFound`]; those of `reader`.
pub fn user(cx: &Cx, id: UserId) -> Result {
    reader(cx)?;
    let user = cx.read(|connection| user::sql::find(connection, id))?.ok_or(Error::NotFound)?;
    Ok(respond(cx, json(200, None, &values::user(user))?))
}

/// `GET /api/site/inbox`: a page of the user's inbox. What it has stays unread until a page shows it.
///
/// # Errors
/// [`Error::BadRequest`] for a malformed cursor; those of `reader`.
pub fn inbox(cx: &Cx) -> Result {
    let (viewer, after): (&Viewer, Cursor) = (reader(cx)?, cx.cursor("after")?);
    let items = cx.read(|connection| inbox::sql::of_user(connection, viewer.id, after, PAGE_SIZE))?;
    let next = cursor(items.next);
    let page = InboxPage { items: items.rows.into_iter().map(values::inbox_item).collect(), next };
    Ok(respond(cx, json(200, None, &page)?))
}

/// The answer of the API to a request, with what all of its answers have. The caller has logged an error.
#[must_use]
pub fn finish(cx: &Cx, routed: Result) -> Response {
    let mut response = routed.unwrap_or_else(|error| answer::error(cx, &error));
    if let Some(quota) = cx.api.quota.get() {
        answer::add_quota(&mut response, quota);
    }
    response
}

/// Whether a request is for the API.
#[must_use]
pub fn is_for(cx: &Cx) -> bool {
    web::api::is_of(cx.path())
}
