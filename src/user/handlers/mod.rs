//! Handlers for users: their page, signing up, and the account.

pub mod deletion;
pub mod newcomer;
mod own_comments;
pub mod sign_up;

use std::sync::Arc;

use horrorshow::Template;

use super::look_alike::ComparedName;
use super::views::{Choices, Profile};
use super::{
    FORMER_NAME_SHOWN, NAME_KEPT_BACK, User, check_about, check_confirmation, check_name, check_new_password,
    incorrect_password, password, sql, views, wrong_password,
};
use crate::auth;
use crate::auth::Standing;
use crate::auth::token::Secret;
use crate::device;
use crate::draft;
use crate::follow;
use crate::hiding::{self, Hidden};
use crate::invitation;
use crate::post;
use crate::reset;
use crate::session;
use crate::session::handlers::{end_others, with_cookies, without_cookies};
use crate::site::limiter::{Action, RetryAfter};
use crate::text::isolated;
use crate::types::cursor::{Cursor, PAGE_SIZE, START};
use crate::types::id::UserId;
use crate::ui::layout::{self, Page};
use crate::web::account::Account;
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, Viewer, paths};

/// The cursors of the lists on a user's page.
pub struct ListCursors {
    /// The cursor of the posts.
    pub posts: Cursor,
    /// The cursor of the comments.
    pub comments: Cursor,
    /// The cursor of the sessions.
    pub sessions: Cursor,
}

/// `GET /users/:id`: a user with their posts and comments.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx, id: UserId) -> Result {
    let cursors = ListCursors {
        posts: cx.cursor("posts")?,
        comments: cx.cursor("comments")?,
        sessions: cx.cursor("sessions")?,
    };
    let html = page(cx, id, &cursors)?.ok_or(Error::NotFound)?;
    Ok(reply::page(cx, html))
}

/// The page of a user; `None` when there is no such user.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn page(cx: &Cx, id: UserId, cursors: &ListCursors) -> Result<Option<String>> {
    let viewer = auth::viewer(cx)?;
    let viewer_id = viewer.map(|viewer| viewer.id);
    let is_own = viewer_id == Some(id);
    let is_admin = viewer.is_some_and(|viewer| viewer.is_admin);
    let names_since = cx.now - if is_admin { NAME_KEPT_BACK } else { FORMER_NAME_SHOWN };
    let profile = cx.read_pieces(|pieces| {
        let connection = pieces.connection();
        let Some(user) = sql::find(connection, id)? else {
            return Ok(None);
        };
        let sessions =
            is_own.then(|| session::sql::of_user(connection, id, cursors.sessions, session::PAGE_SIZE));
        Ok(Some(Profile {
            user,
            posts: post::handlers::rows::read(pieces, viewer_id, |connection| {
                post::sql::of_user(connection, id, cursors.posts, PAGE_SIZE)
            })?,
            comments: own_comments::read(pieces, id, cursors.comments)?,
            sessions: sessions.transpose()?,
            former_names: sql::names::former(connection, id, names_since)?,
            invited: invitation::sql::invited(connection, id)?,
            // One more tells whether there are more.
            has_invited: if is_admin {
                invitation::sql::invited_by(connection, id, START, invitation::MAX_NAMED + 1)?
            } else {
                Vec::new()
            },
            choices: match viewer_id.filter(|viewer_id| *viewer_id != id) {
                Some(viewer_id) => Some(Choices {
                    is_followed: follow::sql::is_followed(connection, viewer_id, id)?,
                    is_muted: hiding::sql::has(connection, viewer_id, &Hidden::User(id))?,
                }),
                None => None,
            },
        }))
    })?;
    let Some(profile) = profile else {
        return Ok(None);
    };
    let feed = Some(paths::user_feed(id).to_string().into());
    let name = &profile.user.screen_name;
    let description = format!("What {} wrote on {}.", isolated(name), cx.site_name());
    let page = Page {
        feed,
        is_about_admin: profile.user.is_admin,
        description: &description,
        ..Page::new(cx, name)?
    };
    Ok(Some(layout::render(&page, views::show(cx, viewer, &profile))?))
}

