//! SQL that moves comments to another post.

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::deletion;
use crate::types::id::{CommentId, PostId};
use crate::types::time::Timestamp;

/// Moves a comment with all replies to it to a post, which it answers from then on; the comment is not deleted. `false`: it
/// answers that post already.
pub fn move_thread(
    connection: &Connection,
    id: CommentId,
    to: PostId,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = "SELECT post_id, parent_id, depth FROM comments WHERE id = ?1 AND (post_id <> ?2 OR parent_id IS NOT NULL)";
    let found: Option<(PostId, Option<CommentId>, u32)> = connection
        .prepare_cached(sql)?
        .query_row(params![id, to], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((from, parent_id, depth)) = found else { return Ok(false) };
    let sql = "WITH RECURSIVE thread (id) AS (SELECT ?1 UNION ALL \
                   SELECT comments.id FROM thread CROSS JOIN comments ON comments.parent_id = thread.id) \
               UPDATE comments SET post_id = ?2, depth = depth - ?3, parent_id = nullif(parent_id, ?4) \
               WHERE id IN thread RETURNING deleted_at IS NULL";
    change_post(connection, sql, params![id, to, depth, parent_id], (from, to))?;
    deletion::left(connection, parent_id, from, now)?;
    Ok(true)
}

/// Moves all comments on a post to another, with their order and their replies, the drafts of comments on it, unless their
/// users have one there, and the wishes not to be told of answers.
pub fn move_all(connection: &Connection, from: PostId, to: PostId) -> rusqlite::Result<()> {
    let sql = "UPDATE comments SET post_id = ?2 WHERE post_id = ?1 RETURNING deleted_at IS NULL";
    change_post(connection, sql, params![from, to], (from, to))?;
    for sql in [
        "UPDATE OR IGNORE comment_drafts SET post_id = ?2 WHERE post_id = ?1",
        "INSERT OR IGNORE INTO muted_posts (user_id, post_id) SELECT user_id, ?2 FROM muted_posts WHERE post_id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute(params![from, to])?;
    }
    Ok(())
}

/// Runs a statement that takes comments from one post to another and returns whether each is shown, and counts those that are.
fn change_post(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    (from, to): (PostId, PostId),
) -> rusqlite::Result<()> {
    let mut number = 0;
    for is_shown in connection.prepare_cached(sql)?.query_map(params, |row| row.get::<_, bool>(0))? {
        number += i64::from(is_shown?);
    }
    let sql = "UPDATE posts SET comments_count = comments_count + ?2 WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    statement.execute(params![from, -number])?;
    statement.execute(params![to, number])?;
    Ok(())
}
