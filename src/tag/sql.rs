//! All SQL about the tags of posts, except the query of the posts of a tag: [`crate::post::sql::of_tag`].

use rusqlite::{Connection, params};

use super::each;
use crate::types::id::PostId;

/// Gives a post these tags, in place of those that it has.
pub fn set(connection: &Connection, id: PostId, tags: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE posts SET tags = nullif(?2, '') WHERE id = ?1")?
        .execute(params![id, tags])?;
    connection.prepare_cached("DELETE FROM post_tags WHERE post_id = ?1")?.execute([id])?;
    for tag in each(tags) {
        connection
            .prepare_cached("INSERT INTO post_tags (tag, post_id) VALUES (?1, ?2)")?
            .execute(params![tag, id])?;
    }
    Ok(())
}

/// Takes the tags of a post away for good, if it has some.
pub fn forget(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    if connection.prepare_cached("DELETE FROM post_tags WHERE post_id = ?1")?.execute([id])? > 0 {
        connection.prepare_cached("UPDATE posts SET tags = NULL WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}
