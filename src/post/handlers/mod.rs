//! Handlers for posts: the page of a post, and the forms.

pub mod destruction;
pub mod discussion;
mod fetching;
pub mod lists;
pub mod own_lists;
pub mod past;
pub mod retitling;
pub mod rows;

use std::borrow::Cow;
use std::sync::Arc;

use horrorshow::{Template, owned_html};
use rusqlite::Connection;

use super::link::NewLink;
use super::views::PostForm;
use super::{Content, Holder, Holders, NewPost, PostDetail, REPOST, TitleRule, UpdateOutcome, sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::auth::token::Token;
use crate::changes::Topic;
use crate::comment;
use crate::comment::Thread;
use crate::comment::views::{CommentForm, ThreadContext};
use crate::draft;
use crate::hiding;
use crate::html::text::DOT;
use crate::inbox;
use crate::moving;
use crate::saved;
use crate::site::limiter::Action;
use crate::tag;
use crate::types::cursor::{Cursor, START};
use crate::types::id::PostId;
use crate::types::time::Timestamp;
use crate::ui::layout::{self, Page, Preview};
use crate::ui::preview;
use crate::user;
use crate::user::handlers::newcomer;
use crate::visit;
use crate::vote::{self, Target, Vote, VoteOutcome};
use crate::web::Viewer;
use crate::web::account::Account;
use crate::web::flash::Flash;
use crate::web::form::{Errors, Form, NO_ERRORS};
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};

/// `GET /posts/:id`: a post and its comments.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::TargetDeleted`] when a draft of a comment on the post is kept;
/// [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn show(cx: &Cx, id: PostId) -> Result {
    // What the reader typed as a guest, just before, goes first.
    let typed = draft::handlers::find(cx, paths::new_comment(id))?.unwrap_or_default().text("body");
    let (after, viewer) = (cx.cursor("comments")?, auth::viewer(cx)?);
    let (found, kept, unread) = cx.read_pieces(|pieces| {
        let kept = match viewer.filter(|_| typed.is_empty()) {
            Some(viewer) => draft::sql::of_comment(pieces.connection(), viewer.id, id)?,
            None => None,
        };
        let found = discussion::find(pieces, viewer, id, after)?;
        let ids = || found.as_ref().map(|(_, thread)| thread.ids()).unwrap_or_default();
        let unread = inbox::handlers::unread_among(pieces.connection(), viewer, ids)?;
        Ok((found, kept, unread))
    })?;
    let draft = kept.as_ref().map(|kept| kept.id);
    let typed = kept.map_or(typed, |kept| kept.body);
    let (detail, comments) = found
        .ok_or_else(|| draft::handlers::target_deleted(typed.clone(), draft.map(|draft| (draft, id))))?;
    if detail.removed.is_some()
        && typed.is_empty()
        && let Some(into) = cx.read(|connection| moving::sql::merged_into(connection, id))?
    {
        return Ok(reply::see_other(cx, paths::post(into)));
    }
    let part = if after == START { visit::handlers::Page::First } else { visit::handlers::Page::Other };
    // No copy stands for a look that is recorded.
    if let Some(until) = visit::handlers::unrecorded_until(cx, &detail, part)?.filter(|_| unread.is_empty()) {
        cx.clock.limit(until);
        cx.shows(&[Topic::Post(id)], None);
    }
    let errors = cx.unsent_errors();
    let form = CommentForm { draft, errors: &errors, ..CommentForm::of(Account::of(None), &typed) };
    let html = render(cx, &detail, (&comments, after), &form)?;
    visit::handlers::record_visit(cx, &detail, part)?;
    if let Some(viewer) = viewer {
        inbox::handlers::seen(cx, viewer, unread);
    }
    Ok(reply::page(cx, html))
}

/// The page of a post with its comments from `after` on and a filled form for a comment; `None` when there is
/// no such post.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn page(cx: &Cx, id: PostId, after: Cursor, form: &CommentForm) -> Result<Option<String>> {
    let viewer = auth::viewer(cx)?;
    let found = cx.read_pieces(|pieces| discussion::find(pieces, viewer, id, after))?;
    found.map(|(detail, comments)| render(cx, &detail, (&comments, after), form)).transpose()
}

