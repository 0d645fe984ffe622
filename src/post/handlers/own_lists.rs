//! Handlers for lists of posts that are about the viewer.

use horrorshow::owned_html;

use super::super::{sql, views};
use super::rows;
use crate::auth;
use crate::types::cursor::PAGE_SIZE;
use crate::ui::layout::{self, Page};
use crate::user::views::own_lists;
use crate::vote;
use crate::web::{Cx, Result, paths, reply};

/// `GET /upvoted`: the posts for which the viewer has voted, the newest first.
///
/// # Errors
/// [`Error::SignIn`](crate::web::Error::SignIn) for a guest; [`Error::BadRequest`](crate::web::Error::BadRequest) for a
/// malformed cursor; [`Error::Unavailable`](crate::web::Error::Unavailable) or
/// [`Error::Internal`](crate::web::Error::Internal) when the database fails.
pub fn upvoted(cx: &Cx) -> Result {
    let (viewer, after) = (auth::require_user(cx)?, cx.cursor("after")?);
    let posts =
        rows::page(cx, Some(viewer.id), |connection| sql::voted_by(connection, viewer.id, after, PAGE_SIZE))?;
    let main = owned_html! {
        : own_lists::links(paths::UPVOTED);
        : own_lists::kinds("Posts or comments", &vote::views::UPVOTED, paths::UPVOTED);
        @ if posts.rows.is_empty() { p(class="empty") { : "You have not voted for any posts yet." } }
        else { : views::list(Some(viewer), &posts, None, &cx.clock) }
    };
    Ok(reply::page(cx, layout::render(&Page::new(cx, "Upvoted posts")?, main)?))
}
