//! Comments: made, changed and removed, on their post's page or, without a script, by way of it.

use std::iter;

use horrorshow::Template;
use rusqlite::Connection;

use super::views::{self, CommentForm};
use super::{Comment, NewComment, ON_A_PAGE, Placed, check, sql};
use crate::session::Token;
use crate::ui::layout::{self, Page};
use crate::ui::pager::{Cursor, START};
use crate::ui::time::Micros;
use crate::user::{self, Author};
use crate::web::cx::Viewer;
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::rate::Act;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};
use crate::{draft, moderation, post, session};

/// The only field.
const FIELDS: [&str; 1] = ["body"];
const NOT_YOURS: Error = Error::Forbidden("Only who wrote a comment can change it.");

/// What has become of a comment that was sent.
enum Sent {
    /// It is there, perhaps since it was sent before; how many comments its post has now.
    Made { id: i64, created_at: Micros, count: i64 },
    /// The post is gone, or only kept for the comments that it has.
    NoPost,
    /// An admin has locked the post while the form was looked at.
    Locked,
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

/// `POST /posts/:id/comments`.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`]; the database's. What can be mended is told in the form.
pub fn create(cx: &Cx, post_id: i64) -> Result {
    let viewer = draft::member(cx, paths::comment_form(post_id), &FIELDS)?;
    cx.read(|connection| post::sql::author(connection, post_id))?.ok_or(Error::NotFound)?;
    moderation::refuse_locked(cx, post_id)?;
    let body = cx.form()?.text("body");
    let errors = check(&body).or_too_fast(&cx.app.rates, Act::WriteBy(viewer.id));
    if !errors.is_empty() {
        return refuse(cx, post_id, &body, &errors);
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
        let comment = NewComment { post_id, user_id, body: &text, created_at };
        send(connection, &comment, token.as_ref())
    })?;
    let (id, created_at, count) = match sent {
        Sent::Made { id, created_at, count } => (id, created_at, count),
        Sent::NoPost => return Err(Error::NotFound),
        Sent::Locked => return Err(moderation::is_locked(cx, post_id)),
        Sent::SignedOut => return Err(draft::sign_in_first(cx, paths::comment_form(post_id), &FIELDS)),
    };
    if !reply::wants_changes(cx) {
        return Ok(reply::done(cx, paths::comment_on(post_id, None, id), Flash::CommentCreated));
    }
    let author = Some(Author { id: user_id, screen_name: viewer.screen_name.clone() });
    let comment = Comment { id, body, created_at, author, score: 1, is_voted: false };
    let changes = [
        Change::replace("#comment_form", views::form(post_id, &CommentForm::of("")).into_string()?),
        // Should it have been sent twice, it is there already.
        Change::remove(format_args!("#comment_{id}")),
        Change::prepend("#comment_list", views::one(&comment, Some(viewer), cx.now).into_string()?),
        Change::fill(".comments_count", views::count(count).into_string()?),
        Change::notice(Flash::CommentCreated),
    ];
    Ok(reply::changes(cx, &changes))
}

fn send(connection: &Connection, comment: &NewComment, token: Option<&Token>) -> rusqlite::Result<Sent> {
    if post::sql::author(connection, comment.post_id)?.is_none() {
        return Ok(Sent::NoPost);
    }
    let (id, created_at) = match sql::twin(connection, comment)? {
        Some(twin) => twin,
        None => (sql::create(connection, comment)?, comment.created_at),
    };
    draft::taken(connection, token, &paths::new_comment(comment.post_id).to_string())?;
    let count = sql::count_of(connection, comment.post_id)?.unwrap_or_default();
    Ok(Sent::Made { id, created_at, count })
}

fn refuse(cx: &Cx, post_id: i64, body: &str, errors: &Errors) -> Result {
    let form = CommentForm { body, errors, in_place: true };
    if reply::wants_changes(cx) {
        let changes = [Change::replace("#comment_form", views::form(post_id, &form).into_string()?)];
        return Ok(reply::refused_changes(cx, &changes, errors));
    }
    let html = post::handlers::page(cx, post_id, START, &form)?.ok_or(Error::NotFound)?;
    Ok(reply::refused(cx, html, errors))
}