/// `GET /posts/:id/text`: the whole text of a post, without the comments. The page of the post links to it where
/// it cuts the text.
///
/// # Errors
/// [`Error::NotFound`], also for a deleted post; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn text(cx: &Cx, id: PostId) -> Result {
    let viewer_id = auth::viewer_id(cx)?;
    let detail = cx.read(|connection| sql::find(connection, viewer_id, id))?;
    let detail = detail.filter(|detail| !detail.is_deleted).ok_or(Error::NotFound)?;
    let back = paths::post(id).to_string();
    let page = Page { aside: Some((&back, "← Back to post")), ..Page::new(cx, &detail.post.title)? };
    Ok(reply::page(cx, layout::render(&page, views::whole_text(&detail))?))
}

/// Renders the page of a post that has been read. A form that fills the page leaves no room for the comments:
/// a link leads to them. The form is made for the viewer.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails at looking up the viewer.
pub fn render(
    cx: &Cx,
    detail: &PostDetail,
    (comments, after): (&Thread, Cursor),
    form: &CommentForm,
) -> Result<String> {
    let (id, is_visible) = (detail.post.id, !detail.state().is_hidden());
    let description = match &detail.html {
        _ if !is_visible => Cow::default(),
        Some(html) => Cow::from(&html.preview),
        None => views::description(detail).into(),
    };
    let page = Page {
        aside: Some(views::BACK_TO_POSTS),
        description: &description,
        preview: cx.origin().filter(|_| is_visible).map(|origin| Preview { origin, path: paths::post(id) }),
        feed: is_visible.then(|| paths::post_feed(id).to_string().into()),
        ..Page::with_form(cx, &detail.post.title, form.errors)?
    };
    let elsewhere = Thread { next: Some(START), ..Thread::default() };
    let comments = if form.fills_page() { &elsewhere } else { comments };
    let form = CommentForm { account: page.account(), in_place: comments.next.is_none(), ..*form };
    let is_hidden = detail.relation.is_hidden.unwrap_or_default();
    let save = saved::views::button(page.account(), id, detail.is_saved);
    let acts = owned_html! {
        : &save;
        : DOT; : hiding::views::button(id, is_hidden);
    };
    let post = &views::show(cx, page.viewer, detail, acts);
    // A later page is for reading on, unless the reader has typed something.
    let is_later = after != START && form.body.is_empty();
    let (context, ban) = (ThreadContext::of(cx, page.viewer, detail), auth::ban(cx)?);
    let render = |context| {
        if is_later {
            return layout::render(&page, comment::views::later(detail, comments, context));
        }
        let discussion = comment::views::discussion(detail, comments, &form, context, ban.as_deref());
        layout::render(&page, owned_html! { : post; : &discussion })
    };
    Ok(context.bounded(comments, 0, render)?)
}

/// `GET /posts/new`: the query string may prefill the form, as the bookmarklet's does, or name a post whose link is
/// to be posted once more.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn new(cx: &Cx) -> Result {
    let viewer = auth::require_active_user(cx)?;
    let query = Form::parse(cx.request.raw_query_string().as_bytes()).unwrap_or_default();
    let suggested = match query.get(REPOST).and_then(PostId::from_path) {
        Some(id) => reposted(cx, viewer, id)?,
        None => Content::suggested(&query),
    };
    // A prefilled form does not show the draft: it stays for the form without a query string.
    let content = if suggested.is_empty() {
        Content::of(&draft::handlers::find(cx, paths::POSTS)?.unwrap_or_default(), Content::default())
    } else {
        suggested
    };
    let errors = cx.unsent_errors();
    Ok(reply::page(cx, new_page(cx, &PostForm { errors: &errors, ..form_of(cx, &content)? })?))
}

/// The viewer's form for a post with this content, without mistakes.
fn form_of<'f>(cx: &'f Cx, content: &'f Content) -> Result<PostForm<'f>> {
    let account = Account::of(auth::viewer(cx)?);
    let holders = Holders::default();
    Ok(PostForm {
        account,
        content,
        errors: &NO_ERRORS,
        holders,
        is_previewed: false,
        title: TitleRule::Free,
        all_tags: cx.settings().tags(),
    })
}

