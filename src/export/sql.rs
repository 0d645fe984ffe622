//! The SQL of the export that no noun has.

use rusqlite::Connection;

use crate::types::id::{CommentId, PostId, UserId};
use crate::visibility::sql::on_page;

/// The users after `after` in the order of their ids, at most `limit`.
pub(super) fn users_after(
    connection: &Connection,
    after: UserId,
    limit: u32,
) -> rusqlite::Result<Vec<UserId>> {
    connection
        .prepare_cached("SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_map((after, limit), |row| row.get(0))?
        .collect()
}

/// The comments on a post that have a place on its page, each with the comment that it answers, the oldest first.
pub(super) fn comments_of(
    connection: &Connection,
    post_id: PostId,
) -> rusqlite::Result<Vec<(CommentId, Option<CommentId>)>> {
    let sql = concat!(
        "SELECT id, parent_id FROM comments WHERE post_id = ?1 AND ",
        on_page!("comments"),
        " ORDER BY created_at, id"
    );
    connection.prepare_cached(sql)?.query_map([post_id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
