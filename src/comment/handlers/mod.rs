//! Handlers that create, show, change and delete comments: in place on the post's page with htmx, by pages
//! and redirects without a script.

pub mod destruction;
pub mod drafts;
mod fragments;
pub mod lists;
pub mod own_lists;
mod previews;
mod refusal;
pub mod replies;
mod reply_page;

use horrorshow::Template;
use rouille::Response;
use rusqlite::Connection;

use self::refusal::{refuse, refuse_closed};
use super::sql::discussion::{self, Discussion};
use super::tree::CommentPage;
use super::views::{self, CommentForm, ThreadContext};
use super::{Comment, CommentStatus, LocatedComment, NewComment, ReplyTarget, check, sql};
use crate::auth;
use crate::auth::Standing;
use crate::auth::token::Token;
use crate::html::size::{MAX_COMMENT_FORM_BYTES, MAX_FORM_IN_PLACE_BYTES};
use crate::site::limiter::Action;
use crate::text::isolated;
use crate::types::cursor::START;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::ui::preview;
use crate::user;
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::flash::Flash;
use crate::web::form::{Errors, Form};
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};
use crate::{draft, inbox, post, saved, visit};

/// The fields of a comment's form.
const FIELDS: [&str; 1] = ["body"];
const NOT_AUTHOR: Error = Error::Forbidden("Only the author of a comment can change it.");

/// The result of sending a comment.
enum CreateOutcome {
    /// The comment exists.
    Created(CreatedComment),
    /// The target takes no comments, or takes no more.
    Closed(CommentStatus),
}

/// A comment that exists, created by this request or by an earlier one with an identical form.
struct CreatedComment {
    id: CommentId,
    post_id: PostId,
    /// The number of comments on the post now.
    count: i64,
    /// The number of direct replies to the parent comment now; 0 for a comment on a post.
    replies: i64,
}

/// `GET /posts/:id/comments`: redirects to the comments on the post's page. The page that shows a refused
/// comment has this address, so it may be reloaded.
pub fn list(cx: &Cx, post_id: PostId) -> Response {
    reply::see_other(cx, paths::comments(post_id))
}

/// `POST /posts/:id/comments`, `POST /comments/:id/replies`: creates a comment on a post, or a reply to a
/// comment. Mistakes in the form are shown in it.
///
/// # Errors
/// [`Error::SignIn`] for a guest, whose text is kept as a draft; [`Error::Moderated`] when the discussion is
/// locked or the user banned; [`Error::TargetDeleted`] or [`Error::NotFound`] when the post or comment is
/// gone; [`Error::TooLarge`] for a text that no page can show again; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn create(cx: &Cx, to: ReplyTarget) -> Result {
    let form = sent(cx)?;
    let viewer = draft::handlers::require_user(cx, to.form(), &FIELDS)?;
    let body = form.text("body");
    let status = cx.read(|connection| sql::comment_status(connection, to))?;
    if !matches!(status, CommentStatus::Open(_)) {
        return refuse_closed(cx, to, status, &body);
    }
    if preview::is_wanted(form) {
        return previews::of_new(cx, viewer, to, &body);
    }
    let errors = cx.or_refused(check(&body), Action::WriteBy(viewer.id));
    if !errors.is_empty() {
        return refuse(cx, to, &body, &errors);
    }
    let (user_id, now) = (viewer.id, cx.now);
    let (token, draft, text) = (draft::handlers::token(cx), draft::handlers::named(form), body.clone());
    let outcome = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        let outcome = send(connection, to, user_id, &text, now, token.as_ref())?;
        if let (CreateOutcome::Created(_), Some(draft)) = (&outcome, draft) {
            draft::sql::discard(connection, user_id, draft)?;
        }
        Ok(outcome)
    })?;
    match outcome {
        None => Err(draft::handlers::sign_in_first(cx, to.form(), &FIELDS)),
        Some(CreateOutcome::Created(created)) => respond_created(cx, viewer, to, &created),
        Some(CreateOutcome::Closed(status)) => refuse_closed(cx, to, status, &body),
    }
}

/// The form of a comment. One that is too long to be shown again is refused: see [`Cx::form_within`].
fn sent<'c>(cx: &'c Cx) -> Result<&'c Form> {
    let is_in_place = reply::wants_fragments(cx);
    cx.form_within(if is_in_place { MAX_FORM_IN_PLACE_BYTES } else { MAX_COMMENT_FORM_BYTES })
}

