//! Comments: made, changed and removed, on their post's page or, without a script, by way of it.

use std::iter;

use horrorshow::Template;
use rusqlite::Connection;

use super::sql::Fate;
use super::tree::Place;
use super::views::{self, CommentForm, Scene};
use super::{Comment, NewComment, Placed, check, parent_gone, replies, sql};
use crate::session::Token;
use crate::ui::layout::{self, Page};
use crate::ui::pager::{Cursor, START};
use crate::user;
use crate::web::cx::Viewer;
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::rate::Act;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};
use crate::{draft, moderation, post, session, visit};

/// What is typed, and what it replies to.
pub(super) const FIELDS: [&str; 2] = ["body", "parent_id"];
const NOT_YOURS: Error = Error::Forbidden("Only who wrote a comment can change it.");

/// What has become of a comment that was sent.
enum Sent {
    /// It is there, perhaps since it was sent before; how many comments its post has now, and how
    /// many replies what it replies to.
    Made { id: i64, count: i64, replies: i64 },
    /// The post is gone, or only kept for the comments that it has.
    NoPost,
    /// An admin has locked the post while the form was looked at.
    Locked,
    /// What it replies to is gone, or was never on this post.
    NoParent,
    /// The session, perhaps with the whole account, ended while the form was looked at.
    SignedOut,
}

/// `GET /posts/:id/comments`: where they are. A page that refused a comment has this address, and from
/// there its link to more of them leads here.
///
/// # Errors
/// A cursor that is none.
pub fn list(cx: &Cx, post_id: i64) -> Result {
    let after = Cursor::from_query(cx, "comments")?;
    if after == START {
        return Ok(reply::see_other(cx, paths::comments(post_id)));
    }
    Ok(reply::see_other(cx, paths::comments_from(post_id, after)))
}

/// `POST /posts/:id/comments`: a comment, or by the field `parent_id` a reply to one.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`]; the database's. What can be mended is told in the form.
pub fn create(cx: &Cx, post_id: i64) -> Result {
    let parent_id = replies::parent_of(cx);
    let return_to = parent_id.map_or(paths::comment_form(post_id), paths::reply);
    let viewer = draft::member(cx, return_to, &FIELDS)?;
    moderation::refuse_locked(cx, post_id)?;
    if !cx.read(|connection| post::sql::takes_comments(connection, post_id))? {
        return Err(Error::NotFound);
    }
    let body = cx.form()?.text("body");
    let errors = check(&body).or_too_fast(&cx.app.rates, Act::WriteBy(viewer.id));
    if !errors.is_empty() {
        return refuse(cx, post_id, parent_id, &body, &errors);
    }
    let (user_id, session_id, created_at) = (viewer.id, viewer.session_id, cx.now);
    let (token, text) = (draft::token(cx), body.clone());
    let sent = cx.write(move |connection| {
        if !session::sql::exists(connection, session_id)? {
            return Ok(Sent::SignedOut);
        }
        if moderation::sql::locked(connection, post_id)?.is_some() {
            return Ok(Sent::Locked);
        }
        let comment = NewComment { post_id, parent_id, user_id, body: &text, created_at };
        send(connection, &comment, token.as_ref())
    })?;
    let (id, count, replies) = match sent {
        Sent::Made { id, count, replies } => (id, count, replies),
        Sent::NoPost => return Err(Error::NotFound),
        Sent::Locked => return Err(moderation::is_locked(cx, post_id)),
        Sent::NoParent => return refuse(cx, post_id, parent_id, &body, &parent_gone()),
        Sent::SignedOut => return Err(draft::sign_in_first(cx, return_to, &FIELDS)),
    };
    if !reply::wants_changes(cx) {
        let address = address(cx, post_id, id)?;
        return Ok(reply::done(cx, address, Flash::CommentCreated));
    }
    // It may have been there before, and have points since.
    let (placed, poster_id) = cx.read(|connection| {
        Ok((sql::find(connection, user_id, id)?, post::sql::author(connection, post_id)?))
    })?;
    let comment = placed.ok_or(Error::NotFound)?.comment;
    let scene = Scene {
        viewer: Some(viewer),
        now: cx.now,
        poster_id,
        new_since: None,
        new_comments: 0,
        is_open: true,
    };
    let mut changes = match parent_id {
        Some(parent_id) => replies::shown(parent_id, replies, &comment, scene)?,
        None => vec![
            Change::replace("#comment_form", views::form(post_id, &CommentForm::of("")).into_string()?),
            // Should it have been sent twice, it is there already.
            Change::remove(format_args!("#comment_{id}")),
            Change::append("#comment_list", views::one(&comment, scene).into_string()?),
        ],
    };
    changes.push(Change::fill(".comments_count", views::count(count).into_string()?));
    changes.push(Change::notice(Flash::CommentCreated));
    Ok(reply::changes(cx, &changes))
}

