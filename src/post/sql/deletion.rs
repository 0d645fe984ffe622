//! SQL that deletes posts, and brings them back.

use rusqlite::{Connection, params};

use super::super::PostKind;
use crate::deletion::{self, UndoOutcome};
use crate::flag;
use crate::tag;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::version;
use crate::vote::{self, Target};

/// Deletes a post for its author. [`restore`] undoes it for a while. One with comments stays on its page
/// as `[deleted]`, without author, title and text. `false`: the user is not its author, or it is hidden already.
pub fn delete(connection: &Connection, id: PostId, author: UserId, now: Timestamp) -> rusqlite::Result<bool> {
    if !deletion::sql::hold(connection, Target::Post(id), author, now)? {
        return Ok(false);
    }
    add_to_counts(connection, id, -1)?;
    empty(connection, id, now)?;
    hide_unless_discussed(connection, id, now)?;
    Ok(true)
}

/// Undoes a user's [`delete`], within its time.
pub fn restore(
    connection: &Connection,
    id: PostId,
    user_id: UserId,
    now: Timestamp,
) -> rusqlite::Result<UndoOutcome> {
    let target = Target::Post(id);
    let Some(held) = deletion::sql::find(connection, target, user_id, now)? else {
        let is_there = super::author(connection, id)? == Some(user_id);
        return Ok(if is_there { UndoOutcome::Restored } else { UndoOutcome::NotHeld });
    };
    let [url, site, address] = held.link;
    let kind = held.title.as_deref().and_then(PostKind::of);
    let is_title_taken = match &held.title {
        Some(title) => super::with_title_since(connection, title, held.deleted_at)?.is_some(),
        None => false,
    };
    let is_reposted = match &address {
        Some(address) => is_posted_since(connection, address, held.deleted_at)?,
        None => false,
    };
    if is_title_taken || is_reposted {
        return Ok(UndoOutcome::Taken);
    }
    connection
        .prepare_cached(
            "UPDATE posts SET user_id = ?2, title = ?3, url = ?4, site = ?5, address = ?6, updated_at = ?7, \
             kind = ?8, deleted_at = NULL, gone_at = NULL WHERE id = ?1",
        )?
        .execute(params![id, held.user_id, held.title, url, site, address, held.updated_at, kind])?;
    connection
        .prepare_cached("UPDATE descriptions SET text = ?2 WHERE post_id = ?1")?
        .execute(params![id, held.text])?;
    deletion::sql::forget(connection, target)?;
    vote::sql::recount(connection, target)?;
    add_to_counts(connection, id, 1)?;
    Ok(UndoOutcome::Restored)
}

/// Whether a post with this address was made after `since`.
fn is_posted_since(connection: &Connection, address: &str, since: Timestamp) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM posts WHERE address = ?1 AND created_at > ?2 AND deleted_at IS NULL)";
    connection.prepare_cached(sql)?.query_row(params![address, since], |row| row.get(0))
}

/// Ends the time in which a deleted post can come back: its votes and flags go, and its row if no comment keeps it.
pub fn bury(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    vote::sql::forget_votes_for(connection, Target::Post(id))?;
    version::sql::forget(connection, Target::Post(id))?;
    flag::sql::close_case(connection, Target::Post(id))?;
    tag::sql::forget(connection, id)?;
    sweep(connection, id)
}

/// Adds `by` (1 or -1) of a present post to its author's count, and its votes to their karma.
fn add_to_counts(connection: &Connection, id: PostId, by: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE users SET posts_count = posts_count + ?2, karma = karma + ?2 * (posts.score - 1) FROM posts \
             WHERE posts.id = ?1 AND posts.deleted_at IS NULL AND users.id = posts.user_id",
        )?
        .execute(params![id, by])?;
    Ok(())
}

/// Takes author, title and text out of a post's row.
fn empty(connection: &Connection, id: PostId, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE posts SET user_id = NULL, title = NULL, url = NULL, site = NULL, address = NULL, \
             kind = NULL, deleted_at = ?2, removed_at = NULL, updated_at = ?2 WHERE id = ?1",
        )?
        .execute(params![id, now])?;
    connection.prepare_cached("UPDATE descriptions SET text = '' WHERE post_id = ?1")?.execute([id])?;
    Ok(())
}

/// Handles a post at the deletion of its author's account: deletes it, unless other users have commented on
/// it. Then it stays for their comments, without author, title and text.
pub fn delete_or_anonymize(
    connection: &Connection,
    id: PostId,
    author: UserId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    // A comment that its author can still bring back counts: it keeps the row for as long. One that is removed can be
    // restored.
    let sql = "SELECT EXISTS (SELECT 1 FROM comments WHERE post_id = ?1 \
               AND ((deleted_at IS NULL OR removed_at IS NOT NULL) AND user_id IS NOT ?2 \
               OR EXISTS (SELECT 1 FROM deletions WHERE comment_id = comments.id)))";
    let is_discussed: bool =
        connection.prepare_cached(sql)?.query_row(params![id, author], |row| row.get(0))?;
    if !is_discussed {
        return destroy(connection, id);
    }
    vote::sql::delete_votes_for(connection, Target::Post(id))?;
    version::sql::forget(connection, Target::Post(id))?;
    tag::sql::forget(connection, id)?;
    // A post that an admin removed is not in the count.
    add_to_counts(connection, id, -1)?;
    empty(connection, id, now)?;
    hide_unless_discussed(connection, id, now)
}

/// Takes a deleted post off its page when no comment on it is on a page. A post that an admin removed stays: it can
/// be restored.
pub fn hide_unless_discussed(connection: &Connection, id: PostId, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "UPDATE posts SET gone_at = ?2 WHERE id = ?1 AND gone_at IS NULL AND deleted_at IS NOT NULL \
               AND removed_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM comments WHERE post_id = ?1 AND gone_at IS NULL)";
    connection.prepare_cached(sql)?.execute(params![id, now])?;
    Ok(())
}

/// Shows the page of a post again, on which a comment has come back.
pub fn show_again(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    let sql = "UPDATE posts SET gone_at = NULL WHERE id = ?1 AND gone_at IS NOT NULL";
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// Deletes the row of a post that is on no page, unless the post or a comment on it can come back.
pub fn sweep(connection: &Connection, id: PostId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM posts WHERE id = ?1 AND gone_at IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM comments WHERE post_id = ?1) \
               AND NOT EXISTS (SELECT 1 FROM deletions WHERE post_id = ?1)";
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
    add_to_counts(connection, id, -1)?;
    connection.prepare_cached("DELETE FROM posts WHERE id = ?1")?.execute([id])?;
    Ok(())
}