/// The content of a post of the link that post `id` has: what the viewer typed for it, or the title and the link of
/// that post. Empty when there is no such post.
fn reposted(cx: &Cx, viewer: &Viewer, id: PostId) -> Result<Content> {
    let (typed, found) = cx.read(|connection| {
        let typed = draft::sql::post_of_comment(connection, viewer.id, id)?;
        Ok((typed, sql::find(connection, Some(viewer.id), id)?))
    })?;
    if let Some(typed) = typed {
        return Ok(Content { is_repost: true, ..typed });
    }
    let shown = found.filter(|detail| !detail.state().is_hidden());
    Ok(shown
        .map(|detail| Content { description: String::new(), is_repost: true, ..content_of(detail) })
        .unwrap_or_default())
}

fn new_page(cx: &Cx, form: &PostForm) -> Result<String> {
    let page = Page { aside: Some(views::BACK_TO_POSTS), ..Page::with_form(cx, "New post", form.errors)? };
    let bookmarklet = cx.origin().map(|origin| paths::bookmarklet(&origin));
    let bookmarklet = bookmarklet.as_deref().map(|href| (href, cx.settings().name()));
    Ok(layout::render(&page, views::new(*form, cx.site.page_titles.is_some(), bookmarklet))?)
}

/// The outcome of a request for a new post.
enum CreateOutcome {
    /// The new post.
    Created(PostId),
    /// Another post has linked to the address within [`REPOST_WINDOW`](super::REPOST_WINDOW).
    AlreadyPosted {
        /// The id of that post.
        id: PostId,
        /// Whether the request added the user's vote to it.
        has_voted: bool,
    },
    /// Another post has the title.
    TitleTaken(Holder),
    /// The author cannot post another link yet, for this reason.
    NoMoreLinks(&'static str),
}

/// `POST /posts`: creates a post, or votes for the post that has linked to the address recently, and keeps the
/// title and the text as the draft of a comment there. The form shows errors that the user can correct, and a rate limit.
///
/// # Errors
/// Those of [`draft::handlers::require_user`] for a guest; [`Error::Moderated`] for a banned user;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn create(cx: &Cx) -> Result {
    let viewer = draft::handlers::require_user(cx, paths::NEW_POST, &Content::FIELDS)?;
    let user_id = viewer.id;
    let requested = Arc::new(Content::of(cx.form()?, Content::default()));
    let form = form_of(cx, &requested)?;
    if preview::is_wanted(cx.form()?) {
        return previewed(cx, viewer, &form, |form| new_page(cx, form));
    }
    if let Some(titles) = fetching::wanted(cx, cx.form()?) {
        return fetching::title(cx, viewer, titles, &form, |form| new_page(cx, form));
    }
    let refuse = |errors: &Errors, holders| {
        Ok(reply::refused(cx, new_page(cx, &PostForm { errors, holders, ..form })?, errors))
    };
    let mut errors = requested.check();
    errors.append(tag::check(&requested.tags, "", form.all_tags));
    let link = requested.link().unwrap_or_default();
    // A repost mostly has the title of the existing post, too: it is a vote, not a taken title.
    let title_holder = cx.read(|connection| match known(connection, &requested, link.as_ref(), cx.now)? {
        Some(_) => Ok(None),
        None => sql::recent_with_title(connection, &requested.title, cx.now),
    })?;
    let holders = Holders { title: title_holder, address: None };
    errors.append(holders.errors());
    let errors = cx.or_refused(errors, Action::WriteBy(user_id));
    if !errors.is_empty() {
        return refuse(&errors, holders);
    }
    let (content, token, created_at) = (Arc::clone(&requested), draft::handlers::token(cx), cx.now);
    let is_newcomer = link.is_some() && newcomer::until(cx, viewer)?.is_some();
    let outcome = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        let Content { title, description, .. } = &*content;
        let post = NewPost { user_id, title, link: link.as_ref(), description, created_at };
        create_or_vote(connection, &post, &content, token.as_ref(), is_newcomer)
    })?;
    // The transaction decides: another user may have posted the address or the title since the check.
    match outcome {
        None => Err(draft::handlers::sign_in_first(cx, paths::NEW_POST, &Content::FIELDS)),
        Some(CreateOutcome::Created(id)) => Ok(reply::done(cx, paths::post(id), Flash::PostCreated)),
        Some(CreateOutcome::AlreadyPosted { id, has_voted }) => {
            let flash = if has_voted { Flash::PostVotedFor } else { Flash::PostThere };
            Ok(reply::done_offering(cx, paths::comment_place(id), flash, id.get()))
        }
        Some(CreateOutcome::TitleTaken(holder)) => {
            let holders = Holders { title: Some(holder), address: None };
            refuse(&holders.errors(), holders)
        }
        Some(CreateOutcome::NoMoreLinks(mistake)) => refuse(&Errors::one("url", mistake), holders),
    }
}

