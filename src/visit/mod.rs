//! When a reader last looked at a post: what others said since is new to them.

pub mod sql;

use crate::post::Whole;
use crate::ui::time::{MINUTE, Micros};
use crate::web::{Cx, Result};

/// Who looks again so soon and finds nothing new costs no write.
const WORTH_NOTING: Micros = 5 * MINUTE;

/// Notes that who asks now sees a post, if they are signed in and it makes a difference. Nobody waits
/// for it: should it fail, as on a full disk, they see the same comments as new once more.
///
/// # Errors
/// The database's, when asking who asks.
pub fn note(cx: &Cx, whole: &Whole) -> Result<()> {
    let Some(viewer) = cx.viewer()? else {
        return Ok(());
    };
    let was_long_ago = whole.seen_at.is_none_or(|seen_at| seen_at < cx.now - WORTH_NOTING);
    // Who only asks for the head has not seen anything.
    if cx.request.method() != "GET" || !(was_long_ago || whole.post.new_comments > 0) {
        return Ok(());
    }
    let (user_id, post_id, now) = (viewer.id, whole.post.id, cx.now);
    let noted = cx.app.db.write_later(move |connection| sql::note(connection, user_id, post_id, now));
    if let Err(error) = noted {
        log::warn!("noting that user {user_id} has seen post {post_id}: {error}");
    }
    Ok(())
}
