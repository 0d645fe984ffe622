//! All SQL about saved posts and comments, except the queries of the lists: [`crate::post::sql::saved_by`] and
//! [`crate::comment::sql::lists::saved_by`].

use rusqlite::{Connection, params};

use super::SaveAction;
use crate::sql::{delete_some_of_user, for_each_of_user};
use crate::types::id::{CommentId, UserId};
use crate::types::time::Timestamp;
use crate::vote::Target;

/// Adds a post or comment to a user's list or removes it; does nothing if that is done already. Returns `false` when
/// there is no such post or comment.
pub fn change(
    connection: &Connection,
    user_id: UserId,
    target: Target,
    action: SaveAction,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let (sql, id) = target.statement(
        "SELECT EXISTS (SELECT 1 FROM posts WHERE id = ?1 AND deleted_at IS NULL)",
        "SELECT EXISTS (SELECT 1 FROM comments WHERE id = ?1 AND deleted_at IS NULL)",
    );
    let exists: bool = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
    if !exists {
        return Ok(false);
    }
    match action {
        SaveAction::Save => {
            let (sql, _) = target.statement(
                "INSERT INTO saved_posts (user_id, post_id, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                "INSERT INTO saved_comments (user_id, comment_id, created_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO NOTHING",
            );
            connection.prepare_cached(sql)?.execute(params![user_id, id, now])?
        }
        SaveAction::Unsave => {
            let (sql, _) = target.statement(
                "DELETE FROM saved_posts WHERE user_id = ?1 AND post_id = ?2",
                "DELETE FROM saved_comments WHERE user_id = ?1 AND comment_id = ?2",
            );
            connection.prepare_cached(sql)?.execute(params![user_id, id])?
        }
    };
    Ok(true)
}

/// Whether a user has saved a comment.
pub fn is_saved(connection: &Connection, user_id: UserId, id: CommentId) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM saved_comments WHERE user_id = ?1 AND comment_id = ?2)";
    connection.prepare_cached(sql)?.query_row(params![user_id, id], |row| row.get(0))
}

/// The positions of the comments that a user has saved, among `comments`.
pub fn among(
    connection: &Connection,
    user_id: UserId,
    comments: impl Iterator<Item = CommentId>,
) -> rusqlite::Result<Vec<usize>> {
    let sql = "SELECT comment_id FROM saved_comments WHERE user_id = ?1 AND comment_id BETWEEN ?2 AND ?3 \
               ORDER BY comment_id LIMIT ?4";
    let mut positions = Vec::new();
    for_each_of_user(connection, sql, user_id, comments.map(CommentId::get).enumerate(), |position, _| {
        positions.push(position);
        Ok(())
    })?;
    Ok(positions)
}

/// Deletes at most `number` rows of each of a user's lists, for the deletion of the account; returns whether there were
/// any.
pub fn delete_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let posts = "DELETE FROM saved_posts WHERE user_id = ?1 AND post_id IN \
                 (SELECT post_id FROM saved_posts WHERE user_id = ?1 LIMIT ?2)";
    let comments = "DELETE FROM saved_comments WHERE user_id = ?1 AND comment_id IN \
                    (SELECT comment_id FROM saved_comments WHERE user_id = ?1 LIMIT ?2)";
    delete_some_of_user(connection, &[posts, comments], user_id, number)
}