/// The post for which a request for a new post would vote, and its points.
fn known(
    connection: &Connection,
    requested: &Content,
    link: Option<&NewLink>,
    now: Timestamp,
) -> rusqlite::Result<Option<(PostId, i64)>> {
    let link = link.filter(|_| !requested.is_repost);
    link.map_or(Ok(None), |link| sql::recent_with_address(connection, &link.address, now))
}

fn create_or_vote(
    connection: &Connection,
    post: &NewPost,
    requested: &Content,
    token: Option<&Token>,
    is_newcomer: bool,
) -> rusqlite::Result<CreateOutcome> {
    let outcome = if let Some((id, score)) = known(connection, requested, post.link, post.created_at)? {
        let text = sql::unsaid(connection, id, post)?;
        draft::sql::keep_comment(connection, post.user_id, id, &text, requested)?;
        let has_voted = !is_newcomer && {
            let target = Target::Post(id);
            let voted = vote::sql::change(connection, post.user_id, target, Vote::Cast, post.created_at)?;
            matches!(voted, VoteOutcome::Score(now) if now > score)
        };
        CreateOutcome::AlreadyPosted { id, has_voted }
    } else {
        if is_newcomer && let Some(mistake) = newcomer::mistake(connection, post.user_id, post.created_at)? {
            return Ok(CreateOutcome::NoMoreLinks(mistake));
        }
        match sql::create(connection, post)? {
            Ok(id) => {
                if !requested.tags.is_empty() {
                    tag::sql::set(connection, id, &requested.tags)?;
                }
                if requested.is_repost {
                    draft::sql::discard_posted(connection, post.user_id, requested)?;
                }
                CreateOutcome::Created(id)
            }
            Err(holder) => return Ok(CreateOutcome::TitleTaken(holder)),
        }
    };
    draft::handlers::delete_sent(connection, token, paths::POSTS)?;
    Ok(outcome)
}

/// `GET /posts/:id/edit`.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::NotFound`];
/// [`Error::Forbidden`] for a user who is not the author; [`Error::Unavailable`] or [`Error::Internal`] when
/// the database fails.
pub fn edit(cx: &Cx, id: PostId) -> Result {
    let viewer = auth::require_active_user(cx)?;
    let detail = own_post(cx, viewer, id)?;
    let title = title_rule(cx, viewer, &detail);
    let draft = draft::handlers::find(cx, paths::post(id))?.unwrap_or_default();
    let errors = cx.unsent_errors();
    let content = Content::of(&draft, content_of(detail));
    Ok(reply::page(cx, edit_page(cx, id, &PostForm { errors: &errors, title, ..form_of(cx, &content)? })?))
}

fn edit_page(cx: &Cx, id: PostId, form: &PostForm) -> Result<String> {
    let page =
        Page { aside: Some(views::BACK_TO_POSTS), ..Page::with_form(cx, "Editing post", form.errors)? };
    Ok(layout::render(&page, views::edit(id, *form))?)
}

/// Answers a form for a post that was sent for a preview of its text: in place, or with the form's page, which `render`
/// renders. Nothing is stored.
fn previewed(
    cx: &Cx,
    viewer: &Viewer,
    form: &PostForm,
    render: impl Fn(&PostForm) -> Result<String>,
) -> Result {
    let errors = cx.or_refused(form.content.check_text(), Action::PreviewBy(viewer.id));
    let form = PostForm { errors: &errors, is_previewed: errors.is_empty(), ..*form };
    match reply::wants_fragments(cx) {
        false if form.is_previewed => Ok(reply::html(cx, render(&form)?)),
        false => Ok(reply::refused(cx, render(&form)?, &errors)),
        true => {
            let html = views::preview(&form).into_string()?;
            let changes = [Change::fill(format_args!("#{}", views::PREVIEW), html)];
            Ok(if form.is_previewed {
                reply::changes(cx, &changes)
            } else {
                reply::refused_changes(cx, &changes, &errors)
            })
        }
    }
}