/// `GET /user`: redirects to the viewer's page.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn own(cx: &Cx) -> Result {
    Ok(reply::see_other(cx, paths::user(auth::require_user(cx)?.id)))
}

/// The hash of a new password. `known`: see [`Cx::hashing`].
///
/// # Errors
/// [`Error::Unavailable`] when no permit to hash comes in time; [`Error::Internal`] without random numbers.
pub fn hash(cx: &Cx, password: &str, known: Option<UserId>) -> Result<String> {
    let hashed = cx.hashing(known, |memory| password::hash(password, memory))?;
    hashed.map_err(|error| Error::Internal(format!("hashing a password: {error}").into()))
}

/// `GET /user/edit`.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::NotFound`] when the
/// account was deleted meanwhile; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn edit(cx: &Cx) -> Result {
    let viewer = auth::require_active_user(cx)?;
    let user = cx.read(|connection| sql::find(connection, viewer.id))?.ok_or(Error::NotFound)?;
    let draft = draft::handlers::find(cx, paths::ACCOUNT)?.unwrap_or_default();
    let (screen_name, about) =
        (draft.get("screen_name").map(|_| draft.line("screen_name")), draft.get("about"));
    let form = views::EditForm {
        id: user.id,
        screen_name: screen_name.as_deref().unwrap_or(&user.screen_name),
        about: about.unwrap_or(&user.about),
        sends_mail: cx.site.config.smtp.is_some(),
    };
    let errors = cx.unsent_errors();
    let page = Page::with_form(cx, "Editing profile", &errors)?;
    Ok(reply::page(cx, layout::render(&page, views::edit(page.account(), &form, &errors))?))
}

/// The changes to an account that a form requests.
struct RequestedChanges {
    screen_name: String,
    about: String,
    password: Option<PasswordChange>,
}

/// A change of a password.
struct PasswordChange {
    /// The stored hash against which the current password was verified.
    current_hash: String,
    /// The hash of the new password.
    new_hash: String,
}

/// `PATCH /user`: changes the viewer's name, the text about them, and their password. A new password ends all
/// other sessions, forgets the user's other devices, and gives this session and device new secrets. The form
/// shows errors that the user can correct, and a rate limit.
///
/// # Errors
/// Those of [`draft::handlers::require_user`] for a guest; [`Error::Moderated`] for a banned user;
/// [`Error::NotFound`] when the account was deleted meanwhile; [`Error::Unavailable`] when no permit to hash
/// comes in time; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn update(cx: &Cx) -> Result {
    let viewer = draft::handlers::require_user(cx, paths::EDIT_ACCOUNT, &["screen_name", "about"])?;
    let id = viewer.id;
    let user = cx.read(|connection| sql::find(connection, id))?.ok_or(Error::NotFound)?;
    let (changes, errors) = requested_changes(cx, viewer, &user)?;
    let errors = cx.or_refused(errors, Action::ChangeBy(id));
    let refuse = |changes: &RequestedChanges, errors: &Errors| {
        let sends_mail = cx.site.config.smtp.is_some();
        let form =
            views::EditForm { id, screen_name: &changes.screen_name, about: &changes.about, sends_mail };
        let page = Page::with_form(cx, "Editing profile", errors)?;
        Ok(reply::refused(cx, layout::render(&page, views::edit(page.account(), &form, errors))?, errors))
    };
    if !errors.is_empty() {
        return refuse(&changes, &errors);
    }
    let changes = Arc::new(changes);
    let (session_id, now) = (viewer.session_id, cx.now);
    let (secret, draft, requested) = (Secret::random(), draft::handlers::token(cx), Arc::clone(&changes));
    let (renewed, device) = (secret.clone(), device::secret(cx));
    let updated = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        // Another request may have changed the password since it was verified.
        if let Some(change) = &requested.password
            && !sql::has_password(connection, id, &change.current_hash)?
        {
            return Ok(Err(wrong_password()));
        }
        if let Some(refusal) = sql::update(connection, id, &requested.screen_name, &requested.about, now)? {
            return Ok(Err(refusal.errors()));
        }
        draft::handlers::delete_sent(connection, draft.as_ref(), paths::ACCOUNT)?;
        let Some(change) = &requested.password else {
            return Ok(Ok(None));
        };
        sql::set_password(connection, id, &change.new_hash)?;
        reset::sql::end(connection, id)?;
        let device = end_others(connection, id, session_id, &renewed, device.as_ref(), now)?;
        Ok(Ok(Some(device)))
    })?;
    let renewed_device = match updated {
        Some(Ok(device)) => device,
        Some(Err(errors)) => return refuse(&changes, &errors),
        None => {
            let fields = ["screen_name", "about"];
            return Err(draft::handlers::sign_in_first(cx, paths::EDIT_ACCOUNT, &fields));
        }
    };
    let response = reply::done(cx, paths::user(id), Flash::ProfileUpdated);
    Ok(match renewed_device {
        Some(device) => with_cookies(cx, response, &secret.of(session_id.get()), &device),
        None => response,
    })
}