fn send(connection: &Connection, comment: &NewComment, token: Option<&Token>) -> rusqlite::Result<Sent> {
    let NewComment { post_id, parent_id, .. } = *comment;
    if !post::sql::takes_comments(connection, post_id)? {
        return Ok(Sent::NoPost);
    }
    let twin = sql::twin(connection, comment)?;
    if let Some(parent_id) = parent_id
        && twin.is_none()
        && !sql::is_on(connection, parent_id, post_id)?
    {
        return Ok(Sent::NoParent);
    }
    let id = twin.map_or_else(|| sql::create(connection, comment), Ok)?;
    draft::taken(connection, token, &paths::new_comment(post_id).to_string())?;
    let count = sql::count_of(connection, post_id)?.unwrap_or_default();
    let replies = parent_id.map_or(Ok(0), |parent_id| sql::replies(connection, parent_id))?;
    Ok(Sent::Made { id, count, replies })
}

/// Shows the form again: in its place, on the page of the reply, or, when what it replies to is gone,
/// on that of the post, where the words can still be said.
fn refuse(cx: &Cx, post_id: i64, parent_id: Option<i64>, body: &str, errors: &Errors) -> Result {
    let form = CommentForm { body, errors, in_place: true };
    if reply::wants_changes(cx) {
        let change = match parent_id {
            Some(parent_id) => Change::replace(
                format_args!("#reply_{parent_id}_form"),
                views::reply_in_place(post_id, parent_id, &form).into_string()?,
            ),
            None => Change::replace("#comment_form", views::form(post_id, &form).into_string()?),
        };
        return Ok(reply::refused_changes(cx, &[change], errors));
    }
    let reply_page = parent_id.map(|parent_id| replies::page(cx, parent_id, Some(post_id), &form));
    let html = match reply_page.transpose()?.flatten() {
        Some(html) => html,
        None => post::handlers::page(cx, post_id, START, &form)?.ok_or(Error::NotFound)?,
    };
    Ok(reply::refused(cx, html, errors))
}

/// A comment of the viewer's.
fn own(cx: &Cx, viewer: &Viewer, id: i64) -> Result<Placed> {
    let placed = alive(cx, viewer.id, id)?;
    if user::is_own(placed.comment.author.as_ref(), Some(viewer)) { Ok(placed) } else { Err(NOT_YOURS) }
}

/// A comment that was not deleted.
pub(super) fn alive(cx: &Cx, viewer_id: i64, id: i64) -> Result<Placed> {
    let placed = cx.read(|connection| sql::find(connection, viewer_id, id))?;
    placed.filter(|placed| !placed.is_deleted).ok_or(Error::NotFound)
}

/// The address of a comment's place: on the page of its post, or of what it replies to.
fn address(cx: &Cx, post_id: i64, id: i64) -> Result<String> {
    let place = cx.read(|connection| sql::place(connection, post_id, id))?;
    Ok(address_of(place, post_id, id))
}

