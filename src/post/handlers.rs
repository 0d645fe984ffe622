//! Pages about posts.

use super::{Post, sql, views};
use crate::comment::{self, Comment};
use crate::ui::layout::{self, Page};
use crate::ui::pager::{Cursor, ROWS, Slice};
use crate::web::{Cx, Error, Result, reply};

/// `GET /`: the hottest.
///
/// # Errors
/// A cursor that is none; the database's.
pub fn front(cx: &Cx) -> Result {
    let after = Cursor::from_query(cx, "after")?;
    let posts = cx.read(|connection| sql::hottest(connection, after, ROWS))?;
    let page = Page {
        heading: "Top posts",
        description: "What people post and discuss on Lorem News.",
        viewer: cx.viewer()?,
        ..Page::default()
    };
    Ok(reply::page(cx, layout::render(&page, views::list(cx, &posts))?))
}

/// `GET /posts`: the newest.
///
/// # Errors
/// A cursor that is none; the database's.
pub fn recent(cx: &Cx) -> Result {
    let after = Cursor::from_query(cx, "after")?;
    let posts = cx.read(|connection| sql::newest(connection, after, ROWS))?;
    let page = Page {
        heading: "Recent posts",
        description: "The newest posts on Lorem News.",
        viewer: cx.viewer()?,
        ..Page::default()
    };
    Ok(reply::page(cx, layout::render(&page, views::list(cx, &posts))?))
}

/// `GET /posts/:id`: a post and its comments.
///
/// # Errors
/// [`Error::NotFound`]; a cursor that is none; the database's.
pub fn show(cx: &Cx, id: i64) -> Result {
    let html = page(cx, id, Cursor::from_query(cx, "comments")?)?.ok_or(Error::NotFound)?;
    Ok(reply::page(cx, html))
}

/// The page of a post with its comments from `after` on; `None` when there is no such post.
///
/// # Errors
/// The database's.
pub fn page(cx: &Cx, id: i64, after: Cursor) -> Result<Option<String>> {
    let found = cx.read(|connection| {
        let Some(post) = sql::find(connection, id)? else {
            return Ok(None);
        };
        Ok(Some((post, comment::sql::of_post(connection, id, after, comment::ON_A_PAGE)?)))
    })?;
    found.map(|((post, description), comments)| render(cx, &post, &description, &comments)).transpose()
}

/// The page of a post that is at hand.
///
/// # Errors
/// The database's, when asking who asks.
pub fn render(cx: &Cx, post: &Post, description: &str, comments: &Slice<Comment>) -> Result<String> {
    let viewer = cx.viewer()?;
    let page = Page { heading: &post.title, aside: Some(views::BACK_TO_POSTS), viewer, ..Page::default() };
    Ok(layout::render(&page, views::show(cx, viewer, post, description, comments))?)
}
