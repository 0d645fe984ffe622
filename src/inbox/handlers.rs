//! Handlers of the inbox.

use std::time::Duration;

use rusqlite::Connection;

use super::{sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::auth::token::{Secret, Token};
use crate::feed::{self, Feed, MAX_ENTRIES};
use crate::moderation;
use crate::site::limiter::Action;
use crate::types::cursor::PAGE_SIZE;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::{DAY, Timestamp};
use crate::ui::layout::{self, Page};
use crate::vote::Target;
use crate::web::account::Account;
use crate::web::flash::Flash;
use crate::web::{Cx, Error, Result, Viewer, paths, reply};

/// How long the page shows a notice about the viewer's account that has been read.
const NOTICE_SHOWN: Duration = DAY.saturating_mul(30);
/// The newest notices about the viewer's account that the page shows.
const MAX_NOTICES: u32 = 10;
/// Rows that one write marks as read.
const ROWS_PER_WRITE: u32 = 500;

/// `GET /inbox`: the comments that answer or mention the viewer, the newest first. Those that it shows are read
/// afterwards.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx) -> Result {
    let (viewer, after) = (auth::require_user(cx)?, cx.cursor("after")?);
    let (items, muted, secret, notices) = cx.read(|connection| {
        let items = sql::of_user(connection, viewer.id, after, PAGE_SIZE)?;
        let muted = sql::muted(connection, viewer.id, PAGE_SIZE)?;
        let notices = moderation::sql::notices(connection, viewer.id, cx.now - NOTICE_SHOWN, MAX_NOTICES)?;
        Ok((items, muted, sql::feed_secret(connection, viewer.id)?, notices))
    })?;
    let feed = secret.map(|secret| paths::inbox_feed(viewer.id, &Secret::of_bytes(secret)));
    let unread: Vec<CommentId> =
        items.rows.iter().filter(|item| item.is_unread).map(|item| item.comment_id).collect();
    let unread_notices = notices.iter().filter(|(_, is_unread)| *is_unread).count();
    let shown = unread.len() + unread_notices;
    let has_more_unread = usize::try_from(viewer.unread_count).is_ok_and(|all| all > shown);
    let page = Page::new(cx, "Inbox")?;
    let (muted, feed) = (&*muted, feed.as_deref());
    let content = views::Content { items: &items, has_more_unread, notices: &notices, muted, feed };
    let content = views::page(Account::of(Some(viewer)), content, &cx.clock);
    let html = layout::render(&page, content)?;
    seen(cx, viewer, unread);
    if unread_notices > 0 {
        record_look(cx, viewer, moderation::sql::mark_notices_read);
    }
    Ok(reply::page(cx, html))
}

/// Records that the viewer sees these comments, which are unread in the viewer's inbox. The response does not wait for the
/// write: if it fails, they stay unread.
pub fn seen(cx: &Cx, viewer: &Viewer, unread: Vec<CommentId>) {
    if !unread.is_empty() {
        record_look(cx, viewer, move |connection, user_id| {
            unread.iter().try_for_each(|id| sql::mark_read(connection, user_id, *id))
        });
    }
}

/// Records what the viewer has seen, without waiting for the write.
fn record_look(
    cx: &Cx,
    viewer: &Viewer,
    record: impl Fn(&Connection, UserId) -> rusqlite::Result<()> + Send + 'static,
) {
    // A HEAD request or a prefetch does not show the page to the viewer.
    if cx.request.method() != "GET" || cx.is_prefetch() {
        return;
    }
    let user_id = viewer.id;
    let written = cx.site.db.write_later(move |connection| record(connection, user_id));
    if let Err(error) = written {
        lorem_counted_log::warn!("recording what user {user_id} has read: {error}");
    }
}

/// Of the comments on a page those that are unread in the viewer's inbox.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn unread_among(
    connection: &Connection,
    viewer: Option<&Viewer>,
    ids: impl FnOnce() -> Vec<CommentId>,
) -> rusqlite::Result<Vec<CommentId>> {
    match viewer.filter(|viewer| viewer.unread_count > 0) {
        Some(viewer) => sql::unread_among(connection, viewer.id, &ids()),
        None => Ok(Vec::new()),
    }
}

/// `POST /inbox/read`: all is read. Repeating it changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn mark_all_read(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::INBOX)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let user_id = viewer.id;
    let some = move |connection: &Connection| {
        moderation::sql::mark_notices_read(connection, user_id)?;
        sql::mark_some_read(connection, user_id, ROWS_PER_WRITE)
    };
    loop {
        match auth::write_as(cx, viewer, Standing::Any, some)? {
            Some(true) => {}
            Some(false) => return Ok(reply::done(cx, paths::INBOX, Flash::InboxRead)),
            None => return Err(Error::sign_in(paths::INBOX)),
        }
    }
}

/// `POST /posts/:id/mute` and `/unmute`: nothing of the discussion comes into the viewer's inbox, or it does again.
/// Repeating it changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::NotFound`]; [`Error::RateLimited`], in one limit with votes;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn mute(cx: &Cx, post_id: PostId, is_muted: bool) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::INBOX)?;
    cx.site.limiter.check_and_record(Action::VoteBy(viewer.id))?;
    let user_id = viewer.id;
    let change = move |connection: &Connection| sql::set_muted(connection, user_id, post_id, is_muted);
    let Some(exists) = auth::write_as(cx, viewer, Standing::Any, change)? else {
        return Err(Error::sign_in(paths::INBOX));
    };
    if !exists {
        return Err(Error::NotFound);
    }
    let flash = if is_muted { Flash::DiscussionMuted } else { Flash::DiscussionUnmuted };
    Ok(reply::done(cx, cx.referrer().unwrap_or(paths::INBOX), flash))
}

/// `POST /inbox/feed`: gives the feed of the viewer's inbox a new address.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn renew_feed(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::INBOX)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let (user_id, secret) = (viewer.id, Secret::random().bytes());
    let set = move |connection: &Connection| sql::set_feed_secret(connection, user_id, &secret);
    match auth::write_as(cx, viewer, Standing::Any, set)? {
        Some(()) => Ok(reply::done(cx, paths::INBOX, Flash::FeedRenewed)),
        None => Err(Error::sign_in(paths::INBOX)),
    }
}

/// `GET /inbox/:user.:secret.atom`: the feed of an inbox, for everybody who knows its address.
///
/// # Errors
/// [`Error::NotFound`] for a wrong address; [`Error::BadRequest`] when the site's own address is unknown;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn feed(cx: &Cx, file: &str) -> Result {
    let address = file.strip_suffix(".atom").and_then(Token::parse).ok_or(Error::NotFound)?;
    let user_id = UserId::new(address.id);
    let found = cx.read(|connection| {
        let right = sql::feed_secret(connection, user_id)?
            .filter(|secret| address.matches(&Secret::of_bytes(*secret).hash()));
        if right.is_none() {
            return Ok(None);
        }
        let ids = sql::newest(connection, user_id, MAX_ENTRIES)?;
        let entries = ids.into_iter().map(Target::Comment);
        entries
            .filter_map(|target| feed::sql::entry(connection, target).transpose())
            .collect::<rusqlite::Result<_>>()
            .map(Some)
    })?;
    let entries = found.ok_or(Error::NotFound)?;
    let feed = Feed {
        title: "Inbox",
        path: format!("{}/{file}", paths::INBOX),
        identity: Some(format!("{}/{user_id}", paths::INBOX)),
        page: paths::INBOX.to_owned(),
        since: Timestamp::EPOCH,
        entries,
    };
    feed::handlers::respond_privately(cx, &feed)
}
