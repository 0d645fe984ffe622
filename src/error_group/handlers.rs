//! Requests for the recorded errors.

use super::views;
use crate::auth;
use crate::site::error_log::Listed;
use crate::site::limiter::Action;
use crate::types::cursor::PAGE_SIZE;
use crate::types::id::ErrorGroupId;
use crate::ui::layout::{self, Page};
use crate::web::flash::Flash;
use crate::web::{Cx, Error, Result, paths, reply};

/// `GET /admin/errors` and `/admin/errors/resolved`: the groups, those that occurred last first.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::BadRequest`] for a malformed cursor; [`Error::Internal`] when the file
/// cannot be read.
pub fn list(cx: &Cx, listed: Listed) -> Result {
    auth::require_admin(cx)?;
    let after = cx.cursor("after")?;
    let groups = cx.site.error_log.list(listed, after, PAGE_SIZE).map_err(unreadable)?;
    let heading = match listed {
        Listed::Open => "Errors",
        Listed::Resolved => "Resolved errors",
    };
    let page = Page::new(cx, heading)?;
    let counts = cx.site.error_log.counts();
    Ok(reply::page(cx, layout::render(&page, views::list(cx.path(), &groups, counts, &cx.clock))?))
}

/// `GET /admin/errors/:id`: a group with its last occurrences.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::NotFound`]; [`Error::Internal`] when the file cannot be read.
pub fn show(cx: &Cx, id: ErrorGroupId) -> Result {
    auth::require_admin(cx)?;
    let found = cx.site.error_log.find(id).map_err(unreadable)?;
    let (group, occurrences) = found.ok_or(Error::NotFound)?;
    let back = match group.resolved_at {
        None => paths::ERRORS,
        Some(_) => paths::RESOLVED_ERRORS,
    };
    let page = Page { aside: Some((back, "← Back to errors")), ..Page::new(cx, "Error")? };
    let main = views::show(page.account(), &group, &occurrences, &cx.clock);
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// `POST /admin/errors/:id/resolve` and `/reopen`. A repeated request changes nothing. The file is not the site's
/// database, so there is no transaction that could check the admin once more.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::NotFound`]; [`Error::RateLimited`]; [`Error::Internal`] when the file cannot
/// be written.
pub fn resolve(cx: &Cx, id: ErrorGroupId, is_resolved: bool) -> Result {
    let viewer = auth::require_admin(cx)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let exists = cx.site.error_log.resolve(id, is_resolved.then_some(cx.now)).map_err(unreadable)?;
    match (exists, is_resolved) {
        (false, _) => Err(Error::NotFound),
        (true, true) => Ok(reply::done(cx, paths::ERRORS, Flash::ErrorResolved)),
        (true, false) => Ok(reply::done(cx, paths::error_group(id), Flash::ErrorReopened)),
    }
}

fn unreadable(error: rusqlite::Error) -> Error {
    Error::Internal(format!("the file with the recorded errors: {error}").into())
}
