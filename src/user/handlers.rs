//! Pages about people.

use super::{User, sql, views};
use crate::comment::{self, OwnComment};
use crate::post::{self, Post};
use crate::session::{self, Session};
use crate::ui::layout::{self, Page};
use crate::ui::pager::{Cursor, ROWS, Slice};
use crate::web::{Cx, Error, Result, reply};

/// What a user's page shows.
pub struct Profile {
    /// Whose.
    pub user: User,
    /// A page of their posts.
    pub posts: Slice<Post>,
    /// A page of their comments.
    pub comments: Slice<OwnComment>,
    /// On one's own page: a page of one's sign-ins.
    pub sessions: Option<Slice<Session>>,
}

/// Where each of the lists begins.
pub struct Places {
    /// Of posts.
    pub posts: Cursor,
    /// Of comments.
    pub comments: Cursor,
    /// Of sessions.
    pub sessions: Cursor,
}

/// `GET /users/:id`: someone, their posts and comments.
///
/// # Errors
/// [`Error::NotFound`]; a cursor that is none; the database's.
pub fn show(cx: &Cx, id: i64) -> Result {
    let places = Places {
        posts: Cursor::from_query(cx, "posts")?,
        comments: Cursor::from_query(cx, "comments")?,
        sessions: Cursor::from_query(cx, "sessions")?,
    };
    let html = page(cx, id, &places)?.ok_or(Error::NotFound)?;
    Ok(reply::page(cx, html))
}

/// The page of a user; `None` when there is nobody of that number.
///
/// # Errors
/// The database's.
pub fn page(cx: &Cx, id: i64, places: &Places) -> Result<Option<String>> {
    let viewer = cx.viewer()?;
    let is_own = viewer.is_some_and(|viewer| viewer.id == id);
    let profile = cx.read(|connection| {
        let Some(user) = sql::find(connection, id)? else {
            return Ok(None);
        };
        let sessions =
            is_own.then(|| session::sql::of_user(connection, id, places.sessions, session::ON_A_PAGE));
        Ok(Some(Profile {
            user,
            posts: post::sql::of_user(connection, id, places.posts, ROWS)?,
            comments: comment::sql::of_user(connection, id, places.comments, ROWS)?,
            sessions: sessions.transpose()?,
        }))
    })?;
    let Some(profile) = profile else {
        return Ok(None);
    };
    let page = Page { heading: &profile.user.screen_name, viewer, ..Page::default() };
    Ok(Some(layout::render(&page, views::show(cx, viewer, &profile))?))
}