fn address_of(place: Place, post_id: i64, id: i64) -> String {
    let after = Some(place.after).filter(|after| *after != START);
    match place.root {
        None => paths::comment_on(post_id, after, id),
        Some(root) => paths::reply_on(root, after, id),
    }
}

/// `GET /comments/:id`: a comment with the replies to it. For htmx only what it says, as it is on every
/// page that shows it.
///
/// # Errors
/// [`Error::NotFound`]; a cursor that is none; the database's.
pub fn show(cx: &Cx, id: i64) -> Result {
    let viewer_id = cx.viewer_id()?;
    if reply::wants_changes(cx) {
        let placed = alive(cx, viewer_id, id)?;
        return Ok(reply::changes(cx, &[said(cx, &placed)?]));
    }
    let after = Cursor::from_query(cx, "replies")?;
    let found = cx.read(|connection| {
        let Some(Placed { comment, post_id, .. }) = sql::find(connection, viewer_id, id)? else {
            return Ok(None);
        };
        let Some(whole) = post::sql::find(connection, viewer_id, post_id)? else {
            return Ok(None);
        };
        let discussion = sql::discussion(connection, viewer_id, &whole.post, Some(&comment))?;
        let place = discussion.tree.place(id);
        Ok(Some((whole, comment, place, discussion.page(connection, Some(id), after)?)))
    })?;
    let (whole, comment, place, thread) = found.ok_or(Error::NotFound)?;
    visit::note(cx, &whole, visit::Page::Other)?;
    let (heading, back) =
        (format!("Comment on {}", whole.post.title), paths::post(whole.post.id).to_string());
    let page = Page { aside: Some((&back, "← Back to post")), ..Page::new(cx, &heading)? };
    let context = address_of(place, whole.post.id, id);
    let scene = Scene::of(cx, page.viewer, &whole);
    Ok(reply::page(cx, layout::render(&page, views::show(&whole, &comment, &context, &thread, scene))?))
}

/// What a comment says now, in the place of what it said.
fn said(cx: &Cx, placed: &Placed) -> Result<Change> {
    let Placed { comment, post_id, .. } = placed;
    let (poster_id, is_open) = cx.read(|connection| {
        Ok((post::sql::author(connection, *post_id)?, post::sql::takes_comments(connection, *post_id)?))
    })?;
    let scene =
        Scene { viewer: cx.viewer()?, now: cx.now, poster_id, new_since: None, new_comments: 0, is_open };
    Ok(Change::replace(format_args!("#said_{}", comment.id), views::said(comment, scene).into_string()?))
}

/// `GET /comments/:id/edit`: the form, for htmx in the comment's place.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`], [`Error::Forbidden`] for who is not its author; the database's.
pub fn edit(cx: &Cx, id: i64) -> Result {
    moderation::refuse_banned(cx)?;
    // With htmx they come back to the page that they are on, not to one with only the form.
    let viewer = if reply::wants_changes(cx) { cx.member_or(paths::comment(id))? } else { cx.member()? };
    let placed = own(cx, viewer, id)?;
    let draft = draft::of(cx, paths::comment(id))?;
    let body = draft.map_or_else(|| placed.comment.body.clone(), |draft| draft.text("body"));
    let form = CommentForm::of(&body);
    if reply::wants_changes(cx) {
        let edited = views::edited(id, &form).into_string()?;
        return Ok(reply::changes(cx, &[Change::replace(format_args!("#said_{id}"), edited)]));
    }
    Ok(reply::page(cx, edit_page(cx, &placed, &form)?))
}

fn edit_page(cx: &Cx, placed: &Placed, form: &CommentForm) -> Result<String> {
    let back = paths::comment(placed.comment.id).to_string();
    let page = Page {
        aside: Some((&back, "← Back to post")),
        ..Page::with_form(cx, "Editing comment", form.errors)?
    };
    Ok(layout::render(&page, views::edit(placed.comment.id, form))?)
}

