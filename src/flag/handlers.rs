//! Flagging, and the queue of what was flagged.

use super::{Flagged, NewFlag, Reason, sql, views};
use crate::auth::{self, Standing};
use crate::draft;
use crate::moderation::Subject;
use crate::site::limiter::Action;
use crate::types::cursor::PAGE_SIZE;
use crate::ui::layout::{self, Page};
use crate::vote::Target;
use crate::web::Viewer;
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, Error, Result, reply};

const OWN: Error = Error::Forbidden("It is your own: you can change it, or take it back.");

/// `GET /posts/:id/flag` and so on.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`], [`Error::Forbidden`] for what is one's own, [`Error::Moderated`];
/// the database's.
pub fn new(cx: &Cx, target: Target) -> Result {
    let viewer = auth::require_active_user(cx)?;
    check_target(cx, viewer, target)?;
    let written = draft::handlers::find(cx, views::address(target))?.unwrap_or_default();
    Ok(reply::page(cx, page(cx, viewer, target, &Reason::of(&written), &NO_ERRORS)?))
}

fn check_target(cx: &Cx, viewer: &Viewer, target: Target) -> Result<()> {
    let author = cx.read(|connection| sql::author(connection, target))?.ok_or(Error::NotFound)?;
    if author == Some(viewer.id) { Err(OWN) } else { Ok(()) }
}

fn page(cx: &Cx, viewer: &Viewer, target: Target, reason: &Reason, errors: &Errors) -> Result<String> {
    let before = cx.read(|connection| sql::reason_of(connection, viewer.id, target))?;
    let (heading, back) = match target {
        Target::Post(_) => ("Flagging a post", "← Back to post"),
        Target::Comment(_) => ("Flagging a comment", "← Back to comment"),
    };
    let address = Subject::from(target).address().to_string();
    let page = Page { aside: Some((&address, back)), ..Page::with_form(cx, heading, errors)? };
    Ok(layout::render(&page, views::new(target, before.as_deref(), reason, errors))?)
}

/// `POST /posts/:id/flag` and so on: sent twice it is still one flag, with the reason that came last.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`], [`Error::Forbidden`] for what is one's own; the database's.
/// What can be mended is told in the form.
pub fn create(cx: &Cx, target: Target) -> Result {
    let viewer = draft::handlers::require_user(cx, views::address(target), &Reason::FIELDS)?;
    check_target(cx, viewer, target)?;
    let reason = Reason::of(cx.form()?);
    let errors = reason.check().or_rate_limited(&cx.site.limiter, Action::WriteBy(viewer.id));
    if !errors.is_empty() {
        return Ok(reply::refused(cx, page(cx, viewer, target, &reason, &errors)?, &errors));
    }
    let (user_id, now, token) = (viewer.id, cx.now, draft::handlers::token(cx));
    let sentence = reason.sentence();
    let flagged = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        let flag = NewFlag { user_id, target, reason: &sentence, now };
        let flagged = sql::create(connection, &flag)?;
        if matches!(flagged, Flagged::Done | Flagged::Again) {
            draft::handlers::delete_sent(connection, token.as_ref(), &views::address(target).to_string())?;
        }
        Ok(flagged)
    })?;
    let Some(flagged) = flagged else {
        return Err(draft::handlers::sign_in_first(cx, views::address(target), &Reason::FIELDS));
    };
    match flagged {
        Flagged::Done => Ok(reply::done(cx, Subject::from(target).address(), Flash::Flagged)),
        Flagged::Again => Ok(reply::done(cx, Subject::from(target).address(), Flash::FlaggedAgain)),
        Flagged::Own => Err(OWN),
        Flagged::Gone => Err(Error::NotFound),
    }
}

/// `GET /flags`: what waits for an admin.
///
/// # Errors
/// [`Error::SignIn`], [`Error::Forbidden`] for who is no admin; a cursor that is none; the database's.
pub fn queue(cx: &Cx) -> Result {
    auth::require_admin(cx)?;
    let after = cx.cursor("after")?;
    let waiting = cx.read(|connection| sql::queue(connection, after, PAGE_SIZE))?;
    let page = Page::new(cx, "Flags")?;
    Ok(reply::page(cx, layout::render(&page, views::queue(page.viewer, &waiting))?))
}
