//! All SQL about visits.

use rusqlite::{Connection, params};

use super::Visit;
use crate::sql::among;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;

/// Since when what others say is new to a reader who looks at a moment (SQL, in microseconds): since
/// they looked last before this visit. A visit ends when nothing was looked at for half an hour, so
/// that a reload, the next page and a form that was sent do not take the marks away.
macro_rules! new_since {
    ($now:literal) => {
        concat!("iif(visits.looked_at < ", $now, " - 1800000000, visits.looked_at, visits.seen_at)")
    };
}
pub(crate) use new_since;

/// The comments on post `?2` that others than reader `?1` made since a moment (SQL).
macro_rules! others_since {
    ($moment:literal) => {
        concat!(
            "(SELECT 1 FROM comments WHERE post_id = ?2 AND created_at > ",
            $moment,
            " AND deleted_at IS NULL AND user_id IS NOT ?1 LIMIT ",
            many_new!(),
            ")"
        )
    };
}

/// The visits of a user to posts that are given with their positions, each with the position of its post.
pub fn of_posts(
    connection: &Connection,
    user_id: UserId,
    posts: impl Iterator<Item = (usize, PostId)>,
) -> rusqlite::Result<Vec<(usize, Visit)>> {
    let sql = concat!(
        "SELECT post_id, ",
        new_since!("unixepoch('subsec') * 1000000"),
        ", looked_at FROM visits WHERE user_id = ?1 AND post_id BETWEEN ?2 AND ?3 ORDER BY post_id LIMIT ?4"
    );
    let mut visits = Vec::new();
    among(connection, sql, user_id, posts.map(|(position, id)| (position, id.get())), |position, row| {
        visits.push((position, Visit { new_since: row.get(1)?, looked_at: row.get(2)? }));
        Ok(())
    })?;
    Ok(visits)
}

/// How many comments on a post are new to a reader, counted up to [`MANY_NEW`](super::MANY_NEW),
/// and whether one came after they looked last.
pub fn new_comments(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
    visit: Visit,
) -> rusqlite::Result<(i64, bool)> {
    let sql =
        concat!("SELECT (SELECT count(*) FROM ", others_since!("?3"), "), EXISTS ", others_since!("?4"));
    connection
        .prepare_cached(sql)?
        .query_row(params![user_id, post_id, visit.new_since, visit.looked_at], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
}

/// Notes that a reader looked at a post. Nothing happens when one of the two is gone meanwhile.
pub fn record(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    // They may have looked later in another window.
    let sql = concat!(
        "INSERT INTO visits (user_id, post_id, seen_at, looked_at) \
         SELECT users.id, posts.id, ?3, ?3 FROM users, posts WHERE users.id = ?1 AND posts.id = ?2 \
         ON CONFLICT DO UPDATE SET looked_at = max(looked_at, excluded.looked_at), seen_at = ",
        new_since!("excluded.looked_at")
    );
    connection.prepare_cached(sql)?.execute(params![user_id, post_id, now])?;
    Ok(())
}

/// Forgets some of what someone has seen who leaves, at most `number`; whether there was any.
pub fn delete_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM visits WHERE user_id = ?1 AND post_id IN \
               (SELECT post_id FROM visits WHERE user_id = ?1 LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.execute(params![user_id, number])? > 0)
}