fn send(
    connection: &Connection,
    to: ReplyTarget,
    user_id: UserId,
    body: &str,
    created_at: Timestamp,
    token: Option<&Token>,
) -> rusqlite::Result<CreateOutcome> {
    let post_id = match sql::comment_status(connection, to)? {
        CommentStatus::Open(post_id) => post_id,
        status => return Ok(CreateOutcome::Closed(status)),
    };
    let parent_id = to.parent_id();
    let comment = NewComment { post_id, parent_id, user_id, body, created_at };
    let duplicate = sql::duplicate(connection, &comment)?;
    let id = duplicate.map_or_else(|| sql::create(connection, &comment), Ok)?;
    draft::handlers::delete_sent(connection, token, &to.address().to_string())?;
    let count = sql::count_on_post(connection, post_id)?.unwrap_or_default();
    let replies = parent_id.map_or(Ok(0), |parent_id| sql::reply_count(connection, parent_id))?;
    Ok(CreateOutcome::Created(CreatedComment { id, post_id, count, replies }))
}

/// The response to a created comment: page changes, or a redirect to it.
fn respond_created(cx: &Cx, viewer: &Viewer, to: ReplyTarget, created: &CreatedComment) -> Result {
    let CreatedComment { id, post_id, count, replies } = *created;
    if !reply::wants_fragments(cx) {
        return Ok(reply::done(cx, address(cx, post_id, id)?, Flash::CommentCreated));
    }
    // A comment that an earlier request created may have votes by now.
    let (located, poster_id) = cx.read(|connection| {
        Ok((sql::find(connection, Some(viewer.id), id)?, post::sql::author(connection, post_id)?))
    })?;
    let comment = located.ok_or(Error::NotFound)?.comment;
    let context = ThreadContext::without_new(&cx.clock, Some(viewer), poster_id, true);
    let mut changes = match to {
        ReplyTarget::Comment(parent_id) => fragments::reply_added(parent_id, replies, &comment, context)?,
        ReplyTarget::Post(_) => vec![
            Change::replace(
                "#comment_form",
                views::form(post_id, &CommentForm::of(Account::of(Some(viewer)), "")).into_string()?,
            ),
            // A comment that was sent twice is on the page already, perhaps with replies: not added again.
            Change::append(
                format_args!("#comment_list:not(:has(> #comment_{id}))"),
                views::item(&comment, context).into_string()?,
            ),
        ],
    };
    changes.extend(draft::handlers::named(cx.form()?).map(|_| Change::remove("#discard_draft")));
    changes.push(Change::fill(".comments_count", views::count(count).into_string()?));
    changes.push(message::show_notice(cx, Flash::CommentCreated));
    Ok(reply::changes(cx, &changes))
}

/// A comment of which the viewer is the author.
fn own_comment(cx: &Cx, viewer: &Viewer, id: CommentId) -> Result<LocatedComment> {
    let located = undeleted(cx, Some(viewer.id), id)?;
    if user::is_own(located.comment.author.as_ref(), Some(viewer)) { Ok(located) } else { Err(NOT_AUTHOR) }
}

/// The text of one of the viewer's comments.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::NotFound`]; [`Error::Forbidden`] for a
/// user who is not the author; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn own_text(cx: &Cx, id: CommentId) -> Result<String> {
    let viewer = auth::require_active_user(cx)?;
    Ok(own_comment(cx, viewer, id)?.comment.body.to_string())
}

/// A comment that is not deleted.
fn undeleted(cx: &Cx, viewer_id: Option<UserId>, id: CommentId) -> Result<LocatedComment> {
    let located = cx.read(|connection| sql::find(connection, viewer_id, id))?;
    located.filter(|located| !located.is_deleted).ok_or(Error::NotFound)
}

/// The address of a comment on the page that shows it: its post's page or a comment's.
fn address(cx: &Cx, post_id: PostId, id: CommentId) -> Result<String> {
    let page = cx.read(|connection| discussion::page_of(connection, post_id, id))?;
    Ok(address_on(page, post_id, id))
}

