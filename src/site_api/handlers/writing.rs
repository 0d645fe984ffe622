//! Handlers of the API that change something. Each is made a form of the site, and the handler of the page answers it.

use rouille::Response;

use super::super::sql::Made;
use super::super::{CommentChange, NewComment, NewFlag, NewPost, PostChange};
use super::answer::{self, Answer, done, json, respond};
use super::request::{body, once, writer};
use super::values;
use crate::comment::{self, ReplyTarget};
use crate::flag;
use crate::post;
use crate::saved::{self, SaveAction};
use crate::types::id::{CommentId, PostId};
use crate::vote::{self, Target, Vote};
use crate::web::form::Form;
use crate::web::{Cx, Error, Result, Viewer, paths};

/// The outcome of a change: where its handler leads, or the response of a refusal.
type Changed = std::result::Result<String, Response>;

/// Runs the handler of a page with a form, as the viewer; where it leads after the change.
///
/// # Errors
/// Those of the handler.
fn run(cx: &Cx, viewer: &Viewer, form: Form, handler: impl FnOnce(&Cx) -> Result) -> Result<Changed> {
    let answer = cx.with_form(Some(viewer.clone()), form, handler)?;
    if let Some(errors) = cx.api.take_refused() {
        return Ok(Err(answer::refused(cx, &errors)));
    }
    let location = answer.headers.into_iter().find(|(name, _)| name == "Location");
    match location {
        Some((_, location)) if answer.status_code == 303 => Ok(Ok(location.into_owned())),
        // No handler answers a change with a page that has no errors.
        _ => Err(Error::Internal("a change was answered with a page".into())),
    }
}

/// Runs the handler of a page that has nothing to show: 204.
fn quietly(cx: &Cx, form: Form, handler: impl FnOnce(&Cx) -> Result) -> Result {
    let (viewer, _) = writer(cx)?;
    Ok(match run(cx, viewer, form, handler)? {
        Ok(_) => respond(cx, done()),
        Err(refused) => refused,
    })
}

