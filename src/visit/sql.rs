//! All SQL about visits.

use rusqlite::{Connection, OptionalExtension, params};

use super::Visit;
use crate::sql::for_each_of_user;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;

/// [`Visit::new_since`] for a look at a given time (SQL, microseconds): the last look before the current
/// visit. A visit ends half an hour after its last look, so that a reload, the next page or a sent form does
/// not clear the marks of new comments.
macro_rules! new_since {
    ($now:literal) => {
        concat!("iif(visits.looked_at < ", $now, " - 1800000000, visits.looked_at, visits.seen_at)")
    };
}

/// The comments on post `?2` after a given time by users other than `?1`, at most
/// [`MANY_NEW`](super::MANY_NEW) (SQL).
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

/// The visits of a user to `posts` with their positions; each visit has the position of its post.
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
    for_each_of_user(
        connection,
        sql,
        user_id,
        posts.map(|(position, id)| (position, id.get())),
        |position, row| {
            visits.push((position, Visit { new_since: row.get(1)?, looked_at: row.get(2)? }));
            Ok(())
        },
    )?;
    Ok(visits)
}

/// A user's visit to a post; `None`: the user has not looked at it.
pub fn find(connection: &Connection, user_id: UserId, post_id: PostId) -> rusqlite::Result<Option<Visit>> {
    let sql = concat!(
        "SELECT ",
        new_since!("unixepoch('subsec') * 1000000"),
        ", looked_at FROM visits WHERE user_id = ?1 AND post_id = ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_row(params![user_id, post_id], |row| {
            Ok(Visit { new_since: row.get(0)?, looked_at: row.get(1)? })
        })
        .optional()
}

/// The number of comments on a post that are new to a user, counted up to [`MANY_NEW`](super::MANY_NEW), and
/// whether one of them is younger than the user's last look.
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

/// Records that a user looked at a post. Does nothing if one of the two was deleted meanwhile.
pub fn record(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let both_exist: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1) AND EXISTS (SELECT 1 FROM posts WHERE id = ?2)",
        )?
        .query_row(params![user_id, post_id], |row| row.get(0))?;
    if !both_exist {
        return Ok(());
    }
    // max: a request of another window may have recorded a later look.
    let sql = concat!(
        "INSERT INTO visits (user_id, post_id, seen_at, looked_at) VALUES (?1, ?2, ?3, ?3) \
         ON CONFLICT DO UPDATE SET looked_at = max(looked_at, excluded.looked_at), seen_at = ",
        new_since!("excluded.looked_at")
    );
    connection.prepare_cached(sql)?.execute(params![user_id, post_id, now])?;
    Ok(())
}

/// Deletes at most `number` visits, for the deletion of a user's account; returns whether there were any.
pub fn delete_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM visits WHERE user_id = ?1 AND post_id IN \
               (SELECT post_id FROM visits WHERE user_id = ?1 LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.execute(params![user_id, number])? > 0)
}
