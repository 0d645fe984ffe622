//! The pages of versions, and striking one.

use rusqlite::Connection;

use super::{History, Version, path, sql, views};
use crate::auth::{self, Standing};
use crate::markup::cut::common_limit;
use crate::moderation::{self, Decision, ModerationAction, Subject, check_reason};
use crate::site::limiter::Action;
use crate::types::id::{UserId, VersionId};
use crate::types::time::Timestamp;
use crate::ui::layout::{self, Page};
use crate::vote::Target;
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::{Cx, Error, Result, Viewer, paths, reply};
use crate::{comment, draft, post};

/// The most bytes of all texts on a page of versions: the longest are cut.
const MAX_TEXTS_BYTES: usize = 320 * 1024;

/// The fields of the form that strikes a version.
const FIELDS: [&str; 1] = ["reason"];

const NOT_YOURS: Error = Error::Forbidden("Only its author and admins can strike a version.");

/// `GET /posts/:id/versions` and `/comments/:id/versions`: what it was before each edit, as far as the viewer may read that.
///
/// # Errors
/// [`Error::NotFound`] for what was never edited, or is removed or deleted; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn show(cx: &Cx, of: Target) -> Result {
    let viewer = auth::viewer(cx)?;
    let history = cx.read(|connection| history(connection, viewer, of))?.ok_or(Error::NotFound)?;
    let texts = history.versions.iter().map(|version| &*version.text);
    let limit = common_limit(texts, MAX_TEXTS_BYTES).unwrap_or(usize::MAX);
    let (heading, back) = match of {
        Target::Post(_) => ("Versions of a post", "← Back to post"),
        Target::Comment(_) => ("Versions of a comment", "← Back to comment"),
    };
    let address = of.path();
    let page = Page { aside: Some((&address, back)), ..Page::new(cx, heading)? };
    Ok(reply::page(cx, layout::render(&page, views::history(&history, limit, &cx.clock))?))
}

/// A present post or comment: its author, and the time of its last edit.
struct Present {
    author: Option<UserId>,
    edited_at: Option<Timestamp>,
}

impl Present {
    /// `None`: it does not exist, or is removed or deleted.
    fn find(connection: &Connection, of: Target) -> rusqlite::Result<Option<Present>> {
        let (state, author, edited_at) = match of {
            Target::Post(id) => match post::sql::find(connection, None, id)? {
                Some(detail) => (detail.state(), detail.post.author, detail.edited_at),
                None => return Ok(None),
            },
            Target::Comment(id) => match comment::sql::find(connection, None, id)? {
                Some(found) => (found.comment.state(), found.comment.author, found.comment.edited_at),
                None => return Ok(None),
            },
        };
        let author = author.map(|author| author.id);
        Ok((!state.is_hidden()).then_some(Present { author, edited_at }))
    }

    fn is_own(&self, viewer: Option<&Viewer>) -> bool {
        viewer.is_some_and(|viewer| self.author == Some(viewer.id))
    }
}

fn history(
    connection: &Connection,
    viewer: Option<&Viewer>,
    of: Target,
) -> rusqlite::Result<Option<History>> {
    let Some(present) = Present::find(connection, of)? else { return Ok(None) };
    let Some(edited_at) = present.edited_at else { return Ok(None) };
    let is_strikable = present.is_own(viewer) || viewer.is_some_and(|viewer| viewer.is_admin);
    let is_readable = is_strikable || sql::is_answered(connection, of, present.author)?;
    let versions = if is_readable { sql::of(connection, of)? } else { Vec::new() };
    Ok(Some(History { of, edited_at, is_readable, is_strikable, versions }))
}

/// A version that is not struck, for a viewer who may strike it.
struct Strikable {
    of: Target,
    version: Version,
    /// Whether the viewer strikes as an admin, so that the log says it.
    is_moderation: bool,
}

