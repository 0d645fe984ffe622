//! Deleting a comment: the page that asks, and the deletion, which its author can undo for a while.

use std::iter;

use horrorshow::Template;
use rouille::Response;

use super::super::sql::{self, Deletion};
use super::super::views;
use super::super::{Comment, LocatedComment, MAX_LEVELS};
use super::{address, changed_body, fragments, own_comment, require_user_of_form};
use crate::auth::{self, Standing};
use crate::deletion;
use crate::site::limiter::Action;
use crate::types::id::{CommentId, PostId};
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::vote::Target;
use crate::web::account::Account;
use crate::web::flash::Flash;
use crate::web::reply::{self, Change};
use crate::web::{ALREADY_DELETED, ALREADY_REMOVED, Cx, Error, Result, Viewer, paths};

/// `GET /comments/:id/destroy`: the page with the button; for htmx the button in place of the comment's body.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Forbidden`] when the viewer is not
/// the author; those of `already_deleted`; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn confirm(cx: &Cx, id: CommentId) -> Result {
    let viewer = require_user_of_form(cx, id)?;
    let is_in_place = reply::wants_fragments(cx);
    let LocatedComment { comment, .. } = match own_comment(cx, viewer, id) {
        Err(Error::NotFound) => return already_deleted(cx, viewer, id),
        found => found?,
    };
    let account = Account::of(Some(viewer));
    if is_in_place {
        let html = views::own::destroy_in_place(account, &comment).into_string()?;
        return Ok(reply::changes(cx, &[Change::replace(format_args!("#said_{id}"), html)]));
    }
    let back = paths::comment(id).to_string();
    let page = Page { aside: Some((&back, "← Back to comment")), ..Page::new(cx, "Destroying comment")? };
    Ok(reply::page(cx, layout::render(&page, views::own::destroy(account, &comment))?))
}

/// `DELETE /comments/:id`: deletes a comment. A comment with replies stays as `[deleted]`.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Forbidden`] when the viewer is not the author; [`Error::Moderated`] when
/// they are banned; those of `already_deleted`; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn destroy(cx: &Cx, id: CommentId) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::comment(id))?;
    let located = match own_comment(cx, viewer, id) {
        Err(Error::NotFound) => return already_deleted(cx, viewer, id),
        found => found?,
    };
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let (user_id, now) = (viewer.id, cx.now);
    let destroyed = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        // An admin may have moved it.
        let Some(post_id) = sql::post_of(connection, id)? else { return Ok(None) };
        let Some(deletion) = sql::delete(connection, id, user_id, now)? else {
            return Ok(None);
        };
        let left = match deletion {
            Deletion::Removed { parent_id: Some(parent_id), .. } => sql::reply_count(connection, parent_id)?,
            _ => 0,
        };
        Ok(Some((deletion, left, post_id, sql::count_on_post(connection, post_id)?)))
    })?;
    let Some(destroyed) = destroyed else {
        return Err(Error::sign_in(paths::comment(id)));
    };
    let Some((deletion, left, post_id, count)) = destroyed else {
        return already_deleted(cx, viewer, id);
    };
    let Some(count) = count else {
        // It was the last comment on a deleted post, which was kept only for it.
        return Ok(done(cx, paths::POSTS, id));
    };
    if !reply::wants_fragments(cx) || is_on_page_of(cx, id, &deletion) {
        return Ok(done(cx, &after_destroying(cx, post_id, id, &deletion)?, id));
    }
    let mut changes = Vec::new();
    match deletion {
        Deletion::Removed { pruned, parent_id } => {
            // The pruned comments are its ancestors. At most MAX_LEVELS of them can be on one page, and the
            // outermost element there contains the others.
            changes.extend(iter::once(id).chain(pruned).take(MAX_LEVELS).map(remove));
            if let Some(parent_id) = parent_id {
                changes.extend(fragments::replies_remaining(parent_id, left)?);
            }
        }
        Deletion::Emptied => {
            let comment = Comment { body: "".into(), author: None, ..located.comment };
            let located = LocatedComment { comment, is_deleted: true, post_id };
            changes.extend([changed_body(cx, &located)?, fragments::no_author(&located.comment)]);
        }
    }
    changes.push(Change::fill(".comments_count", views::count(count).into_string()?));
    changes.push(message::show_offering(cx, Flash::CommentDestroyed, id.get()));
    Ok(reply::changes(cx, &changes))
}

fn done(cx: &Cx, location: &str, id: CommentId) -> Response {
    reply::done_offering(cx, location, Flash::CommentDestroyed, id.get())
}

fn remove(id: CommentId) -> Change {
    Change::remove(format_args!("#comment_{id}"))
}

/// The answer when a comment that is to be deleted is deleted, or removed, already: its author can undo that as after
/// the deletion itself. With htmx it goes from the page.
///
/// # Errors
/// [`Error::Gone`] without htmx, unless the viewer can undo the deletion; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
fn already_deleted(cx: &Cx, viewer: &Viewer, id: CommentId) -> Result {
    let (located, can_undo, post_id) = cx.read(|connection| {
        let held = deletion::sql::find(connection, Target::Comment(id), viewer.id, cx.now)?;
        let post_id = sql::post_of(connection, id)?;
        Ok((sql::find(connection, Some(viewer.id), id)?, held.is_some(), post_id))
    })?;
    let is_removed = located.as_ref().is_some_and(|located| located.comment.remover.is_some());
    let error = if is_removed { ALREADY_REMOVED } else { ALREADY_DELETED };
    if !reply::wants_fragments(cx) {
        let location = post_id.map_or_else(|| paths::POSTS.to_owned(), |id| paths::post(id).to_string());
        let flash = Flash::CommentDestroyedBefore;
        return if can_undo { Ok(reply::done_offering(cx, location, flash, id.get())) } else { Err(error) };
    }
    let mut changes = match &located {
        Some(located) => vec![changed_body(cx, located)?, fragments::no_author(&located.comment)],
        None => vec![remove(id)],
    };
    if can_undo {
        changes.push(message::show_offering(cx, Flash::CommentDestroyedBefore, id.get()));
        return Ok(reply::changes(cx, &changes));
    }
    let (heading, sentence) = error.texts(cx.method());
    changes.push(message::show_alert(&format!("{heading} {sentence}")));
    Ok(reply::changes(cx, &changes).with_status_code(error.status()))
}

/// Whether the request comes from the page of a comment that this request removed.
fn is_on_page_of(cx: &Cx, id: CommentId, deletion: &Deletion) -> bool {
    match deletion {
        Deletion::Removed { pruned, .. } => {
            iter::once(&id).chain(pruned).any(|&gone| cx.came_from(paths::comment(gone)).is_some())
        }
        Deletion::Emptied => false,
    }
}

/// The address to show after a deletion: the emptied comment, else its parent, else the page of the post from
/// which the request came.
fn after_destroying(cx: &Cx, post_id: PostId, id: CommentId, deletion: &Deletion) -> Result<String> {
    match deletion {
        Deletion::Emptied => address(cx, post_id, id),
        Deletion::Removed { parent_id: Some(parent_id), .. } => address(cx, post_id, *parent_id),
        Deletion::Removed { parent_id: None, .. } => {
            let post = paths::post(post_id);
            Ok(cx.came_from(post).map_or_else(|| post.to_string(), str::to_owned))
        }
    }
}
