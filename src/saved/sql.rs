//! All SQL about saved posts, except the query of the list: [`crate::post::sql::saved_by`].

use rusqlite::{Connection, params};

use super::SaveAction;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;

/// Adds a post to a user's list or removes it; does nothing if that is done already. Returns `false` when
/// there is no such post.
pub fn change(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
    action: SaveAction,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let exists: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM posts WHERE id = ?1 AND deleted_at IS NULL)")?
        .query_row([post_id], |row| row.get(0))?;
    if !exists {
        return Ok(false);
    }
    match action {
        SaveAction::Save => connection
            .prepare_cached(
                "INSERT INTO saved_posts (user_id, post_id, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute(params![user_id, post_id, now])?,
        SaveAction::Unsave => connection
            .prepare_cached("DELETE FROM saved_posts WHERE user_id = ?1 AND post_id = ?2")?
            .execute(params![user_id, post_id])?,
    };
    Ok(true)
}

/// Deletes at most `number` rows of a user's list, for the deletion of the account; returns whether there
/// were any.
pub fn delete_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM saved_posts WHERE user_id = ?1 AND post_id IN \
               (SELECT post_id FROM saved_posts WHERE user_id = ?1 LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.execute(params![user_id, number])? > 0)
}
