//! Requests to list, make and revoke tokens.

use super::{CreateOutcome, MAX_OF_USER, Wish, sql, views};
use crate::auth::token::Secret;
use crate::auth::{self, Standing};
use crate::site::limiter::Action;
use crate::types::id::ApiTokenId;
use crate::ui::layout::{self, Page};
use crate::user;
use crate::user::handlers::{Verified, verified_hash};
use crate::user::wrong_password;
use crate::web::account::Account;
use crate::web::flash::Flash;
use crate::web::form::{Errors, Form, NO_ERRORS};
use crate::web::{Cx, Error, Result, Viewer, paths, reply};

/// `GET /user/tokens`: the viewer's tokens, and the form for another one.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx) -> Result {
    let viewer = auth::require_user(cx)?;
    Ok(reply::page(cx, page(cx, viewer, None, &Wish::from_form(&Form::default()), &NO_ERRORS)?))
}

fn page(cx: &Cx, viewer: &Viewer, made: Option<&str>, wish: &Wish, errors: &Errors) -> Result<String> {
    let tokens = cx.read(|connection| sql::of_user(connection, viewer.id))?;
    let back = paths::user(viewer.id).to_string();
    let page =
        Page { aside: Some((&back, "← Back to profile")), ..Page::with_form(cx, "API tokens", errors)? };
    let content = views::Content { tokens: &tokens, made, wish, errors };
    Ok(layout::render(&page, views::page(Account::of(Some(viewer)), content))?)
}

/// `POST /user/tokens`: makes a token, and shows it once. The form shows errors that the user can correct, and a rate limit.
/// A second token with one name is refused, so that a form that is sent twice makes one.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::UnsupportedMediaType`] or
/// [`Error::BadRequest`] for a body that is not a form; those of [`verified_hash`]; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn create(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::API_TOKENS)?;
    let wish = Wish::from_form(cx.form()?);
    let refuse = |errors: &Errors| Ok(reply::refused(cx, page(cx, viewer, None, &wish, errors)?, errors));
    let errors = cx.or_refused(wish.check(), Action::ChangeBy(viewer.id));
    if !errors.is_empty() {
        return refuse(&errors);
    }
    // A token outlasts the session: a stranger at an unlocked browser must not make one.
    let hash = match verified_hash(cx, viewer, cx.form()?.get("current_password"))? {
        Verified::Right(hash) => hash,
        Verified::Wrong => return refuse(&wrong_password()),
        Verified::TooFast(wait) => return refuse(&Errors::rate_limited(wait)),
    };
    let (user_id, now, secret, wished) = (viewer.id, cx.now, Secret::random(), wish.clone());
    let kept = secret.clone();
    let created = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        // Another request may have changed the password since it was verified.
        if !user::sql::has_password(connection, user_id, &hash)? {
            return Ok(None);
        }
        sql::create(connection, user_id, &wished, &kept, now).map(Some)
    })?;
    let created = match created {
        Some(None) => return refuse(&wrong_password()),
        created => created.flatten(),
    };
    match created {
        None => Err(Error::sign_in(paths::API_TOKENS)),
        Some(CreateOutcome::NameTaken) => {
            refuse(&Errors::one("name", "You have a token with that name: revoke it, or choose another name"))
        }
        Some(CreateOutcome::TooMany) => {
            let mut errors = Errors::default();
            errors.add("", format!("You have {MAX_OF_USER} tokens, which is the most. Revoke one first"));
            refuse(&errors)
        }
        Some(CreateOutcome::Created(id)) => {
            let token = secret.of(id.get()).to_string();
            let empty = Wish::from_form(&Form::default());
            Ok(reply::uncacheable_html(cx, page(cx, viewer, Some(&token), &empty, &NO_ERRORS)?))
        }
    }
}

/// `DELETE /user/tokens/:id`: revokes a token of the viewer.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`], also for another user's token; [`Error::RateLimited`];
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn revoke(cx: &Cx, id: ApiTokenId) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::API_TOKENS)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let user_id = viewer.id;
    match auth::write_as(cx, viewer, Standing::Any, move |connection| sql::revoke(connection, id, user_id))? {
        None => Err(Error::sign_in(paths::API_TOKENS)),
        Some(false) => Err(Error::NotFound),
        Some(true) => Ok(reply::done(cx, paths::API_TOKENS, Flash::TokenRevoked)),
    }
}