/// Reads the changes that the form requests, and checks them. A field that was not sent keeps its value.
fn requested_changes(cx: &Cx, viewer: &Viewer, user: &User) -> Result<(RequestedChanges, Errors)> {
    let form = cx.form()?;
    let typed = form.get("screen_name").unwrap_or(&user.screen_name);
    let screen_name = form.get("screen_name").map_or_else(|| typed.to_owned(), |_| form.line("screen_name"));
    let about = form.get("about").map_or_else(|| user.about.clone(), |_| form.text("about"));
    let mut errors = Errors::default();
    // A name from before a rule stays as long as it is not changed.
    if screen_name != user.screen_name {
        let compared = ComparedName::of(&screen_name);
        let refusal =
            cx.read(|connection| sql::names::refusal(connection, &compared, Some(user.id), cx.now))?;
        check_name(&mut errors, typed, &screen_name, refusal);
    }
    check_about(&mut errors, &about);
    let password = match form.get("password").filter(|password| !password.is_empty()) {
        Some(password) => new_password(cx, viewer, &screen_name, password, &mut errors)?,
        None => None,
    };
    Ok((RequestedChanges { screen_name, about, password }, errors))
}

/// Verifies the current password and hashes the new one; `None` after adding errors.
fn new_password(
    cx: &Cx,
    viewer: &Viewer,
    new_name: &str,
    password: &str,
    errors: &mut Errors,
) -> Result<Option<PasswordChange>> {
    let form = cx.form()?;
    check_confirmation(errors, password, form.get("password_confirmation"));
    check_new_password(errors, password, &[&viewer.screen_name, new_name]);
    let current_hash = match verified_hash(cx, viewer, form.get("current_password"))? {
        Verified::Right(hash) => hash,
        Verified::Wrong => {
            errors.append(wrong_password());
            return Ok(None);
        }
        Verified::TooFast(wait) => {
            *errors = Errors::rate_limited(wait);
            return Ok(None);
        }
    };
    if !errors.is_empty() {
        return Ok(None);
    }
    Ok(Some(PasswordChange { current_hash, new_hash: hash(cx, password, Some(viewer.id))? }))
}

/// The outcome of comparing a typed password with the viewer's.
pub enum Verified {
    /// It is the viewer's; with the stored hash.
    Right(String),
    /// It is not.
    Wrong,
    /// It was not compared: too many were stated.
    TooFast(RetryAfter),
}

