//! All SQL about comments.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Comment, NewComment, ON_A_PAGE, OwnComment, Placed, TWICE};
use crate::post::{self, DELETED};
use crate::ui::pager::{Cursor, Slice};
use crate::ui::time::Micros;
use crate::user;
use crate::vote::{self, Target};

/// Its number, text, time, and author.
fn from_row(row: &Row) -> rusqlite::Result<Comment> {
    Ok(Comment {
        id: row.get(0)?,
        body: row.get(1)?,
        created_at: row.get(2)?,
        author: user::sql::author(row, 3)?,
        score: row.get(5)?,
        is_voted: row.get(6)?,
    })
}

/// The comments on a post from `after` on: newest first. Those that were deleted are among them where
/// others replied, and those that an admin removed, each with `[removed]` in the place of what it said.
pub fn of_post(
    connection: &Connection,
    viewer_id: i64,
    post_id: i64,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Comment>> {
    let sql = "SELECT comments.id, iif(comments.removed_at IS NULL, comments.body, '[removed]'), \
               comments.created_at, users.id, users.screen_name, comments.score, comment_votes.user_id IS NOT NULL \
               FROM comments LEFT JOIN users ON users.id = comments.user_id AND comments.removed_at IS NULL \
               LEFT JOIN comment_votes ON comment_votes.user_id = ?1 AND comment_votes.comment_id = comments.id \
               WHERE comments.post_id = ?2 AND (comments.created_at, comments.id) < (?3, ?4) \
               ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?5";
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![viewer_id, post_id, after.key, after.id, limit + 1], from_row)?
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
    let sql = "SELECT comments.id, comments.body, comments.created_at, posts.id, \
               iif(posts.removed_at IS NULL, posts.title, '[removed]') FROM comments JOIN posts ON posts.id = comments.post_id \
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
                post_title: row.get::<_, Option<String>>(4)?.unwrap_or_else(|| DELETED.to_owned()),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, OwnComment::by_age))
}

/// A comment that was not deleted; `None` when there is none.
pub fn find(connection: &Connection, viewer_id: i64, id: i64) -> rusqlite::Result<Option<Placed>> {
    let sql = "SELECT comments.id, comments.body, comments.created_at, users.id, users.screen_name, \
               comments.score, comment_votes.user_id IS NOT NULL, comments.post_id \
               FROM comments LEFT JOIN users ON users.id = comments.user_id \
               LEFT JOIN comment_votes ON comment_votes.user_id = ?1 AND comment_votes.comment_id = comments.id \
               WHERE comments.id = ?2 AND comments.deleted_at IS NULL";
    let found = connection
        .prepare_cached(sql)?
        .query_row([viewer_id, id], |row| Ok((from_row(row)?, row.get(7)?)))
        .optional()?;
    let Some((comment, post_id)) = found else {
        return Ok(None);
    };
    let before = connection
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM comments \
             WHERE post_id = ?1 AND (created_at, id) > (?2, ?3) LIMIT ?4)",
        )?
        .query_row(params![post_id, comment.created_at, id, ON_A_PAGE], |row| row.get(0))?;
    Ok(Some(Placed { comment, post_id, before }))
}

/// Whose a comment is; `None` when there is none or it was deleted.
pub fn author(connection: &Connection, id: i64) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT user_id FROM comments WHERE id = ?1 AND deleted_at IS NULL";
    let found: Option<Option<i64>> =
        connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// The comment that says the same as `new`, by the same person, on the same post, not long before: its
/// number, and when it was made.
pub fn twin(connection: &Connection, new: &NewComment) -> rusqlite::Result<Option<(i64, Micros)>> {
    let sql = "SELECT id, created_at FROM comments WHERE user_id = ?1 AND created_at > ?2 AND post_id = ?3 AND body = ?4 \
               AND deleted_at IS NULL LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row(params![new.user_id, new.created_at - TWICE, new.post_id, new.body], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
}

