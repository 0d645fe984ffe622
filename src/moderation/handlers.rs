//! The log, and where admins decide.

use super::{Case, Decision, FIELDS, Outcome, Subject, Verb, check, sql, views, wanted};
use crate::auth;
use crate::draft;
use crate::types::cursor::PAGE_SIZE;
use crate::ui::layout::{self, Page};
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, Error, Result, paths, reply};

/// `GET /log`: what admins did, for everybody.
///
/// # Errors
/// A cursor that is none; the database's.
pub fn log(cx: &Cx) -> Result {
    let after = cx.cursor("after")?;
    let acts = cx.read(|connection| sql::log(connection, after, PAGE_SIZE))?;
    let description = "What the admins of Lorem News removed, locked and banned, and why.";
    let page = Page { description, ..Page::new(cx, "Moderation log")? };
    Ok(reply::page(cx, layout::render(&page, views::log(cx, &acts))?))
}

/// `GET /posts/:id/moderate` and so on: what an admin can do to it.
///
/// # Errors
/// [`Error::SignIn`], [`Error::Forbidden`] for who is no admin, [`Error::NotFound`]; the database's.
pub fn show(cx: &Cx, subject: Subject) -> Result {
    auth::require_admin(cx)?;
    let case = find(cx, subject)?;
    let written = draft::handlers::find(cx, subject.moderation_path())?.unwrap_or_default();
    let (verb, reason) = wanted(&written);
    Ok(reply::page(cx, page(cx, &case, verb, &reason, &NO_ERRORS)?))
}

fn find(cx: &Cx, subject: Subject) -> Result<Case> {
    cx.read(|connection| sql::case(connection, subject))?.ok_or(Error::NotFound)
}

/// The page with the forms; that of `verb` as far as it is filled.
fn page(cx: &Cx, case: &Case, verb: Option<Verb>, reason: &str, errors: &Errors) -> Result<String> {
    let (heading, back) = match case.subject {
        Subject::Post(_) => ("Moderating a post", "← Back to post"),
        Subject::Comment(_) => ("Moderating a comment", "← Back to comment"),
        Subject::User(_) => ("Moderating a user", "← Back to user"),
    };
    let address = case.subject.address().to_string();
    let aside = (!case.is_empty).then_some((&*address, back));
    let page = Page { aside, ..Page::with_form(cx, heading, errors)? };
    let filled = views::Filled { verb, reason, errors };
    Ok(layout::render(&page, views::case(page.viewer, case, &filled))?)
}

/// `POST /posts/:id/moderate` and so on: does what the form says. What is so already changes nothing.
///
/// # Errors
/// [`Error::SignIn`], [`Error::Forbidden`] for who is no admin, [`Error::NotFound`],
/// [`Error::BadRequest`] for an act that there is none; the database's. What can be mended is told in
/// the form.
pub fn act(cx: &Cx, subject: Subject) -> Result {
    let viewer = draft::handlers::require_user(cx, subject.moderation_path(), &FIELDS)?;
    if !viewer.is_admin {
        return Err(auth::NOT_AN_ADMIN);
    }
    let (verb, reason) = wanted(cx.form()?);
    let verb = verb.ok_or(Error::BadRequest("It does not say what is to be done."))?;
    let case = find(cx, subject)?;
    let refuse =
        |errors: &Errors| Ok(reply::refused(cx, page(cx, &case, Some(verb), &reason, errors)?, errors));
    let errors = check(&reason);
    if !errors.is_empty() {
        return refuse(&errors);
    }
    let (session_id, now, token, why) =
        (viewer.session_id, cx.now, draft::handlers::token(cx), reason.clone());
    let outcome = cx.write(move |connection| {
        let outcome = sql::act(connection, session_id, &Decision { verb, subject, reason: &why, now })?;
        if matches!(outcome, Outcome::Done | Outcome::Already) {
            draft::handlers::delete_sent(connection, token.as_ref(), &subject.moderation_path().to_string())?;
        }
        Ok(outcome)
    })?;
    match outcome {
        Outcome::Done | Outcome::Already if verb == Verb::Dismiss => {
            Ok(reply::done(cx, paths::FLAGS, Flash::Moderated))
        }
        Outcome::Done | Outcome::Already => Ok(reply::done(cx, subject.address(), Flash::Moderated)),
        Outcome::Gone => Err(Error::NotFound),
        Outcome::Protected => refuse(&Errors::one("reason", "An admin can't be banned")),
        Outcome::NoAdmin => Err(draft::handlers::sign_in_first(cx, subject.moderation_path(), &FIELDS)),
    }
}