fn strikable(cx: &Cx, viewer: &Viewer, id: VersionId) -> Result<Option<Strikable>> {
    let found = cx.read(|connection| {
        let Some(of) = sql::target(connection, id)? else { return Ok(None) };
        let version = sql::of(connection, of)?.into_iter().find(|version| version.id == id);
        Ok(Present::find(connection, of)?.zip(version).map(|(present, version)| (of, present, version)))
    })?;
    let (of, present, version) = found.ok_or(Error::NotFound)?;
    let is_own = present.is_own(Some(viewer));
    if !is_own && !viewer.is_admin {
        return Err(NOT_YOURS);
    }
    Ok(version.struck.is_none().then_some(Strikable { of, version, is_moderation: !is_own }))
}

/// `GET /versions/:id/strike`: asks before a version is struck. One that is struck already leads to the others.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Forbidden`] for a user who is neither author
/// nor admin; [`Error::NotFound`]; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn confirm(cx: &Cx, id: VersionId) -> Result {
    let viewer = auth::require_active_user(cx)?;
    let Some(found) = strikable(cx, viewer, id)? else { return already_struck(cx, id) };
    let reason = draft::handlers::find(cx, paths::strike(id))?.unwrap_or_default().line("reason");
    Ok(reply::page(cx, page(cx, &found, &reason, &cx.unsent_errors())?))
}

fn page(cx: &Cx, found: &Strikable, reason: &str, errors: &Errors) -> Result<String> {
    let back = path(found.of).to_string();
    let page = Page {
        aside: Some((&back, "← Back to versions")),
        ..Page::with_form(cx, "Striking a version", errors)?
    };
    let reason = found.is_moderation.then_some(reason);
    Ok(layout::render(&page, views::strike(page.account(), &found.version, reason, errors))?)
}

fn already_struck(cx: &Cx, id: VersionId) -> Result {
    let of = cx.read(|connection| sql::target(connection, id))?.ok_or(Error::NotFound)?;
    Ok(reply::done(cx, path(of), Flash::VersionStruck))
}

/// `POST /versions/:id/strike`: takes the words of a version away. An admin gives a reason, which the log shows. Sent twice, it
/// is the same.
///
/// # Errors
/// Those of [`confirm`]; for a guest those of [`draft::handlers::require_user`].
pub fn strike(cx: &Cx, id: VersionId) -> Result {
    let viewer = draft::handlers::require_user(cx, paths::strike(id), &FIELDS)?;
    let Some(found) = strikable(cx, viewer, id)? else { return already_struck(cx, id) };
    let reason = cx.form()?.line("reason");
    let errors = if found.is_moderation { check_reason(&reason) } else { Errors::default() };
    let errors = errors.or_rate_limited(&cx.site.limiter, Action::ChangeBy(viewer.id));
    if !errors.is_empty() {
        return Ok(reply::refused(cx, page(cx, &found, &reason, &errors)?, &errors));
    }
    let (user_id, session_id, now, token) =
        (viewer.id, viewer.session_id, cx.now, draft::handlers::token(cx));
    let Strikable { of, is_moderation, .. } = found;
    let struck = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        if is_moderation && moderation::sql::admin(connection, session_id)?.is_none() {
            return Ok(false);
        }
        if sql::strike(connection, id, user_id, now)? && is_moderation {
            let (action, subject) = (ModerationAction::Strike, Subject::from(of));
            let decision = Decision { action, subject, reason: &reason, now };
            moderation::sql::record(connection, Some(user_id), &decision)?;
        }
        draft::handlers::delete_sent(connection, token.as_ref(), &paths::strike(id).to_string())?;
        Ok(true)
    })?;
    match struck {
        Some(true) => Ok(reply::done(cx, path(of), Flash::VersionStruck)),
        Some(false) => Err(auth::NOT_AN_ADMIN),
        None => Err(draft::handlers::sign_in_first(cx, paths::strike(id), &FIELDS)),
    }
}
