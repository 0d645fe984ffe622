//! SQL that inserts, updates and deletes posts.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::link::{self, NewLink};
use super::super::{Content, NewPost, REPOST_WINDOW, UpdateOutcome};
use crate::rank;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::vote::{self, Target};

/// Inserts a post and adds it to its author's count; returns the id. `None` when another post has the title.
pub fn create(connection: &Connection, post: &NewPost) -> rusqlite::Result<Option<PostId>> {
    let created = connection
        .prepare_cached(
            "INSERT INTO posts (user_id, title, created_at, updated_at, hotness, url, site, address) \
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (title) DO NOTHING",
        )?
        .execute(params![
            post.user_id,
            post.title,
            post.created_at,
            rank::hotness(1, post.created_at),
            post.link.map(|link| &link.url),
            post.link.map(|link| &link.site),
            post.link.map(|link| &link.address),
        ])?;
    if created == 0 {
        return Ok(None);
    }
    let id = PostId::new(connection.last_insert_rowid());
    connection
        .prepare_cached("INSERT INTO descriptions (post_id, text) VALUES (?1, ?2)")?
        .execute(params![id, post.description])?;
    connection
        .prepare_cached("UPDATE users SET posts_count = posts_count + 1 WHERE id = ?1")?
        .execute([post.user_id])?;
    Ok(Some(id))
}

/// Whether a post other than `except` has this title.
pub fn has_title(connection: &Connection, title: &str, except: Option<PostId>) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM posts WHERE title = ?1 AND id IS NOT ?2)")?
        .query_row(params![title, except], |row| row.get(0))
}

/// The id and the points of the youngest post other than `except` that links to `address` and was made within
/// [`REPOST_WINDOW`] before `now`.
pub fn recent_with_address(
    connection: &Connection,
    address: &str,
    except: Option<PostId>,
    now: Timestamp,
) -> rusqlite::Result<Option<(PostId, i64)>> {
    let sql = "SELECT id, score FROM posts WHERE address = ?1 AND created_at > ?2 AND id IS NOT ?3 \
               AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row(params![address, now - REPOST_WINDOW, except], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whether another post made within [`REPOST_WINDOW`] before `now` keeps post `id` from getting this link.
/// `false` when post `id` has the address already.
pub fn is_address_taken(
    connection: &Connection,
    id: PostId,
    link: &NewLink,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = "SELECT address IS ?2 FROM posts WHERE id = ?1";
    let is_unchanged: Option<bool> =
        connection.prepare_cached(sql)?.query_row(params![id, link.address], |row| row.get(0)).optional()?;
    Ok(is_unchanged != Some(true) && recent_with_address(connection, &link.address, Some(id), now)?.is_some())
}

/// Computes the address of a post's link anew, for a post of a version that had other rules for addresses.
pub fn refresh_address(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    let sql = "SELECT url FROM posts WHERE id = ?1 AND url IS NOT NULL";
    let url: Option<String> = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    if let Some(link) = url.and_then(|url| link::parse(&url).ok()) {
        let sql = "UPDATE posts SET address = ?2 WHERE id = ?1 AND address IS NOT ?2";
        connection.prepare_cached(sql)?.execute(params![id, link.address])?;
    }
    Ok(())
}

/// Updates a post, unless another post has the title or the address.
pub fn update(
    connection: &Connection,
    id: PostId,
    content: &Content,
    link: Option<&NewLink>,
    now: Timestamp,
) -> rusqlite::Result<UpdateOutcome> {
    if let Some(link) = link
        && is_address_taken(connection, id, link, now)?
    {
        return Ok(UpdateOutcome::AddressTaken);
    }
    if has_title(connection, &content.title, Some(id))? {
        return Ok(UpdateOutcome::TitleTaken);
    }
    connection
        .prepare_cached(
            "UPDATE posts SET title = ?2, url = ?3, site = ?4, address = ?5, updated_at = ?6 WHERE id = ?1",
        )?
        .execute(params![
            id,
            content.title,
            link.map(|link| &link.url),
            link.map(|link| &link.site),
            link.map(|link| &link.address),
            now
        ])?;
    connection
        .prepare_cached("UPDATE descriptions SET text = ?2 WHERE post_id = ?1")?
        .execute(params![id, content.description])?;
    Ok(UpdateOutcome::Done)
}

/// Handles a post at the deletion of its author's account: deletes it, unless other users have commented on
/// it. Then it stays for their comments, without author, title and text.
pub fn delete_or_anonymize(
    connection: &Connection,
    id: PostId,
    author: UserId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM comments WHERE post_id = ?1 AND deleted_at IS NULL \
               AND user_id IS NOT ?2)";
    let is_discussed: bool =
        connection.prepare_cached(sql)?.query_row(params![id, author], |row| row.get(0))?;
    if !is_discussed {
        return destroy(connection, id);
    }
    vote::sql::delete_votes_for(connection, Target::Post(id))?;
    // A post that an admin removed is not in the count.
    connection
        .prepare_cached(
            "UPDATE users SET posts_count = posts_count - 1 \
             WHERE id = (SELECT user_id FROM posts WHERE id = ?1 AND deleted_at IS NULL)",
        )?
        .execute([id])?;
    connection
        .prepare_cached(
            "UPDATE posts SET user_id = NULL, title = NULL, url = NULL, site = NULL, address = NULL, \
             deleted_at = ?2, removed_at = NULL, updated_at = ?2 WHERE id = ?1",
        )?
        .execute(params![id, now])?;
    connection.prepare_cached("UPDATE descriptions SET text = '' WHERE post_id = ?1")?.execute([id])?;
    Ok(())
}

/// Deletes an anonymized post that has lost its last comment. A post that an admin removed stays: it can be
/// restored.
pub fn prune(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM posts WHERE id = ?1 AND deleted_at IS NOT NULL AND removed_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM comments WHERE post_id = ?1)";
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// Deletes a post with its comments and votes, and subtracts them from their authors' counts and karma.
pub fn destroy(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE users SET comments_count = comments_count - lost.number, karma = karma - lost.votes \
             FROM (SELECT user_id, count(*) AS number, sum(score - 1) AS votes FROM comments \
                   WHERE post_id = ?1 AND deleted_at IS NULL GROUP BY user_id) AS lost \
             WHERE users.id = lost.user_id",
        )?
        .execute([id])?;
    connection
        .prepare_cached(
            "UPDATE users SET posts_count = posts_count - 1, karma = karma - posts.score + 1 FROM posts \
             WHERE posts.id = ?1 AND posts.deleted_at IS NULL AND users.id = posts.user_id",
        )?
        .execute([id])?;
    connection.prepare_cached("DELETE FROM posts WHERE id = ?1")?.execute([id])?;
    Ok(())
}
