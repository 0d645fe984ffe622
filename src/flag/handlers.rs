//! Requests to flag a post or comment, and the queue of flagged ones.

use horrorshow::Template;

use super::{FlagOutcome, NewFlag, Reason, sql, views};
use crate::auth::{self, Standing};
use crate::dead;
use crate::draft;
use crate::moderation::Subject;
use crate::site::limiter::Action;
use crate::types::cursor::PAGE_SIZE;
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::user::handlers::newcomer;
use crate::vote::Target;
use crate::web::Viewer;
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result};

const OWN_CONTENT: Error = Error::Forbidden("It is your own: you can change it, or take it back.");

/// `GET /posts/:id/flag`, `GET /comments/:id/flag`: the form.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::NotFound`];
/// [`Error::Forbidden`] for the author; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn new(cx: &Cx, target: Target) -> Result {
    let viewer = auth::require_active_user(cx)?;
    newcomer::refuse(cx, viewer, "flag")?;
    check_target(cx, viewer, target)?;
    let draft = draft::handlers::find(cx, views::flag_path(target))?.unwrap_or_default();
    let errors = cx.unsent_errors();
    Ok(reply::page(cx, page(cx, viewer, target, &Reason::from_form(&draft), &errors)?))
}

fn check_target(cx: &Cx, viewer: &Viewer, target: Target) -> Result<()> {
    let author = cx.read(|connection| sql::author_of(connection, target))?.ok_or(Error::NotFound)?;
    if author == Some(viewer.id) { Err(OWN_CONTENT) } else { Ok(()) }
}

fn page(cx: &Cx, viewer: &Viewer, target: Target, reason: &Reason, errors: &Errors) -> Result<String> {
    let before = cx.read(|connection| sql::reason_by_user(connection, viewer.id, target))?;
    let (heading, back) = match target {
        Target::Post(_) => ("Flagging a post", "← Back to post"),
        Target::Comment(_) => ("Flagging a comment", "← Back to comment"),
    };
    let address = Subject::from(target).address().to_string();
    let page = Page { aside: Some((&address, back)), ..Page::with_form(cx, heading, errors)? };
    Ok(layout::render(&page, views::new(page.account(), target, before.as_deref(), reason, errors))?)
}

/// `POST /posts/:id/flag`, `POST /comments/:id/flag`. A second flag of a user replaces the reason of the
/// first. Errors in the form are shown with it.
///
/// # Errors
/// [`Error::SignIn`] for a guest, whose form is kept as a draft, with the errors of
/// [`require_user`](draft::handlers::require_user); [`Error::Moderated`] for a banned user;
/// [`Error::NotFound`]; [`Error::Forbidden`] for the author; [`Error::Unavailable`] or [`Error::Internal`]
/// when the database fails.
pub fn create(cx: &Cx, target: Target) -> Result {
    let viewer = draft::handlers::require_user(cx, views::flag_path(target), &Reason::FIELDS)?;
    newcomer::refuse(cx, viewer, "flag")?;
    check_target(cx, viewer, target)?;
    let reason = Reason::from_form(cx.form()?);
    let errors = cx.or_refused(reason.check(), Action::WriteBy(viewer.id));
    if !errors.is_empty() {
        return Ok(reply::refused(cx, page(cx, viewer, target, &reason, &errors)?, &errors));
    }
    let (user_id, now, token) = (viewer.id, cx.now, draft::handlers::token(cx));
    let sentence = reason.sentence();
    let rules = dead::handlers::rules(cx)?;
    let flagged = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        let flag = NewFlag { user_id, target, reason: &sentence, now };
        let flagged = sql::create(connection, &flag)?;
        if matches!(flagged, FlagOutcome::Created | FlagOutcome::ReasonChanged) {
            draft::handlers::delete_sent(connection, token.as_ref(), &views::flag_path(target).to_string())?;
            dead::sql::acts::hide_if_flagged(connection, target, &rules)?;
        }
        Ok(flagged)
    })?;
    let Some(flagged) = flagged else {
        return Err(draft::handlers::sign_in_first(cx, views::flag_path(target), &Reason::FIELDS));
    };
    match flagged {
        FlagOutcome::Created => Ok(reply::done(cx, Subject::from(target).address(), Flash::Flagged)),
        FlagOutcome::ReasonChanged => {
            Ok(reply::done(cx, Subject::from(target).address(), Flash::FlaggedAgain))
        }
        FlagOutcome::OwnContent => Err(OWN_CONTENT),
        FlagOutcome::NotFound => Err(Error::NotFound),
    }
}

/// `POST /posts/:id/unflag`, `POST /comments/:id/unflag`: takes back the viewer's flag. A repeated request changes
/// nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::NotFound`];
/// [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn withdraw(cx: &Cx, target: Target) -> Result {
    let subject = Subject::from(target);
    let viewer = auth::require_user_or_return(cx, subject.address())?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let user_id = viewer.id;
    let withdrawn = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        sql::withdraw(connection, user_id, target)
    })?;
    match withdrawn {
        None => return Err(Error::sign_in(subject.address())),
        Some(false) => return Err(Error::NotFound),
        Some(true) => {}
    }
    if !reply::wants_fragments(cx) {
        let location = cx.referrer().map_or_else(|| subject.address().to_string(), str::to_owned);
        return Ok(reply::done(cx, location, Flash::Unflagged));
    }
    let link = views::control(target, false).into_string()?;
    let change = Change::replace(views::flagged_selector(target), link);
    Ok(reply::changes(cx, &[change, message::show_notice(cx, Flash::Unflagged)]))
}

/// `GET /flags`: the queue of flagged posts and comments.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Forbidden`] for other
/// users; [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or [`Error::Internal`] when
/// the database fails.
pub fn queue(cx: &Cx) -> Result {
    auth::require_admin(cx)?;
    let after = cx.cursor("after")?;
    let items = cx.read(|connection| sql::queue(connection, after, PAGE_SIZE))?;
    let page = Page::new(cx, "Flags")?;
    Ok(reply::page(cx, layout::render(&page, views::queue(page.viewer, &items))?))
}