/// Compares a typed password with the viewer's. It has a limit, so that a stranger at an unlocked browser cannot
/// guess faster than at the sign-in.
///
/// # Errors
/// [`Error::NotFound`] when the account was deleted meanwhile; [`Error::Unavailable`] when no permit to hash comes in time;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn verified_hash(cx: &Cx, viewer: &Viewer, typed: Option<&str>) -> Result<Verified> {
    let limiter = &cx.site.limiter;
    let in_session = limiter.check_and_record(Action::PasswordIn(viewer.session_id));
    if let Err(wait) = in_session.and_then(|()| limiter.check_and_record(Action::PasswordBy(viewer.id))) {
        return Ok(Verified::TooFast(wait));
    }
    let hash = cx.read(|connection| sql::password_hash(connection, viewer.id))?.ok_or(Error::NotFound)?;
    let typed = typed.unwrap_or_default();
    let is_right = cx.hashing(Some(viewer.id), |memory| password::verify(typed, &hash, memory))?;
    Ok(if is_right { Verified::Right(hash) } else { Verified::Wrong })
}

/// `GET /user/delete`: asks for confirmation and says what will be deleted.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`] when the account was deleted meanwhile;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn confirm_destroy(cx: &Cx) -> Result {
    let viewer = auth::require_user(cx)?;
    let user = cx.read(|connection| sql::find(connection, viewer.id))?.ok_or(Error::NotFound)?;
    let page = Page::new(cx, "Delete profile")?;
    Ok(reply::page(cx, layout::render(&page, views::confirm_destroy(page.account(), &user, &NO_ERRORS))?))
}

/// The refused form for deleting the account.
fn refuse_destroy(cx: &Cx, viewer: &Viewer, errors: &Errors) -> Result {
    if reply::wants_fragments(cx) {
        let form = views::destroy_form(Account::of(Some(viewer)), viewer.id, errors).into_string()?;
        return Ok(reply::refused_changes(cx, &[Change::replace("#delete_profile", form)], errors));
    }
    let user = cx.read(|connection| sql::find(connection, viewer.id))?.ok_or(Error::NotFound)?;
    let page = Page::with_form(cx, "Delete profile", errors)?;
    Ok(reply::refused(
        cx,
        layout::render(&page, views::confirm_destroy(page.account(), &user, errors))?,
        errors,
    ))
}

/// The most rows of one kind that one write deletes, which takes some milliseconds.
const MAX_ROWS_PER_WRITE: u32 = 200;

/// `DELETE /user`: deletes the viewer's account with their posts and comments, if the form has their password.
/// The form shows a wrong one, and a rate limit.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`] when the account was deleted meanwhile;
/// [`Error::UnsupportedMediaType`] or [`Error::BadRequest`] for a body that is not a form;
/// [`Error::Unavailable`] when no permit to hash comes in time; [`Error::Unavailable`] or [`Error::Internal`]
/// when the database fails.
pub fn destroy(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::DELETE_ACCOUNT)?;
    let hash = match verified_hash(cx, viewer, cx.form()?.get("password"))? {
        Verified::Right(hash) => hash,
        Verified::Wrong => return refuse_destroy(cx, viewer, &incorrect_password()),
        Verified::TooFast(wait) => return refuse_destroy(cx, viewer, &Errors::rate_limited(wait)),
    };
    let (id, now) = (viewer.id, cx.now);
    // Another request may have changed the password since it was verified.
    let begun = auth::write_as(cx, viewer, Standing::Any, move |connection| {
        if !sql::has_password(connection, id, &hash)? {
            return Ok(false);
        }
        deletion::destroy_some(connection, id, now, MAX_ROWS_PER_WRITE).map(|_| true)
    })?;
    match begun {
        Some(true) => {}
        Some(false) => return refuse_destroy(cx, viewer, &incorrect_password()),
        None => return Err(Error::sign_in(paths::DELETE_ACCOUNT)),
    }
    // In steps: the user may have written for years, and other writes must not wait for all of it. After a
    // failure between two steps, a new request deletes the rest.
    while cx.write(move |connection| deletion::destroy_some(connection, id, now, MAX_ROWS_PER_WRITE))? {}
    Ok(without_cookies(cx, reply::done(cx, paths::FRONT, Flash::ProfileDeleted)))
}
