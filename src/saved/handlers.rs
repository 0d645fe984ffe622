//! Handlers for saved posts and comments: the lists, and the buttons.

use horrorshow::Template;
use horrorshow::owned_html;
use rusqlite::Connection;

use super::{SaveAction, sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::comment;
use crate::post;
use crate::site::limiter::Action;
use crate::types::cursor::PAGE_SIZE;
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::user::views::own_lists;
use crate::vote::Target;
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
        : own_lists::kinds("Posts or comments", &views::SAVED, paths::SAVED);
        @ if posts.rows.is_empty() { : views::empty() }
        else { : post::views::list(viewer, &posts, None, &cx.clock) }
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// `GET /saved/comments`: the viewer's saved comments, last saved first.
///
/// # Errors
/// Those of [`list`].
pub fn comments(cx: &Cx) -> Result {
    let (viewer, after) = (auth::require_user(cx)?, cx.cursor("after")?);
    let comments = cx.read(|connection| {
        let page = comment::sql::lists::saved_by(connection, viewer.id, after, PAGE_SIZE)?;
        comment::handlers::lists::with_saved(connection, Some(viewer), page)
    })?;
    let main = owned_html! {
        : own_lists::links(paths::SAVED);
        : own_lists::kinds("Posts or comments", &views::SAVED, paths::SAVED_COMMENTS);
        : comment::views::lists::page(Some(viewer), &comments, views::NO_COMMENTS, &cx.clock);
    };
    Ok(reply::page(cx, layout::render(&Page::new(cx, "Saved comments")?, main)?))
}

/// `POST /posts/:id/save`, `/posts/:id/unsave`, and their like for comments. A repeated request changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`]; [`Error::RateLimited`], in one limit with votes;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn change(cx: &Cx, target: Target, action: SaveAction) -> Result {
    let viewer = auth::require_user_or_return(cx, return_path(cx, target))?;
    cx.site.limiter.check_and_record(Action::VoteBy(viewer.id))?;
    let (user_id, now) = (viewer.id, cx.now);
    let change = move |connection: &Connection| sql::change(connection, user_id, target, action, now);
    let Some(exists) = auth::write_as(cx, viewer, Standing::Any, change)? else {
        return Err(Error::sign_in(return_path(cx, target)));
    };
    if !exists {
        return Err(Error::NotFound);
    }
    let flash = match (target, action) {
        (Target::Post(_), SaveAction::Save) => Flash::PostSaved,
        (Target::Post(_), SaveAction::Unsave) => Flash::PostUnsaved,
        (Target::Comment(_), SaveAction::Save) => Flash::CommentSaved,
        (Target::Comment(_), SaveAction::Unsave) => Flash::CommentUnsaved,
    };
    if !reply::wants_fragments(cx) {
        return Ok(reply::done(cx, return_path(cx, target), flash));
    }
    let button = button(Account::of(Some(viewer)), target, action == SaveAction::Save)?;
    Ok(reply::changes(cx, &[button, message::show_notice(cx, flash)]))
}

/// The change that shows the button as it is now.
fn button(account: Account, target: Target, is_saved: bool) -> Result<Change> {
    Ok(match target {
        Target::Post(id) => Change::replace(
            format_args!("#post_save_{id}"),
            views::button(account, id, is_saved).into_string()?,
        ),
        Target::Comment(id) => Change::replace(
            format_args!("#save_comment_{id}"),
            views::comment_button(id, is_saved).into_string()?,
        ),
    })
}

/// The page that the form was on; without a `Referer`, the page of the post or comment.
fn return_path(cx: &Cx, target: Target) -> String {
    cx.referrer().map_or_else(|| target.path(), str::to_owned)
}
