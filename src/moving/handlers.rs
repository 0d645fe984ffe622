//! The pages on which an admin merges a post into another or moves a comment to another.

use super::{FIELDS, Outcome, Request, path, sql, views};
use crate::auth;
use crate::draft;
use crate::moderation::{self, Subject};
use crate::site::limiter::Action;
use crate::types::id::PostId;
use crate::ui::layout::{self, Page};
use crate::vote::Target;
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::{Cx, Error, Result, paths, reply};

/// `GET /posts/:id/merge` and `/comments/:id/move`: the form, for admins.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::NotFound`], also for what is deleted or removed; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx, target: Target) -> Result {
    auth::require_admin(cx)?;
    require_shown(cx, target)?;
    let draft = draft::handlers::find(cx, path(target))?.unwrap_or_default();
    Ok(reply::page(cx, page(cx, target, &Request::of(&draft), &cx.unsent_errors())?))
}

fn require_shown(cx: &Cx, target: Target) -> Result<()> {
    if cx.read(|connection| sql::is_shown(connection, target))? { Ok(()) } else { Err(Error::NotFound) }
}

fn page(cx: &Cx, target: Target, request: &Request, errors: &Errors) -> Result<String> {
    let (heading, back) = match target {
        Target::Post(_) => ("Merging a post", "← Back to post"),
        Target::Comment(_) => ("Moving a comment", "← Back to comment"),
    };
    let address = Subject::from(target).address().to_string();
    let page = Page { aside: Some((&address, back)), ..Page::with_form(cx, heading, errors)? };
    Ok(layout::render(&page, views::form(page.account(), target, request, errors))?)
}

/// `POST` to the path of [`show`]: merges or moves, logs that with the reason, and tells the author. A form that was sent
/// before changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest, whose form is kept as a draft; [`Error::Forbidden`] for a user who is no admin;
/// [`Error::Moderated`] for a banned user; [`Error::NotFound`]; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn update(cx: &Cx, target: Target) -> Result {
    let viewer = draft::handlers::require_user(cx, path(target), &FIELDS)?;
    auth::require_admin(cx)?;
    let request = Request::of(cx.form()?);
    let refuse = |errors: &Errors| Ok(reply::refused(cx, page(cx, target, &request, errors)?, errors));
    let mut errors = moderation::check_reason(&request.reason);
    let to = request.post().map_err(|sentence| errors.add("to", sentence)).ok();
    if let (Target::Post(id), Some(to)) = (target, to)
        && id == to
    {
        errors.add("to", "Post must be another one");
    }
    let errors = cx.or_refused(errors, Action::ChangeBy(viewer.id));
    let Some(to) = to.filter(|_| errors.is_empty()) else { return refuse(&errors) };
    let (session_id, token, reason, now) =
        (viewer.session_id, draft::handlers::token(cx), request.reason.clone(), cx.now);
    let outcome = cx.write(move |connection| {
        let Some(admin_id) = moderation::sql::admin(connection, session_id)? else { return Ok(None) };
        let outcome = sql::change(connection, admin_id, target, to, (&reason, now))?;
        if matches!(outcome, Outcome::Done | Outcome::Unchanged) {
            draft::handlers::delete_sent(connection, token.as_ref(), &path(target).to_string())?;
        }
        Ok(Some(outcome))
    })?;
    match outcome {
        Some(Outcome::Done | Outcome::Unchanged) => {
            Ok(reply::done(cx, destination(target, to), Flash::Moderated))
        }
        Some(Outcome::NotFound) => Err(Error::NotFound),
        Some(Outcome::NoPost) => refuse(&Errors::one("to", "Post does not exist, or is deleted or removed")),
        None => Err(draft::handlers::sign_in_first(cx, path(target), &FIELDS)),
    }
}

/// Where what was merged or moved is now.
fn destination(target: Target, to: PostId) -> paths::Path {
    match target {
        Target::Post(_) => paths::post(to),
        Target::Comment(id) => paths::comment(id),
    }
}
