//! All SQL about comments.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Comment, NewComment, OwnComment};
use crate::ui::pager::{Cursor, Slice};
use crate::user;

/// The comments on a post from `after` on: newest first.
pub fn of_post(
    connection: &Connection,
    post_id: i64,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Comment>> {
    let sql = "SELECT comments.id, comments.body, comments.created_at, users.id, users.screen_name \
               FROM comments LEFT JOIN users ON users.id = comments.user_id \
               WHERE comments.post_id = ?1 AND (comments.created_at, comments.id) < (?2, ?3) \
               AND comments.deleted_at IS NULL \
               ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?4";
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![post_id, after.key, after.id, limit + 1], |row| {
            Ok(Comment {
                id: row.get(0)?,
                body: row.get(1)?,
                created_at: row.get(2)?,
                author: user::sql::author(row, 3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, Comment::by_age))
}

/// Someone's comments from `after` on: newest first.
pub fn of_user(
    connection: &Connection,
    user_id: i64,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<OwnComment>> {
    let sql = "SELECT comments.id, comments.body, comments.created_at, posts.id, posts.title \
               FROM comments JOIN posts ON posts.id = comments.post_id \
               WHERE comments.user_id = ?1 AND (comments.created_at, comments.id) < (?2, ?3) \
               AND comments.deleted_at IS NULL \
               ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?4";
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![user_id, after.key, after.id, limit + 1], |row| {
            Ok(OwnComment {
                id: row.get(0)?,
                body: row.get(1)?,
                created_at: row.get(2)?,
                post_id: row.get(3)?,
                post_title: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, OwnComment::by_age))
}

/// Makes a comment and counts it, on its post and for its author; the id. A post or author that is
/// not there is a constraint violation.
pub fn create(connection: &Connection, comment: &NewComment) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO comments (post_id, user_id, created_at, updated_at, body) VALUES (?1, ?2, ?3, ?3, ?4)",
        )?
        .execute(params![comment.post_id, comment.user_id, comment.created_at, comment.body])?;
    let id = connection.last_insert_rowid();
    count(connection, comment.post_id, Some(comment.user_id), 1)?;
    Ok(id)
}

/// Any comment without replies, and its post; `None` when there are none.
pub fn random_leaf(connection: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
    // From a random place to the end, then from the start: the last rows may all have replies.
    let sql = concat!(
        "WITH place (id) AS MATERIALIZED (SELECT ",
        random_id!("comments"),
        "), leaf (id) AS (SELECT coalesce( \
             (SELECT id FROM comments AS c WHERE id >= (SELECT id FROM place) AND deleted_at IS NULL \
              AND NOT EXISTS (SELECT 1 FROM comments WHERE parent_id = c.id) ORDER BY id LIMIT 1), \
             (SELECT id FROM comments AS c WHERE deleted_at IS NULL \
              AND NOT EXISTS (SELECT 1 FROM comments WHERE parent_id = c.id) ORDER BY id LIMIT 1))) \
         SELECT comments.id, comments.post_id FROM leaf JOIN comments ON comments.id = leaf.id"
    );
    connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Removes a comment that nobody replied to, and takes it off the counts. One with replies is a
/// constraint violation.
pub fn destroy(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    // One that was marked as deleted is off the counts already.
    let sql = "DELETE FROM comments WHERE id = ?1 AND deleted_at IS NULL RETURNING post_id, user_id";
    let gone: Option<(i64, Option<i64>)> =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match gone {
        Some((post_id, user_id)) => count(connection, post_id, user_id, -1),
        None => Ok(()),
    }
}

/// The post's count is also a reader's first impression of it, so both change with the comment.
fn count(connection: &Connection, post_id: i64, user_id: Option<i64>, by: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE posts SET comments_count = comments_count + ?2 WHERE id = ?1")?
        .execute([post_id, by])?;
    connection
        .prepare_cached("UPDATE users SET comments_count = comments_count + ?2 WHERE id = ?1")?
        .execute(params![user_id, by])?;
    Ok(())
}