/// The address of a comment, as `address` has it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn address_of(cx: &Cx, id: CommentId) -> Result<String> {
    let post_id = cx.read(|connection| sql::post_of(connection, id))?.ok_or(Error::NotFound)?;
    address(cx, post_id, id)
}

fn address_on(page: CommentPage, post_id: PostId, id: CommentId) -> String {
    let after = Some(page.after).filter(|after| *after != START);
    match page.root {
        None => paths::comment_on(post_id, after, id),
        Some(root) => paths::reply_on(root, after, id),
    }
}

/// `GET /comments/:id`: a comment with the replies to it. An htmx request gets only the comment's body, as
/// every page shows it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::BadRequest`] when the query parameter `replies` is not a cursor;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx, id: CommentId) -> Result {
    let viewer = auth::viewer(cx)?;
    let viewer_id = viewer.map(|viewer| viewer.id);
    if reply::wants_fragments(cx) {
        return fragment(cx, viewer_id, id);
    }
    let after = cx.cursor("replies")?;
    let found = cx.read(|connection| {
        let Some(LocatedComment { comment, post_id, .. }) = sql::find(connection, viewer_id, id)? else {
            return Ok(None);
        };
        let Some(detail) = post::sql::find(connection, viewer_id, post_id)? else {
            return Ok(None);
        };
        let discussion = Discussion::of(connection, &detail.post, Some(&comment))?;
        let context_page = discussion.page_of(id);
        let page = discussion.page(connection, Some(id), after)?;
        let thread = page.for_viewer(connection, viewer, &detail)?;
        let unread = inbox::handlers::unread_among(connection, viewer, || thread.ids())?;
        let saving = match viewer_id.filter(|_| !comment.state().is_hidden()) {
            Some(viewer_id) => Some(saved::sql::is_saved(connection, viewer_id, id)?),
            None => None,
        };
        Ok(Some((detail, comment, context_page, thread, unread, saving)))
    })?;
    let (detail, comment, context_page, thread, unread, saving) = found.ok_or(Error::NotFound)?;
    visit::handlers::record_visit(cx, &detail, visit::handlers::Page::Other)?;
    if let Some(viewer) = viewer {
        inbox::handlers::seen(cx, viewer, unread);
    }
    let (heading, back) =
        (format!("Comment on {}", isolated(&detail.post.title)), paths::post(detail.post.id).to_string());
    let description = format!("A comment on {}, with the replies to it.", isolated(&detail.post.title));
    let aside = Some((&*back, "← Back to post"));
    let page = Page { aside, description: &description, ..Page::new(cx, &heading)? };
    let address = address_on(context_page, detail.post.id, id);
    let context = ThreadContext::of(cx, page.viewer, &detail);
    let render =
        |context| layout::render(&page, views::show(&detail, (&comment, saving), &address, &thread, context));
    Ok(reply::page(cx, context.bounded(&thread, 1, render)?))
}

/// The body of a comment for htmx: whole, in place of a cut one or of the form for editing it.
fn fragment(cx: &Cx, viewer_id: Option<UserId>, id: CommentId) -> Result {
    let located = undeleted(cx, viewer_id, id)?;
    let detail = cx.read(|connection| post::sql::find(connection, viewer_id, located.post_id))?;
    let context = ThreadContext::of(cx, auth::viewer(cx)?, &detail.ok_or(Error::NotFound)?);
    Ok(reply::changes(cx, &[body_change(&located.comment, context)?]))
}

/// The page change that shows a comment's present body after a change.
fn changed_body(cx: &Cx, located: &LocatedComment) -> Result<Change> {
    let LocatedComment { comment, post_id, .. } = located;
    let (poster_id, is_open) = cx.read(|connection| {
        Ok((post::sql::author(connection, *post_id)?, post::sql::takes_comments(connection, *post_id)?))
    })?;
    body_change(comment, ThreadContext::without_new(&cx.clock, auth::viewer(cx)?, poster_id, is_open))
}

fn body_change(comment: &Comment, context: ThreadContext) -> Result<Change> {
    let html = views::body(comment, context).into_string()?;
    Ok(Change::replace(format_args!("#said_{}", comment.id), html))
}

