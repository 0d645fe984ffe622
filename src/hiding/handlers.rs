//! Handlers for what a user hides: the buttons and the lists.

use std::sync::Arc;

use horrorshow::{Template, owned_html};
use rusqlite::Connection;

use super::{Hidden, Outcome, sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::post;
use crate::post::link::site;
use crate::site::limiter::Action;
use crate::tag;
use crate::types::cursor::PAGE_SIZE;
use crate::types::id::PostId;
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::user::views::own_lists;
use crate::web::flash::Flash;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};

/// `GET /hidden`: the posts that the viewer has hidden, last hidden first.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn hidden(cx: &Cx) -> Result {
    let (user_id, after) = (auth::require_user(cx)?.id, cx.cursor("after")?);
    let mut posts = post::handlers::rows::page(cx, Some(user_id), |connection| {
        post::sql::hidden_by(connection, user_id, after, PAGE_SIZE)
    })?;
    posts.rows.iter_mut().for_each(|listed| listed.relation.is_hidden = Some(true));
    let page = Page::new(cx, "Hidden posts")?;
    let viewer = page.viewer;
    let main = owned_html! {
        : own_lists::links(paths::HIDDEN);
        : own_lists::kinds("What is hidden", &views::HIDDEN, paths::HIDDEN);
        @ if posts.rows.is_empty() {
            p(class="empty") { : "You have not hidden any posts. Press Hide in a list; only you stop seeing the post there." }
        } else {
            : post::views::list(viewer, &posts, None, &cx.clock);
        }
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// `GET /muted`: the users and sites that the viewer has muted.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn muted(cx: &Cx) -> Result {
    let user_id = auth::require_user(cx)?.id;
    let (users, sites, tags) = cx.read(|connection| {
        Ok((
            sql::names(connection, user_id)?,
            sql::sites(connection, user_id)?,
            sql::tags(connection, user_id)?,
        ))
    })?;
    let page = Page::new(cx, "Muted people, sites and tags")?;
    let main = owned_html! {
        : own_lists::links(paths::HIDDEN);
        : own_lists::kinds("What is hidden", &views::HIDDEN, paths::MUTED);
        : views::muted(&users, &sites, &tags);
    };
    Ok(reply::page(cx, layout::render(&page, main)?))
}

/// `POST /from/mute?site=…` and `/from/unmute?site=…`.
///
/// # Errors
/// [`Error::NotFound`] for a site that no link can have; those of [`change`].
pub fn change_site(cx: &Cx, is_hidden: bool) -> Result {
    let site = cx.query("site").and_then(|site| site::parse(&site)).ok_or(Error::NotFound)?;
    change(cx, Hidden::Site(site), is_hidden)
}

/// `POST /tagged/mute?tag=…` and `/tagged/unmute?tag=…`.
///
/// # Errors
/// [`Error::NotFound`] for what is no tag; those of [`change`].
pub fn change_tag(cx: &Cx, is_hidden: bool) -> Result {
    let tag = cx.query("tag").unwrap_or_default();
    let tag = tag::parse(&tag).ok_or(Error::NotFound)?;
    change(cx, Hidden::Tag(tag.to_owned()), is_hidden)
}

/// `POST /posts/:id/hide`, `/posts/:id/unhide`, and their like for users and sites, whom the viewer mutes. Repeating it
/// changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`]; [`Error::Forbidden`] for the viewer themselves, and beyond
/// [`MAX_HIDDEN`](super::MAX_HIDDEN); [`Error::RateLimited`], in one limit with votes; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn change(cx: &Cx, what: Hidden, is_hidden: bool) -> Result {
    let back = cx.referrer().map_or_else(|| page_of(&what), str::to_owned);
    let viewer = auth::require_user_or_return(cx, &back)?;
    if what == Hidden::User(viewer.id) {
        return Err(Error::Forbidden("You can't mute yourself."));
    }
    cx.site.limiter.check_and_record(Action::VoteBy(viewer.id))?;
    let (user_id, now, what) = (viewer.id, cx.now, Arc::new(what));
    let written = Arc::clone(&what);
    let set = move |connection: &Connection| sql::set(connection, user_id, &written, is_hidden, now);
    match auth::write_as(cx, viewer, Standing::Any, set)? {
        None => Err(Error::sign_in(back)),
        Some(Outcome::Done) => respond(cx, &what, is_hidden, &back),
        Some(Outcome::NotFound) => Err(Error::NotFound),
        Some(Outcome::TooMany) => Err(TOO_MANY),
    }
}

const TOO_MANY: Error = Error::Forbidden(
    "You hide 500 posts, people, sites and tags, which is the most. Show one of them again first.",
);

/// The page that something is about.
fn page_of(what: &Hidden) -> String {
    match what {
        Hidden::Post(id) => paths::post(*id).to_string(),
        Hidden::User(id) => paths::user(*id).to_string(),
        Hidden::Site(site) => paths::From(site).to_string(),
        Hidden::Tag(tag) => paths::Tagged(tag).to_string(),
    }
}

fn respond(cx: &Cx, what: &Hidden, is_hidden: bool, back: &str) -> Result {
    Ok(match (what, is_hidden) {
        (Hidden::Post(id), true) if reply::wants_fragments(cx) => leave(cx, *id)?,
        (Hidden::Post(id), true) => reply::done_offering(cx, back, Flash::PostHidden, id.get()),
        (Hidden::Post(_), false) => reply::done(cx, back, Flash::PostUnhidden),
        (Hidden::User(id), true) => reply::done_offering(cx, back, Flash::UserMuted, id.get()),
        (Hidden::User(_), false) => reply::done(cx, back, Flash::UserUnmuted),
        (Hidden::Site(_), true) => reply::done(cx, back, Flash::SiteMuted),
        (Hidden::Site(_), false) => reply::done(cx, back, Flash::SiteUnmuted),
        (Hidden::Tag(_), true) => reply::done(cx, back, Flash::TagMuted),
        (Hidden::Tag(_), false) => reply::done(cx, back, Flash::TagUnmuted),
    })
}

/// A post leaves the list; on its own page its button changes.
fn leave(cx: &Cx, id: PostId) -> Result {
    Ok(reply::changes(
        cx,
        &[
            Change::remove(format_args!(".posts > li:has(#hide_{id})")),
            Change::replace(format_args!("#hide_{id}"), views::button(id, true).into_string()?),
            message::show_offering(cx, Flash::PostHidden, id.get()),
        ],
    ))
}