/// `PATCH /comments/:id`.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`], [`Error::Forbidden`] for who is not its author; the
/// database's. What can be mended is told in the form.
pub fn update(cx: &Cx, id: i64) -> Result {
    let viewer = draft::member(cx, paths::edit_comment(id), &FIELDS)?;
    let mut placed = own(cx, viewer, id)?;
    let form = cx.form()?;
    let body = form.get("body").map_or_else(|| placed.comment.body.clone(), |_| form.text("body"));
    let errors = check(&body).or_too_fast(&cx.app.rates, Act::WriteBy(viewer.id));
    if !errors.is_empty() {
        return refuse_change(cx, &placed, &body, &errors);
    }
    placed.comment.body = body.clone();
    let (user_id, now, token) = (viewer.id, cx.now, draft::token(cx));
    let updated = cx.write(move |connection| {
        if sql::author(connection, id)? != Some(user_id) {
            return Ok(false);
        }
        sql::update(connection, id, &body, now)?;
        draft::taken(connection, token.as_ref(), &paths::comment(id).to_string())?;
        Ok(true)
    })?;
    if !updated {
        return Err(Error::NotFound);
    }
    if !reply::wants_changes(cx) {
        let address = address(cx, placed.post_id, id)?;
        return Ok(reply::done(cx, address, Flash::CommentUpdated));
    }
    Ok(reply::changes(cx, &[said(cx, &placed)?, Change::notice(Flash::CommentUpdated)]))
}

fn refuse_change(cx: &Cx, placed: &Placed, body: &str, errors: &Errors) -> Result {
    let (id, form) = (placed.comment.id, CommentForm { body, errors, in_place: true });
    if reply::wants_changes(cx) {
        let edited = views::edited(id, &form).into_string()?;
        let changes = [Change::replace(format_args!("#said_{id}"), edited)];
        return Ok(reply::refused_changes(cx, &changes, errors));
    }
    Ok(reply::refused(cx, edit_page(cx, placed, &form)?, errors))
}

/// `DELETE /comments/:id`. One to which others replied stays as `[deleted]`.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`], [`Error::Forbidden`] for who is not its author; the database's.
pub fn destroy(cx: &Cx, id: i64) -> Result {
    let viewer = cx.member_or(paths::comment(id))?;
    let placed = own(cx, viewer, id)?;
    let (user_id, post_id, now) = (viewer.id, placed.post_id, cx.now);
    let destroyed = cx.write(move |connection| {
        if sql::author(connection, id)? != Some(user_id) {
            return Ok(None);
        }
        let Some(fate) = sql::destroy(connection, id, now)? else {
            return Ok(None);
        };
        let left = match fate {
            Fate::Removed { parent_id: Some(parent_id), .. } => sql::replies(connection, parent_id)?,
            _ => 0,
        };
        Ok(Some((fate, left, sql::count_of(connection, post_id)?)))
    })?;
    let (fate, left, count) = destroyed.ok_or(Error::NotFound)?;
    let Some(count) = count else {
        // It was the last on a post that was only kept for it.
        return Ok(reply::done(cx, paths::POSTS, Flash::CommentDestroyed));
    };
    if !reply::wants_changes(cx) {
        return Ok(reply::done(cx, paths::post(post_id), Flash::CommentDestroyed));
    }
    let remove = |id: i64| Change::remove(format_args!("#comment_{id}"));
    let mut changes = Vec::new();
    match fate {
        Fate::Removed { pruned, parent_id } => {
            changes.extend(iter::once(id).chain(pruned).map(remove));
            changes.extend(parent_id.map(|parent_id| replies::left(parent_id, left)).transpose()?);
        }
        Fate::Emptied => {
            let comment = Comment { body: String::new(), author: None, ..placed.comment };
            changes.push(said(cx, &Placed { comment, is_deleted: true, post_id })?);
        }
    }
    changes.push(Change::fill(".comments_count", views::count(count).into_string()?));
    changes.push(Change::notice(Flash::CommentDestroyed));
    Ok(reply::changes(cx, &changes))
}
