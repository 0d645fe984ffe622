//! Handlers for lists of comments.

use std::collections::BTreeSet;

use horrorshow::owned_html;
use rusqlite::Connection;

use super::super::{ListedComment, OwnComment, sql, views};
use crate::auth;
use crate::changes::Topic;
use crate::follow;
use crate::hiding;
use crate::saved;
use crate::types::cursor::{Cursor, PAGE_SIZE, START, Slice};
use crate::types::id::PostId;
use crate::ui::layout::{self, Page};
use crate::web::{Cx, Result, Viewer, paths, reply};

/// `GET /comments`: the newest comments of the site.
///
/// # Errors
/// [`Error::BadRequest`](crate::web::Error::BadRequest) for a malformed cursor;
/// [`Error::Unavailable`](crate::web::Error::Unavailable) or [`Error::Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn newest(cx: &Cx) -> Result {
    let (viewer, after) = (auth::viewer(cx)?, cx.cursor("after")?);
    let comments = cx.read(|connection| {
        let page = without_muted(connection, viewer, (after, OwnComment::by_id), |from, limit| {
            sql::lists::newest(connection, from, limit)
        });
        with_saved(connection, viewer, page?)
    })?;
    show(cx, &comments);
    let description = format!("The newest comments on {}.", cx.site_name());
    let page = Page { description: &description, ..Page::new(cx, "Recent comments")? };
    let viewer = page.viewer;
    let main = owned_html! {
        : views::lists::new(viewer, paths::COMMENTS);
        : views::lists::page(viewer, &comments, "No comments yet.", &cx.clock);
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// A page of a list that `read` reads, without the comments of users whom the viewer has muted.
fn without_muted(
    connection: &Connection,
    viewer: Option<&Viewer>,
    (after, cursor): (Cursor, fn(&OwnComment) -> Cursor),
    read: impl Fn(Cursor, u32) -> rusqlite::Result<Slice<ListedComment>>,
) -> rusqlite::Result<Slice<ListedComment>> {
    let muted = viewer.map(|viewer| sql::muted_by(connection, viewer)).transpose()?.unwrap_or_default();
    if muted.is_empty() {
        return read(after, PAGE_SIZE);
    }
    let is_seen =
        |listed: &ListedComment| listed.author.as_ref().is_none_or(|author| !muted.contains(&author.id));
    let seen = |comments: Vec<ListedComment>| Ok(comments.into_iter().filter(is_seen).collect());
    hiding::full_page(after, PAGE_SIZE, |listed| cursor(&listed.comment), read, seen)
}

/// The page of a list, with the comments marked that the viewer has saved.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn with_saved(
    connection: &Connection,
    viewer: Option<&Viewer>,
    mut comments: Slice<ListedComment>,
) -> rusqlite::Result<Slice<ListedComment>> {
    if let Some(viewer) = viewer {
        let ids = comments.rows.iter().map(|listed| listed.comment.id);
        for at in saved::sql::among(connection, viewer.id, ids)? {
            comments.rows[at].is_saved = true;
        }
    }
    Ok(comments)
}

/// Says that the page shows these comments, which come and go, and the titles of their posts.
fn show(cx: &Cx, comments: &Slice<ListedComment>) {
    let posts: BTreeSet<PostId> = comments.rows.iter().map(|listed| listed.comment.post_id).collect();
    let topics: Vec<Topic> = posts.into_iter().map(Topic::Post).chain([Topic::Comments]).collect();
    cx.shows(&topics, None);
}

/// `GET /comments/followed`: the newest comments of the users whom the viewer follows, and on the first page these users.
///
/// # Errors
/// [`Error::SignIn`](crate::web::Error::SignIn) for a guest; those of [`newest`].
pub fn followed(cx: &Cx) -> Result {
    let (viewer, after) = (auth::require_user(cx)?, cx.cursor("after")?);
    let (comments, followed) = cx.read(|connection| {
        let page = without_muted(connection, Some(viewer), (after, OwnComment::by_age), |from, limit| {
            sql::lists::of_followed(connection, viewer.id, from, limit)
        });
        let comments = with_saved(connection, Some(viewer), page?)?;
        let followed = if after == START { follow::sql::names(connection, viewer.id)? } else { Vec::new() };
        Ok((comments, followed))
    })?;
    let page = Page::new(cx, "Comments of people you follow")?;
    let viewer = page.viewer;
    let main = owned_html! {
        : views::lists::new(viewer, paths::FOLLOWED);
        : views::lists::page(viewer, &comments, "They have not written any comments.", &cx.clock);
        @ if after == START { : follow::views::list(&followed) }
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}
