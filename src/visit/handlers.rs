//! Noting that a reader looks at a post.

use std::time::Duration;

use super::sql;
use crate::auth;
use crate::post::PostDetail;
use crate::types::time::Timestamp;
use crate::web::{Cx, Result};

/// Who looks again so soon and finds nothing new costs no write.
const MIN_VISIT_INTERVAL: Duration = Duration::from_mins(5);

/// The page that a reader looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The first of a discussion: where they come to it, and are told what is new.
    First,
    /// Another, also that of one comment: who reads on there is still here. It may not show what was
    /// said meanwhile.
    Other,
}

/// Notes that who asks now looks at a post, if they are signed in and it makes a difference. Nobody waits
/// for it: should it fail, as on a full disk, they see the same comments as new once more.
///
/// A comment is as old as its request: one that waited to be written while its reader looked is older
/// than the look, and is never new to them. That is a window of milliseconds, of seconds under a
/// great load.
///
/// # Errors
/// The database's, when asking who asks.
pub fn record_visit(cx: &Cx, detail: &PostDetail, page: Page) -> Result<()> {
    let Some(viewer) = auth::viewer(cx)? else {
        return Ok(());
    };
    // Who only asks for the head has not seen anything, nor has a browser that fetches ahead.
    if cx.request.method() != "GET" || cx.is_prefetch() || !should_record(cx.now, detail, page) {
        return Ok(());
    }
    let (user_id, post_id, now) = (viewer.id, detail.post.id, cx.now);
    let recorded = cx.site.db.write_later(move |connection| sql::record(connection, user_id, post_id, now));
    if let Err(error) = recorded {
        log::warn!("noting that user {user_id} has seen post {post_id}: {error}");
    }
    Ok(())
}

fn should_record(now: Timestamp, detail: &PostDetail, page: Page) -> bool {
    let was_long_ago = detail.looked_at.is_none_or(|looked_at| looked_at < now - MIN_VISIT_INTERVAL);
    match page {
        Page::First => was_long_ago || detail.post.has_unseen,
        Page::Other => detail.looked_at.is_some() && was_long_ago && !detail.post.has_unseen,
    }
}