/// `GET /comments/:id/edit`: the form; for htmx in place of the comment's body. A draft that is far too long has
/// room only on a page.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`]; [`Error::Forbidden`] when the viewer is not the
/// author; [`Error::Moderated`] when they are banned; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn edit(cx: &Cx, id: CommentId) -> Result {
    let viewer = require_user_of_form(cx, id)?;
    let is_in_place = reply::wants_fragments(cx);
    let located = own_comment(cx, viewer, id)?;
    let draft = draft::handlers::find(cx, paths::comment(id))?;
    let body = draft.map_or_else(|| located.comment.body.to_string(), |draft| draft.text("body"));
    let errors = cx.unsent_errors();
    let form = CommentForm { errors: &errors, ..CommentForm::of(Account::of(Some(viewer)), &body) };
    if !is_in_place {
        return Ok(reply::page(cx, reply_page::edit_page(cx, &located, &form)?));
    }
    if !form.fits_in_place() {
        return Ok(reply::see_other(cx, paths::edit_comment(id)));
    }
    let form_html = views::edit_in_place(id, &form).into_string()?;
    Ok(reply::changes(cx, &[Change::replace(format_args!("#said_{id}"), form_html)]))
}

/// The viewer, for a form about comment `id`. With htmx the user returns to the page they are on, not to a page that has
/// only the form.
fn require_user_of_form<'c>(cx: &'c Cx, id: CommentId) -> Result<&'c Viewer> {
    auth::refuse_banned(cx)?;
    if reply::wants_fragments(cx) {
        auth::require_user_or_return(cx, paths::comment(id))
    } else {
        auth::require_user(cx)
    }
}

/// `PATCH /comments/:id`: changes the text. Mistakes in the form are shown in it.
///
/// # Errors
/// [`Error::SignIn`] for a guest, whose text is kept as a draft; [`Error::NotFound`]; [`Error::Forbidden`]
/// when the viewer is not the author; [`Error::Moderated`] when they are banned; [`Error::TooLarge`] for a text
/// that no page can show again; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn update(cx: &Cx, id: CommentId) -> Result {
    let form = sent(cx)?;
    let viewer = draft::handlers::require_user(cx, paths::edit_comment(id), &FIELDS)?;
    let mut located = own_comment(cx, viewer, id)?;
    let body = form.get("body").map_or_else(|| located.comment.body.to_string(), |_| form.text("body"));
    let is_preview = preview::is_wanted(form);
    let action = if is_preview { Action::PreviewBy(viewer.id) } else { Action::WriteBy(viewer.id) };
    let errors = check(&body).or_rate_limited(&cx.site.limiter, action);
    if !errors.is_empty() {
        return refuse_change(cx, &located, &body, &errors);
    }
    if is_preview {
        return previews::of_change(cx, &located, &body);
    }
    located.comment.body = body.as_str().into();
    let (user_id, now, token) = (viewer.id, cx.now, draft::handlers::token(cx));
    let updated = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        if sql::author(connection, id)? != Some(user_id) {
            return Ok(None);
        }
        let is_new = sql::update(connection, id, &body, now)?;
        draft::handlers::delete_sent(connection, token.as_ref(), &paths::comment(id).to_string())?;
        Ok(Some(is_new))
    })?;
    match updated {
        Some(Some(true)) => located.comment.edited_at = Some(now),
        Some(Some(false)) => {}
        Some(None) => return Err(Error::NotFound),
        None => return Err(draft::handlers::sign_in_first(cx, paths::edit_comment(id), &FIELDS)),
    }
    if !reply::wants_fragments(cx) {
        let address = address(cx, located.post_id, id)?;
        return Ok(reply::done(cx, address, Flash::CommentUpdated));
    }
    Ok(reply::changes(cx, &[changed_body(cx, &located)?, message::show_notice(cx, Flash::CommentUpdated)]))
}

fn refuse_change(cx: &Cx, located: &LocatedComment, body: &str, errors: &Errors) -> Result {
    let (id, form) =
        (located.comment.id, CommentForm { errors, ..CommentForm::of(Account::of(auth::viewer(cx)?), body) });
    if reply::wants_fragments(cx) {
        let form_html = views::edit_in_place(id, &form).into_string()?;
        let changes = [Change::replace(format_args!("#said_{id}"), form_html)];
        return Ok(reply::refused_changes(cx, &changes, errors));
    }
    Ok(reply::refused(cx, reply_page::edit_page(cx, located, &form)?, errors))
}