/// The fields of a form that are there.
fn form(fields: &[(&'static str, Option<&String>)]) -> Form {
    let there = fields.iter().filter_map(|(name, value)| Some((*name, (*value)?.clone())));
    Form::of(&there.collect::<Vec<_>>())
}

/// `POST /api/site/posts`: a new post, 201; or where another user has posted the link lately, a vote for that post, 200.
///
/// # Errors
/// Those of `writer`, `body`, `once` and [`post::handlers::create`].
pub fn create_post(cx: &Cx) -> Result {
    let (viewer, grant) = writer(cx)?;
    let body = match body::<NewPost>(cx)? {
        Ok(body) => body,
        Err(refused) => return Ok(refused),
    };
    let make = |new: &NewPost| {
        let fields = [
            ("title", Some(&new.title)),
            ("url", new.url.as_ref()),
            ("description", new.text.as_ref()),
            ("tags", new.tags.as_ref()),
        ];
        let location = match run(cx, viewer, form(&fields), post::handlers::create)? {
            Ok(location) => location,
            Err(refused) => return Ok(Err(refused)),
        };
        let (id, rest) = paths::post_at(&location).ok_or_else(|| Error::Internal(location.clone().into()))?;
        let status = if rest.is_empty() { 201 } else { 200 };
        Ok(Ok(Made { status, target: Target::Post(id) }))
    };
    once(cx, grant, &body, make, |made| shown(cx, viewer, made))
}

fn shown(cx: &Cx, viewer: &Viewer, made: Made) -> Result<Answer> {
    match made.target {
        Target::Post(id) => shown_post(cx, viewer, id, made.status),
        Target::Comment(id) => shown_comment(cx, viewer, id, made.status),
    }
}

fn shown_post(cx: &Cx, viewer: &Viewer, id: PostId, status: u16) -> Result<Answer> {
    let detail = cx.read(|connection| post::sql::find(connection, Some(viewer.id), id))?;
    let location = (status == 201).then(|| paths::api_post(id).to_string());
    json(status, location, &values::post(detail.ok_or(Error::NotFound)?))
}

/// `PATCH /api/site/posts/:id`: changes a post of the user.
///
/// # Errors
/// Those of `writer`, `body` and [`post::handlers::update`].
pub fn update_post(cx: &Cx, id: PostId) -> Result {
    let (viewer, _) = writer(cx)?;
    let change = match body::<PostChange>(cx)? {
        Ok(body) => body.value,
        Err(refused) => return Ok(refused),
    };
    let fields = [
        ("title", change.title.as_ref()),
        ("url", change.url.as_ref()),
        ("description", change.text.as_ref()),
        ("tags", change.tags.as_ref()),
    ];
    Ok(match run(cx, viewer, form(&fields), |cx| post::handlers::update(cx, id))? {
        Ok(_) => respond(cx, shown_post(cx, viewer, id, 200)?),
        Err(refused) => refused,
    })
}

/// `DELETE /api/site/posts/:id`: deletes a post of the user, who can undo it on its page for a while.
///
/// # Errors
/// Those of `writer` and [`post::handlers::destruction::destroy`].
pub fn delete_post(cx: &Cx, id: PostId) -> Result {
    quietly(cx, Form::default(), |cx| post::handlers::destruction::destroy(cx, id))
}

/// `POST /api/site/comments`: a comment on a post, or a reply to a comment; 201. A comment that was sent before is that one.
///
/// # Errors
/// Those of `writer`, `body`, `once` and [`comment::handlers::create`].
pub fn create_comment(cx: &Cx) -> Result {
    let (viewer, grant) = writer(cx)?;
    let body = match body::<NewComment>(cx)? {
        Ok(body) => body,
        Err(refused) => return Ok(refused),
    };
    let make = |new: &NewComment| {
        let to = match (new.post_id, new.parent_id) {
            (Some(id), None) => ReplyTarget::Post(PostId::new(id)),
            (None, Some(id)) => ReplyTarget::Comment(CommentId::new(id)),
            _ => {
                let detail = "A comment names either post_id or parent_id.".to_owned();
                return Ok(Err(answer::problem(cx, 422, "That can't be taken.", detail)));
            }
        };
        let fields = form(&[("body", Some(&new.text))]);
        let location = match run(cx, viewer, fields, |cx| comment::handlers::create(cx, to))? {
            Ok(location) => location,
            Err(refused) => return Ok(Err(refused)),
        };
        let id = paths::comment_at(&location).ok_or_else(|| Error::Internal(location.clone().into()))?;
        Ok(Ok(Made { status: 201, target: Target::Comment(id) }))
    };
    once(cx, grant, &body, make, |made| shown(cx, viewer, made))
}

fn shown_comment(cx: &Cx, viewer: &Viewer, id: CommentId, status: u16) -> Result<Answer> {
    let found = cx.read(|connection| {
        let located = comment::sql::find(connection, Some(viewer.id), id)?;
        Ok((located, comment::sql::reply_count(connection, id)?))
    })?;
    let (located, replies_count) = (found.0.ok_or(Error::NotFound)?, found.1);
    let location = (status == 201).then(|| paths::api_comment(id).to_string());
    json(status, location, &values::comment(located.post_id, located.comment, replies_count))
}

/// `PATCH /api/site/comments/:id`: changes a comment of the user.
///
/// # Errors
/// Those of `writer`, `body` and [`comment::handlers::update`].
pub fn update_comment(cx: &Cx, id: CommentId) -> Result {
    let (viewer, _) = writer(cx)?;
    let change = match body::<CommentChange>(cx)? {
        Ok(body) => body.value,
        Err(refused) => return Ok(refused),
    };
    let fields = form(&[("body", Some(&change.text))]);
    Ok(match run(cx, viewer, fields, |cx| comment::handlers::update(cx, id))? {
        Ok(_) => respond(cx, shown_comment(cx, viewer, id, 200)?),
        Err(refused) => refused,
    })
}

/// `DELETE /api/site/comments/:id`: deletes a comment of the user, who can undo it on its page for a while.
///
/// # Errors
/// Those of `writer` and [`comment::handlers::destruction::destroy`].
pub fn delete_comment(cx: &Cx, id: CommentId) -> Result {
    quietly(cx, Form::default(), |cx| comment::handlers::destruction::destroy(cx, id))
}

/// `PUT` and `DELETE /api/site/posts/:id/vote`, and their like for comments. Repeating it changes nothing.
///
/// # Errors
/// Those of `writer` and [`vote::handlers::change`].
pub fn vote(cx: &Cx, target: Target, vote: Vote) -> Result {
    quietly(cx, Form::default(), |cx| vote::handlers::change(cx, target, vote))
}

/// `PUT` and `DELETE /api/site/posts/:id/save`, and their like for comments. Repeating it changes nothing.
///
/// # Errors
/// Those of `writer` and [`saved::handlers::change`].
pub fn save(cx: &Cx, target: Target, action: SaveAction) -> Result {
    quietly(cx, Form::default(), |cx| saved::handlers::change(cx, target, action))
}

/// `PUT /api/site/posts/:id/flag`, and its like for comments. A second flag has the reason of the last.
///
/// # Errors
/// Those of `writer`, `body` and [`flag::handlers::create`].
pub fn flag(cx: &Cx, target: Target) -> Result {
    let (viewer, _) = writer(cx)?;
    let flag = match body::<NewFlag>(cx)? {
        Ok(body) => body.value,
        Err(refused) => return Ok(refused),
    };
    let fields = form(&[("words", Some(&flag.reason))]);
    Ok(match run(cx, viewer, fields, |cx| flag::handlers::create(cx, target))? {
        Ok(_) => respond(cx, done()),
        Err(refused) => refused,
    })
}

/// `DELETE /api/site/posts/:id/flag`, and its like for comments.
///
/// # Errors
/// Those of `writer` and [`flag::handlers::withdraw`].
pub fn unflag(cx: &Cx, target: Target) -> Result {
    quietly(cx, Form::default(), |cx| flag::handlers::withdraw(cx, target))
}
