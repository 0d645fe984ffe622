//! Recording that a user looks at a post.

use std::time::Duration;

use super::{CLOCK_MARGIN, sql};
use crate::auth;
use crate::post::{PostDetail, Relation};
use crate::types::time::Timestamp;
use crate::web::{Cx, Result};

/// A further look within this time that shows nothing new is not recorded, which saves a write.
const MIN_VISIT_INTERVAL: Duration = Duration::from_mins(5);

/// The page of a discussion that a user looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The first page: the entry to the discussion, which points to new comments.
    First,
    /// Another page, also that of one comment. It prolongs a visit, but may not show the new comments.
    Other,
}

/// Records the viewer's look at a post, if it changes the marks of new comments. The response does not wait
/// for the write: if it fails, as on a full disk, the viewer sees comments marked as new once more.
///
/// A comment gets the time of its request. One that was still in the queue of the writer during the look is
/// older than the look, so it is never marked as new: a window of milliseconds, of seconds under heavy load.
///
/// # Errors
/// [`Error::Unavailable`](crate::web::Error::Unavailable) or [`Error::Internal`](crate::web::Error::Internal)
/// when the database fails at looking up the viewer.
pub fn record_visit(cx: &Cx, detail: &PostDetail, page: Page) -> Result<()> {
    let Some(viewer) = auth::viewer(cx)? else {
        return Ok(());
    };
    // A HEAD request or a prefetch does not show the page to the viewer.
    if cx.request.method() != "GET" || cx.is_prefetch() || !should_record(cx.now, detail, page) {
        return Ok(());
    }
    let (user_id, post_id, now) = (viewer.id, detail.post.id, cx.now);
    let recorded = cx.site.db.write_later(move |connection| sql::record(connection, user_id, post_id, now));
    if let Err(error) = recorded {
        lorem_counted_log::warn!("recording the visit of user {user_id} to post {post_id}: {error}");
    }
    Ok(())
}

/// Until when a look at this page needs no record, if nothing is written: [`record_visit`] has none to make. `None`: it
/// has one to make now, so that no copy of the page can stand for it.
///
/// # Errors
/// [`Error::Unavailable`](crate::web::Error::Unavailable) or [`Error::Internal`](crate::web::Error::Internal)
/// when the database fails at looking up the viewer.
pub fn unrecorded_until(cx: &Cx, detail: &PostDetail, page: Page) -> Result<Option<Timestamp>> {
    if auth::viewer(cx)?.is_none() {
        return Ok(Some(Timestamp::MAX));
    }
    if should_record(cx.now, detail, page) {
        return Ok(None);
    }
    let Some(visit) = detail.relation.visit else {
        return Ok(Some(Timestamp::MAX));
    };
    let next = [visit.looked_at + MIN_VISIT_INTERVAL, visit.ends_at()]
        .into_iter()
        .find(|moment| *moment + CLOCK_MARGIN >= cx.now);
    Ok(Some(next.unwrap_or(Timestamp::MAX)))
}

fn should_record(now: Timestamp, detail: &PostDetail, page: Page) -> bool {
    let Relation { visit, has_unseen, .. } = detail.relation;
    let was_long_ago = visit.is_none_or(|visit| visit.looked_at < now - MIN_VISIT_INTERVAL);
    match page {
        Page::First => was_long_ago || has_unseen,
        Page::Other => visit.is_some() && was_long_ago && !has_unseen,
    }
}