/// How many comments a post has; `None` when it is gone.
pub fn count_of(connection: &Connection, post_id: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT comments_count FROM posts WHERE id = ?1")?
        .query_row([post_id], |row| row.get(0))
        .optional()
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

/// Changes what a comment says.
pub fn update(connection: &Connection, id: i64, body: &str, now: Micros) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE comments SET body = ?2, updated_at = ?3 WHERE id = ?1")?
        .execute(params![id, body, now])?;
    Ok(())
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

/// What has become of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is gone, and with it those that were kept for its sake alone: their numbers.
    Removed(Vec<i64>),
    /// Somebody replied to it: it stays, without author and text.
    Emptied,
}

/// Removes a comment and takes it off the counts; one with replies is emptied instead. `None`: there
/// is none, or it was deleted before.
pub fn destroy(connection: &Connection, id: i64, now: Micros) -> rusqlite::Result<Option<Fate>> {
    let sql = "DELETE FROM comments WHERE id = ?1 AND deleted_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM comments AS reply WHERE reply.parent_id = ?1) \
               RETURNING post_id, user_id, parent_id, score";
    let removed: Option<(i64, Option<i64>, Option<i64>, i64)> = connection
        .prepare_cached(sql)?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    if let Some((post_id, user_id, parent_id, score)) = removed {
        count(connection, post_id, user_id, -1)?;
        if score > 1 {
            vote::sql::add_karma(connection, user_id, 1 - score)?;
        }
        let pruned = prune(connection, parent_id)?;
        post::sql::prune(connection, post_id)?;
        return Ok(Some(Fate::Removed(pruned)));
    }
    let sql = "SELECT post_id, user_id FROM comments WHERE id = ?1 AND deleted_at IS NULL";
    let found: Option<(i64, Option<i64>)> =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((post_id, user_id)) = found else {
        return Ok(None);
    };
    vote::sql::forget(connection, Target::Comment(id))?;
    connection
        .prepare_cached(
            "UPDATE comments SET deleted_at = ?2, updated_at = ?2, user_id = NULL, body = '' WHERE id = ?1",
        )?
        .execute([id, now])?;
    count(connection, post_id, user_id, -1)?;
    Ok(Some(Fate::Emptied))
}

/// Removes a comment whose author leaves, also one that an admin has removed: it is counted no more.
pub fn leave(connection: &Connection, id: i64, now: Micros) -> rusqlite::Result<()> {
    if destroy(connection, id, now)?.is_some() {
        return Ok(());
    }
    let sql = "DELETE FROM comments WHERE id = ?1 AND removed_at IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM comments AS reply WHERE reply.parent_id = ?1) \
               RETURNING post_id, parent_id";
    let gone: Option<(i64, Option<i64>)> =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if let Some((post_id, parent_id)) = gone {
        prune(connection, parent_id)?;
        return post::sql::prune(connection, post_id);
    }
    vote::sql::forget(connection, Target::Comment(id))?;
    connection
        .prepare_cached(
            "UPDATE comments SET removed_at = NULL, updated_at = ?2, user_id = NULL, body = '' \
             WHERE id = ?1 AND removed_at IS NOT NULL",
        )?
        .execute([id, now])?;
    Ok(())
}

/// What was kept for its replies alone goes with the last of them, and so on upwards; the numbers. What
/// an admin removed stays, to be restored.
fn prune(connection: &Connection, mut id: Option<i64>) -> rusqlite::Result<Vec<i64>> {
    let sql = "DELETE FROM comments WHERE id = ?1 AND deleted_at IS NOT NULL AND removed_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM comments AS reply WHERE reply.parent_id = ?1) RETURNING parent_id";
    let mut pruned = Vec::new();
    while let Some(emptied) = id {
        let parent: Option<Option<i64>> =
            connection.prepare_cached(sql)?.query_row([emptied], |row| row.get(0)).optional()?;
        if parent.is_some() {
            pruned.push(emptied);
        }
        id = parent.flatten();
    }
    Ok(pruned)
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
