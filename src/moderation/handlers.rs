//! The log, and where admins decide.

use super::{Case, Decision, FIELDS, Outcome, Subject, Verb, check, sql, views, wanted};
use crate::draft;
use crate::ui::layout::{self, Page};
use crate::ui::pager::{Cursor, ROWS};
use crate::web::cx::Viewer;
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, Error, Result, paths, reply};

/// That there are such pages is no secret, for the log says what is done there: who cannot use them is
/// told so.
const NO_ADMIN: Error = Error::Forbidden("Only an admin can do this.");

/// `GET /log`: what admins did, for everybody.
///
/// # Errors
/// A cursor that is none; the database's.
pub fn log(cx: &Cx) -> Result {
    let after = Cursor::from_query(cx, "after")?;
    let acts = cx.read(|connection| sql::log(connection, after, ROWS))?;
    let description = "What the admins of Lorem News removed, locked and banned, and why.";
    let page = Page { description, ..Page::new(cx, "Moderation log")? };
    Ok(reply::page(cx, layout::render(&page, views::log(cx, &acts))?))
}

/// Who asks for what only an admin can see.
///
/// # Errors
/// [`Error::SignIn`], [`Error::Forbidden`]; the database's.
pub fn admin<'c>(cx: &'c Cx) -> Result<&'c Viewer> {
    let viewer = cx.writer()?;
    if viewer.is_admin { Ok(viewer) } else { Err(NO_ADMIN) }
}

/// `GET /posts/:id/moderate` and so on: what an admin can do to it.
///
/// # Errors
/// [`Error::SignIn`], [`Error::Forbidden`] for who is no admin, [`Error::NotFound`]; the database's.
pub fn show(cx: &Cx, subject: Subject) -> Result {
    admin(cx)?;
    let case = find(cx, subject)?;
    let written = draft::of(cx, subject.desk())?.unwrap_or_default();
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
    let viewer = draft::member(cx, subject.desk(), &FIELDS)?;
    if !viewer.is_admin {
        return Err(NO_ADMIN);
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
    let (session_id, now, token, why) = (viewer.session_id, cx.now, draft::token(cx), reason.clone());
    let outcome = cx.write(move |connection| {
        let outcome = sql::act(connection, session_id, &Decision { verb, subject, reason: &why, now })?;
        if matches!(outcome, Outcome::Done | Outcome::Already) {
            draft::taken(connection, token.as_ref(), &subject.desk().to_string())?;
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
        Outcome::NoAdmin => Err(draft::sign_in_first(cx, subject.desk(), &FIELDS)),
    }
}
