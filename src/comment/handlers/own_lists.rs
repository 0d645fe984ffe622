//! Handlers for lists of comments that are about one user: their own with the replies to them, and those that they have
//! voted for.

use horrorshow::owned_html;

use super::super::{Answered, ListedComment, sql, views};
use super::lists;
use crate::auth;
use crate::text::isolated;
use crate::types::cursor::PAGE_SIZE;
use crate::types::id::UserId;
use crate::ui::layout::{self, Page};
use crate::ui::pager;
use crate::user;
use crate::user::name::folded;
use crate::user::views::own_lists;
use crate::vote;
use crate::web::{Cx, Error, Result, paths, reply};

/// `GET /threads`: the viewer's comments with the replies to them; with `?id=NAME` those of the user with this name.
///
/// # Errors
/// [`Error::SignIn`] for a guest without a name; [`Error::NotFound`] for a name that no user has; [`Error::BadRequest`] for
/// a malformed cursor; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn threads(cx: &Cx) -> Result {
    let (viewer, after) = (auth::viewer(cx)?, cx.cursor("after")?);
    let name = cx.query("id");
    let of = match &name {
        Some(name) => Of::Name(folded(name)),
        None => Of::User(auth::require_user(cx)?.id),
    };
    let found = cx.read(|connection| {
        let Some(user) = (match &of {
            Of::Name(name) => user::sql::with_name(connection, name)?,
            Of::User(id) => Some(*id),
        }) else {
            return Ok(None);
        };
        let screen_name = user::sql::names::screen_name(connection, user)?.unwrap_or_default();
        let mut comments = sql::lists::answered(connection, user, after, PAGE_SIZE)?;
        let muted = viewer.map(|viewer| sql::muted_by(connection, viewer)).transpose()?.unwrap_or_default();
        for Answered { replies, .. } in &mut comments.rows {
            let is_muted = |reply: &ListedComment| {
                reply.author.as_ref().is_some_and(|author| muted.contains(&author.id))
            };
            replies.retain(|reply| !is_muted(reply));
        }
        Ok(Some((user, screen_name, comments)))
    })?;
    let (user_id, screen_name, comments) = found.ok_or(Error::NotFound)?;
    let is_own = viewer.is_some_and(|viewer| viewer.id == user_id);
    let heading =
        if is_own { "Your comments".to_owned() } else { format!("Comments of {}", isolated(&screen_name)) };
    let address = name.map(|_| paths::threads_of(&screen_name));
    let main = owned_html! {
        @ if is_own { : own_lists::links(paths::THREADS) }
        : views::lists::answered(&comments.rows, &cx.clock);
        @ if let Some(address) = &address { : pager::more_of(address, comments.next, "comments") }
        else { : pager::more(comments.next, "after", "", "comments") }
    };
    let description =
        format!("What {} wrote on {}, and the answers to it.", isolated(&screen_name), cx.site_name());
    let page = Page { description: &description, ..Page::new(cx, &heading)? };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// The user whose comments are listed.
enum Of {
    /// By their name, folded.
    Name(String),
    User(UserId),
}

/// `GET /upvoted/comments`: the comments for which the viewer has voted, the newest first.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn upvoted(cx: &Cx) -> Result {
    let (viewer, after) = (auth::require_user(cx)?, cx.cursor("after")?);
    let comments = cx.read(|connection| {
        let page = sql::lists::voted_by(connection, viewer.id, after, PAGE_SIZE)?;
        lists::with_saved(connection, Some(viewer), page)
    })?;
    let main = owned_html! {
        : own_lists::links(paths::UPVOTED);
        : own_lists::kinds("Posts or comments", &vote::views::UPVOTED, paths::UPVOTED_COMMENTS);
        : views::lists::page(Some(viewer), &comments, "You have not voted for any comments yet.", &cx.clock);
    };
    Ok(reply::page(cx, layout::render(&Page::new(cx, "Upvoted comments")?, main)?))
}
