//! Requests for the overview, and for the lists of people.

use super::views::backup::{self, Backup};
use super::{Who, sql, views};
use crate::auth;
use crate::monitoring::handlers::reading;
use crate::site::limiter::Action;
use crate::site::trial::Refusal;
use crate::status;
use crate::types::cursor::PAGE_SIZE;
use crate::ui::layout::{self, Page};
use crate::user::name;
use crate::web::flash::Flash;
use crate::web::{Cx, Error, Result, paths, reply};

/// The most characters of a name that is looked for: no name has more.
const MAX_NAME_CHARS: usize = 100;

/// `GET /admin`: the overview. Its numbers are those of `/metrics`.
///
/// # Errors
/// Those of [`auth::require_admin`].
pub fn overview(cx: &Cx) -> Result {
    auth::require_admin(cx)?;
    let page = Page::new(cx, "Admin")?;
    let view = views::Overview {
        reading: &reading::read(cx.site),
        location: cx.site.replica.as_ref().map(|status| status.location()),
        clock: &cx.clock,
    };
    Ok(reply::page(cx, layout::render(&page, views::overview(&view))?))
}

/// `GET /admin/people`, `/admin/people/banned` and `/admin/people/admins`: the newest accounts first. With `?name=…`, the
/// users whose names begin so.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`BadRequest`](crate::web::Error::BadRequest) for a malformed cursor.
pub fn people(cx: &Cx, who: Who) -> Result {
    auth::require_admin(cx)?;
    let typed: String = cx.query("name").unwrap_or_default().trim().chars().take(MAX_NAME_CHARS).collect();
    let page = Page::new(cx, "People")?;
    if !typed.is_empty() {
        let folded = name::folded(&typed);
        let found = cx.read(|connection| sql::with_beginning(connection, &folded, PAGE_SIZE))?;
        return Ok(reply::page(cx, layout::render(&page, views::found(&typed, &found, &cx.clock))?));
    }
    let after = cx.cursor("after")?;
    let people = cx.read(|connection| sql::newest(connection, who, after, PAGE_SIZE))?;
    Ok(reply::page(cx, layout::render(&page, views::people(cx.path(), &people, &cx.clock))?))
}

/// `GET /admin/backup`: how the backup is, and the copy to try.
///
/// # Errors
/// Those of [`auth::require_admin`].
pub fn show_backup(cx: &Cx) -> Result {
    auth::require_admin(cx)?;
    let page = Page::new(cx, "Backup")?;
    let replica = status::handlers::view(cx, true)?;
    let view = Backup {
        account: page.account(),
        replica: replica.as_ref(),
        state: &cx.site.trials.state(),
        room: cx.site.trials.room(),
        clock: &cx.clock,
    };
    Ok(reply::page(cx, layout::render(&page, backup::backup(&view))?))
}

/// `POST /admin/backup/copy`: begins to restore a copy to try.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::RateLimited`]; [`Error::NotFound`] without a replica; [`Error::Conflict`] while
/// one is restored, where there is one, and without room.
pub fn restore_copy(cx: &Cx) -> Result {
    let viewer = auth::require_admin(cx)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let settings = cx.site.config.replica.clone().ok_or(Error::NotFound)?;
    cx.site.trials.start(settings, &cx.site.job_runs, &cx.site.error_log).map_err(conflict)?;
    Ok(reply::done(cx, paths::BACKUP, Flash::CopyBegun))
}

/// `DELETE /admin/backup/copy`: deletes it. Without one nothing changes.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::RateLimited`]; [`Error::Conflict`] while it is restored or in use.
pub fn delete_copy(cx: &Cx) -> Result {
    let viewer = auth::require_admin(cx)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    cx.site.trials.delete().map_err(conflict)?;
    Ok(reply::done(cx, paths::BACKUP, Flash::CopyDeleted))
}

fn conflict(refusal: Refusal) -> Error {
    Error::Conflict(match refusal {
        Refusal::Running => "A copy is being restored. Wait until it is there.",
        Refusal::Exists => "There is a copy already. Delete it first.",
        Refusal::NoRoom => "There is not enough room on the disk for a copy.",
        Refusal::InUse => "The copy is in use, or cannot be deleted. Stop the server that serves it first.",
    })
}