/// A comment of the viewer's.
fn own(cx: &Cx, viewer: &Viewer, id: i64) -> Result<Placed> {
    let placed = cx.read(|connection| sql::find(connection, viewer.id, id))?.ok_or(Error::NotFound)?;
    if user::is_own(placed.comment.author.as_ref(), Some(viewer)) { Ok(placed) } else { Err(NOT_YOURS) }
}

/// The address of a comment's place on the pages of its post.
fn address(placed: &Placed) -> String {
    let Placed { comment, post_id, before } = placed;
    // The page that begins with it.
    let place = Cursor { key: comment.created_at, id: comment.id + 1 };
    paths::comment_on(*post_id, (*before >= ON_A_PAGE).then_some(place), comment.id)
}

/// `GET /comments/:id`: to its place on its post's page. For htmx the comment, as it is there.
///
/// # Errors
/// [`Error::NotFound`]; the database's.
pub fn show(cx: &Cx, id: i64) -> Result {
    let viewer_id = cx.viewer_id()?;
    let Some(placed) = cx.read(|connection| sql::find(connection, viewer_id, id))? else {
        return moderation::handlers::removed_comment(cx, id);
    };
    if !reply::wants_changes(cx) {
        return Ok(reply::see_other(cx, address(&placed)));
    }
    let comment = views::one(&placed.comment, cx.viewer()?, cx.now).into_string()?;
    Ok(reply::changes(cx, &[Change::replace(format_args!("#comment_{id}"), comment)]))
}

/// `GET /comments/:id/edit`: the form, for htmx in the comment's place.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`], [`Error::Forbidden`] for who is not its author; the database's.
pub fn edit(cx: &Cx, id: i64) -> Result {
    // With htmx they come back to the page that they are on, not to one with only the form.
    moderation::refuse_banned(cx)?;
    let viewer = if reply::wants_changes(cx) { cx.member_or(paths::comment(id))? } else { cx.member()? };
    let placed = own(cx, viewer, id)?;
    let draft = draft::of(cx, paths::comment(id))?;
    let body = draft.map_or_else(|| placed.comment.body.clone(), |draft| draft.text("body"));
    let form = CommentForm::of(&body);
    if reply::wants_changes(cx) {
        let edited = views::edited(id, &form).into_string()?;
        return Ok(reply::changes(cx, &[Change::replace(format_args!("#comment_{id}"), edited)]));
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
        return Ok(reply::done(cx, address(&placed), Flash::CommentUpdated));
    }
    let comment = views::one(&placed.comment, Some(viewer), cx.now).into_string()?;
    let changes =
        [Change::replace(format_args!("#comment_{id}"), comment), Change::notice(Flash::CommentUpdated)];
    Ok(reply::changes(cx, &changes))
}

fn refuse_change(cx: &Cx, placed: &Placed, body: &str, errors: &Errors) -> Result {
    let (id, form) = (placed.comment.id, CommentForm { body, errors, in_place: true });
    if reply::wants_changes(cx) {
        let edited = views::edited(id, &form).into_string()?;
        let changes = [Change::replace(format_args!("#comment_{id}"), edited)];
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
        let fate = sql::destroy(connection, id, now)?;
        let count = sql::count_of(connection, post_id)?;
        Ok(fate.map(|fate| (fate, count)))
    })?;
    let (fate, count) = destroyed.ok_or(Error::NotFound)?;
    let Some(count) = count else {
        // It was the last on a post that was only kept for it.
        return Ok(reply::done(cx, paths::POSTS, Flash::CommentDestroyed));
    };
    if !reply::wants_changes(cx) {
        return Ok(reply::done(cx, paths::post(post_id), Flash::CommentDestroyed));
    }
    let remove = |id: i64| Change::remove(format_args!("#comment_{id}"));
    let mut changes = match fate {
        sql::Fate::Removed(pruned) => iter::once(id).chain(pruned).map(remove).collect(),
        sql::Fate::Emptied => {
            let emptied = Comment { body: String::new(), author: None, ..placed.comment };
            let emptied = views::one(&emptied, Some(viewer), cx.now).into_string()?;
            vec![Change::replace(format_args!("#comment_{id}"), emptied)]
        }
    };
    changes.push(Change::fill(".comments_count", views::count(count).into_string()?));
    changes.push(Change::notice(Flash::CommentDestroyed));
    Ok(reply::changes(cx, &changes))
}
