//! Handlers for saved posts: the list, and the button on the page of a post.

use horrorshow::Template;
use horrorshow::owned_html;
use rusqlite::Connection;

use super::{SaveAction, sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::post;
use crate::site::limiter::Action;
use crate::types::cursor::PAGE_SIZE;
use crate::types::id::PostId;
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::user::views::own_lists;
use crate::web::account::Account;
use crate::web::flash::Flash;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};

/// `GET /saved`: the viewer's saved posts, last saved first.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn list(cx: &Cx) -> Result {
    let (user_id, after) = (auth::require_user(cx)?.id, cx.cursor("after")?);
    let posts = post::handlers::rows::page(cx, Some(user_id), |connection| {
        post::sql::saved_by(connection, user_id, after, PAGE_SIZE)
    })?;
    let page = Page::new(cx, "Saved posts")?;
    let viewer = page.viewer;
    let main = owned_html! {
        : own_lists::links(paths::SAVED);
        @ if posts.rows.is_empty() { : views::empty() }
        else { : post::views::list(viewer, &posts, &cx.clock) }
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// `POST /posts/:id/save` and `/unsave`. A repeated request changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`]; [`Error::RateLimited`], in one limit with votes;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn change(cx: &Cx, post_id: PostId, action: SaveAction) -> Result {
    let viewer = auth::require_user_or_return(cx, return_path(cx, post_id))?;
    cx.site.limiter.check_and_record(Action::VoteBy(viewer.id))?;
    let (user_id, now) = (viewer.id, cx.now);
    let change = move |connection: &Connection| sql::change(connection, user_id, post_id, action, now);
    let Some(exists) = auth::write_as(cx, viewer, Standing::Any, change)? else {
        return Err(Error::sign_in(return_path(cx, post_id)));
    };
    if !exists {
        return Err(Error::NotFound);
    }
    let flash = if action == SaveAction::Save { Flash::PostSaved } else { Flash::PostUnsaved };
    if !reply::wants_fragments(cx) {
        return Ok(reply::done(cx, return_path(cx, post_id), flash));
    }
    let button =
        views::button(Account::of(Some(viewer)), post_id, action == SaveAction::Save).into_string()?;
    let button = Change::replace(format_args!("#post_save_{post_id}"), button);
    Ok(reply::changes(cx, &[button, message::show_notice(cx, flash)]))
}

/// The page that the form was on; without a `Referer`, the page of the post.
fn return_path(cx: &Cx, post_id: PostId) -> String {
    cx.referrer().map_or_else(|| paths::post(post_id).to_string(), str::to_owned)
}
