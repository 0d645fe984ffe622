//! The page on which an admin changes the title and the link of a post, at any time and of anybody's.

use std::sync::Arc;

use super::super::views::{self, RetitlingForm};
use super::super::{Content, Holders, UpdateOutcome, sql};
use super::content_of;
use crate::auth;
use crate::draft;
use crate::moderation::{self, Decision, ModerationAction, Subject};
use crate::site::limiter::Action;
use crate::types::id::PostId;
use crate::ui::layout::{self, Page};
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::{Cx, Error, Result, paths, reply};

/// The fields of the form.
const FIELDS: [&str; 3] = ["title", "url", "reason"];

/// `GET /posts/:id/retitle`: the form, for admins.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::NotFound`]; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn show(cx: &Cx, id: PostId) -> Result {
    auth::require_admin(cx)?;
    let present = present(cx, id)?;
    let draft = draft::handlers::find(cx, paths::retitle_post(id))?.unwrap_or_default();
    let (content, errors) = (Content::of(&draft, present), cx.unsent_errors());
    let form = Typed { content: &content, reason: &draft.line("reason"), holders: Holders::default() };
    Ok(reply::page(cx, page(cx, id, &form, &errors)?))
}

/// What the form asks for.
struct Typed<'t> {
    content: &'t Content,
    reason: &'t str,
    /// The posts that have the title or the link.
    holders: Holders,
}

fn page(cx: &Cx, id: PostId, typed: &Typed, errors: &Errors) -> Result<String> {
    let back = paths::post(id).to_string();
    let page =
        Page { aside: Some((&back, "← Back to post")), ..Page::with_form(cx, "Changing a title", errors)? };
    let Typed { content, reason, holders } = *typed;
    let form = RetitlingForm { account: page.account(), content, reason, holders, errors };
    Ok(layout::render(&page, views::retitle(id, form))?)
}

/// The post as it is, if it is on its page.
fn present(cx: &Cx, id: PostId) -> Result<Content> {
    let found = cx.read(|connection| sql::find(connection, None, id))?;
    found.filter(|detail| !detail.state().is_hidden()).map(content_of).ok_or(Error::NotFound)
}

/// `POST /posts/:id/retitle`: changes the title and the link, keeps what they were as an earlier version, and logs it with
/// the reason; the post's author is told. A form that changes nothing logs nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest, whose form is kept as a draft; [`Error::Forbidden`] for a user who is no admin;
/// [`Error::Moderated`] for a banned user; [`Error::NotFound`]; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn update(cx: &Cx, id: PostId) -> Result {
    let viewer = draft::handlers::require_user(cx, paths::retitle_post(id), &FIELDS)?;
    auth::require_admin(cx)?;
    let present = present(cx, id)?;
    let sent = cx.form()?;
    // The text and the tags stay, whatever is sent.
    let (description, tags) = (present.description.clone(), present.tags.clone());
    let requested = Arc::new(Content { description, tags, ..Content::of(sent, present.clone()) });
    let reason = sent.line("reason");
    let refuse = |errors: &Errors, holders| {
        let typed = Typed { content: &requested, reason: &reason, holders };
        Ok(reply::refused(cx, page(cx, id, &typed, errors)?, errors))
    };
    let link = requested.link().unwrap_or_default();
    let holders = cx.read(|connection| sql::holders(connection, id, &requested, link.as_ref(), cx.now))?;
    let mut errors = requested.check();
    errors.append(moderation::check_reason(&reason));
    errors.append(holders.errors());
    let errors = cx.or_refused(errors, Action::ChangeBy(viewer.id));
    if !errors.is_empty() {
        return refuse(&errors, holders);
    }
    let (content, why, token) = (Arc::clone(&requested), reason.clone(), draft::handlers::token(cx));
    let (session_id, now) = (viewer.session_id, cx.now);
    let outcome = cx.write(move |connection| {
        let Some(admin_id) = moderation::sql::admin(connection, session_id)? else { return Ok(None) };
        let outcome = sql::update(connection, id, &present, &content, now)?;
        if outcome == UpdateOutcome::Done {
            let (action, subject) = (ModerationAction::Retitle, Subject::Post(id));
            let decision = Decision { action, subject, reason: &why, now };
            moderation::sql::record(connection, Some(admin_id), &decision)?;
        }
        if matches!(outcome, UpdateOutcome::Done | UpdateOutcome::Unchanged) {
            let form = paths::retitle_post(id).to_string();
            draft::handlers::delete_sent(connection, token.as_ref(), &form)?;
        }
        Ok(Some(outcome))
    })?;
    match outcome {
        Some(UpdateOutcome::Done) => Ok(reply::done(cx, paths::post(id), Flash::Moderated)),
        Some(UpdateOutcome::Unchanged) => Ok(reply::done(cx, paths::post(id), Flash::PostUpdated)),
        Some(UpdateOutcome::NotFound) => Err(Error::NotFound),
        Some(UpdateOutcome::Taken(holders)) => refuse(&holders.errors(), holders),
        None => Err(draft::handlers::sign_in_first(cx, paths::retitle_post(id), &FIELDS)),
    }
}