/// Whether the viewer may change the title and the link of their post.
fn title_rule(cx: &Cx, viewer: &Viewer, detail: &PostDetail) -> TitleRule {
    if viewer.is_admin {
        return TitleRule::Free;
    }
    TitleRule::of(detail.post.created_at, cx.now, cx.site.config.title_hours)
}

/// One of the viewer's posts.
fn own_post(cx: &Cx, viewer: &Viewer, id: PostId) -> Result<PostDetail> {
    let found = cx.read(|connection| sql::find(connection, Some(viewer.id), id))?;
    let detail = found.filter(|detail| !detail.state().is_hidden()).ok_or(Error::NotFound)?;
    if !user::is_own(detail.post.author.as_ref(), Some(viewer)) {
        return Err(NOT_YOURS);
    }
    Ok(detail)
}

/// The text of one of the viewer's posts.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::NotFound`]; [`Error::Forbidden`] for a
/// user who is not the author; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn own_text(cx: &Cx, id: PostId) -> Result<String> {
    let viewer = auth::require_active_user(cx)?;
    Ok(own_post(cx, viewer, id)?.description.to_string())
}

fn content_of(detail: PostDetail) -> Content {
    let PostDetail { post, description, .. } = detail;
    let url = post.link.map(|link| link.url).unwrap_or_default();
    let (title, tags) = (post.title.into(), post.tags.into());
    Content { title, url, description: description.to_string(), tags, is_repost: false }
}

const NOT_YOURS: Error = Error::Forbidden("Only the author of a post can change it.");

/// `PATCH /posts/:id`. The form shows errors that the user can correct, and a rate limit.
///
/// # Errors
/// Those of [`draft::handlers::require_user`] for a guest; [`Error::Moderated`] for a banned user;
/// [`Error::NotFound`]; [`Error::Forbidden`] for a user who is not the author; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn update(cx: &Cx, id: PostId) -> Result {
    let viewer = draft::handlers::require_user(cx, paths::edit_post(id), &Content::FIELDS)?;
    let user_id = viewer.id;
    let sent = cx.form()?;
    let detail = own_post(cx, viewer, id)?;
    let title = title_rule(cx, viewer, &detail);
    let before = content_of(detail);
    let requested = Arc::new(Content::of(sent, before.clone()));
    let form = PostForm { title, ..form_of(cx, &requested)? };
    if preview::is_wanted(sent) {
        return previewed(cx, viewer, &form, |form| edit_page(cx, id, form));
    }
    let refuse = |errors: &Errors, holders| {
        Ok(reply::refused(cx, edit_page(cx, id, &PostForm { errors, holders, ..form })?, errors))
    };
    let link = requested.link().unwrap_or_default();
    let holders = cx.read(|connection| sql::holders(connection, id, &requested, link.as_ref(), cx.now))?;
    let mut errors = requested.check();
    errors.append(tag::check(&requested.tags, &before.tags, form.all_tags));
    errors.append(title.check(&before, &requested));
    errors.append(holders.errors());
    let errors = errors.or_rate_limited(&cx.site.limiter, Action::WriteBy(user_id));
    if !errors.is_empty() {
        return refuse(&errors, holders);
    }
    let (content, token, now) = (Arc::clone(&requested), draft::handlers::token(cx), cx.now);
    let updated = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        if sql::author(connection, id)? != Some(user_id) {
            return Ok(None);
        }
        let updated = sql::update(connection, id, &before, &content, now)?;
        if matches!(updated, UpdateOutcome::Done | UpdateOutcome::Unchanged) {
            draft::handlers::delete_sent(connection, token.as_ref(), &paths::post(id).to_string())?;
        }
        Ok(Some(updated))
    })?;
    let Some(updated) = updated else {
        return Err(draft::handlers::sign_in_first(cx, paths::edit_post(id), &Content::FIELDS));
    };
    match updated {
        Some(UpdateOutcome::Done | UpdateOutcome::Unchanged) => {
            Ok(reply::done(cx, paths::post(id), Flash::PostUpdated))
        }
        Some(UpdateOutcome::Taken(holders)) => refuse(&holders.errors(), holders),
        Some(UpdateOutcome::NotFound) | None => Err(Error::NotFound),
    }
}
