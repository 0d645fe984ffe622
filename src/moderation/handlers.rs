//! The moderation log, and the pages on which admins decide.

use super::{
    Decision, FIELDS, ModerationAction, Outcome, Subject, SubjectDetail, check_reason, requested_action, sql,
    views,
};
use crate::auth;
use crate::auth::token::Secret;
use crate::draft;
use crate::reset::{self, Maker};
use crate::site::limiter::Action;
use crate::types::cursor::PAGE_SIZE;
use crate::ui::layout::{self, Page};
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::{Cx, Error, Result, paths, reply};

/// `GET /log`: the moderation log, public.
///
/// # Errors
/// [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn log(cx: &Cx) -> Result {
    let after = cx.cursor("after")?;
    let entries = cx.read(|connection| sql::log(connection, after, PAGE_SIZE))?;
    let description = format!("What the admins of {} removed, locked and banned, and why.", cx.site_name());
    let page = Page { description: &description, ..Page::new(cx, "Moderation log")? };
    Ok(reply::page(cx, layout::render(&page, views::log(cx, page.viewer, &entries))?))
}

/// `GET /posts/:id/moderate`, `/comments/:id/moderate` and `/users/:id/moderate`: a form for each allowed
/// action.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Forbidden`] for other
/// users; [`Error::NotFound`]; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx, subject: Subject) -> Result {
    auth::require_admin(cx)?;
    let detail = find(cx, subject)?;
    let draft = draft::handlers::find(cx, subject.moderation_path())?.unwrap_or_default();
    let (action, reason) = requested_action(&draft);
    Ok(reply::page(cx, page(cx, &detail, action, &reason, &cx.unsent_errors())?))
}

fn find(cx: &Cx, subject: Subject) -> Result<SubjectDetail> {
    cx.read(|connection| sql::subject_detail(connection, subject, cx.now))?.ok_or(Error::NotFound)
}

/// The page with the forms. That of `action` has the reason and the errors.
fn page(
    cx: &Cx,
    detail: &SubjectDetail,
    action: Option<ModerationAction>,
    reason: &str,
    errors: &Errors,
) -> Result<String> {
    let (heading, back) = match detail.subject {
        Subject::Post(_) => ("Moderating a post", "← Back to post"),
        Subject::Comment(_) => ("Moderating a comment", "← Back to comment"),
        Subject::User(_) => ("Moderating a user", "← Back to user"),
    };
    let address = detail.subject.address().to_string();
    let aside = (!detail.is_deleted).then_some((&*address, back));
    let page = Page { aside, ..Page::with_form(cx, heading, errors)? };
    let has_base_url = cx.site.config.base_url.is_some();
    let form_state = views::FormState { action, reason, errors, has_base_url };
    Ok(layout::render(&page, views::decide(page.viewer, detail, &form_state))?)
}

/// `POST` to the path of [`show`]: applies the decision in the form. Errors in the form are shown with it.
///
/// # Errors
/// [`Error::SignIn`] for a guest, whose form is kept as a draft, with the errors of
/// [`require_user`](draft::handlers::require_user); [`Error::Forbidden`] for a user who is no admin;
/// [`Error::NotFound`]; [`Error::BadRequest`] for a form without a known action; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn decide(cx: &Cx, subject: Subject) -> Result {
    let viewer = draft::handlers::require_user(cx, subject.moderation_path(), &FIELDS)?;
    if !viewer.is_admin {
        return Err(auth::NOT_AN_ADMIN);
    }
    let (action, reason) = requested_action(cx.form()?);
    let action = action.ok_or(Error::BadRequest("It does not say what is to be done."))?;
    let detail = find(cx, subject)?;
    let refuse =
        |errors: &Errors| Ok(reply::refused(cx, page(cx, &detail, Some(action), &reason, errors)?, errors));
    let base_url = cx.site.config.base_url.as_ref();
    if action == ModerationAction::Reset && base_url.is_none() {
        return refuse(&Errors::one("", reset::NO_BASE_URL));
    }
    let errors = cx.or_refused(check_reason(&reason), Action::ChangeBy(viewer.id));
    if !errors.is_empty() {
        return refuse(&errors);
    }
    let (session_id, admin_id, now, token, why) =
        (viewer.session_id, viewer.id, cx.now, draft::handlers::token(cx), reason.clone());
    let secret = Secret::random();
    let (outcome, link) = cx.write(move |connection| {
        let outcome =
            sql::decide_by_session(connection, session_id, &Decision { action, subject, reason: &why, now })?;
        if matches!(outcome, Outcome::Done | Outcome::Unchanged) {
            draft::handlers::delete_sent(connection, token.as_ref(), &subject.moderation_path().to_string())?;
        }
        let link = match (action, subject, outcome) {
            (ModerationAction::Reset, Subject::User(id), Outcome::Done) => {
                Some(reset::sql::create(connection, id, Maker::Admin(admin_id), &secret, now)?)
            }
            _ => None,
        };
        Ok((outcome, link))
    })?;
    if let Some((base_url, link)) = base_url.zip(link) {
        return link_page(cx, &detail, &reset::link(base_url, &link));
    }
    match outcome {
        Outcome::Done | Outcome::Unchanged if action == ModerationAction::Dismiss => {
            Ok(reply::done(cx, paths::FLAGS, Flash::Moderated))
        }
        // What its author has deleted may have no page.
        Outcome::Done | Outcome::Unchanged if detail.is_deleted => {
            Ok(reply::done(cx, paths::LOG, Flash::Moderated))
        }
        Outcome::Done | Outcome::Unchanged => Ok(reply::done(cx, subject.address(), Flash::Moderated)),
        Outcome::NotFound => Err(Error::NotFound),
        Outcome::TargetIsAdmin if action == ModerationAction::Reset => {
            refuse(&Errors::one("reason", "An admin can't make a link to set an admin's password"))
        }
        Outcome::TargetIsAdmin if action == ModerationAction::Uninvite => {
            refuse(&Errors::one("reason", "An admin's invitations can't be withdrawn"))
        }
        Outcome::TargetIsAdmin => refuse(&Errors::one("reason", "An admin can't be banned")),
        Outcome::NotAdmin => Err(draft::handlers::sign_in_first(cx, subject.moderation_path(), &FIELDS)),
    }
}

/// The page that shows the link with which a user sets a new password. It is the only one that ever does.
fn link_page(cx: &Cx, detail: &SubjectDetail, link: &str) -> Result {
    let address = detail.subject.address().to_string();
    let page =
        Page { aside: Some((&address, "← Back to user")), ..Page::new(cx, "Link to set a new password")? };
    let name = detail.name.as_deref().unwrap_or_default();
    Ok(reply::secret(reply::html(cx, layout::render(&page, reset::views::made(name, link))?)))
}
