//! SQL that deletes comments, and brings them back.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::adjust_counts;
use crate::deletion::{self, UndoOutcome};
use crate::flag;
use crate::post;
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::version;
use crate::vote::{self, Target};

/// The result of deleting a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// The comment is on no page any more, nor are the deleted ancestors that had stayed only for it.
    Removed {
        /// Those ancestors, innermost first.
        pruned: Vec<CommentId>,
        /// The nearest ancestor that remains; `None`: the post.
        parent_id: Option<CommentId>,
    },
    /// The comment has replies: it stays as `[deleted]`, without author and text.
    Emptied,
}

/// Deletes a comment for its author. [`restore`] undoes it for a while. `None`: the user is not its
/// author, or it is hidden already.
pub fn delete(
    connection: &Connection,
    id: CommentId,
    author: UserId,
    now: Timestamp,
) -> rusqlite::Result<Option<Deletion>> {
    if !deletion::sql::hold(connection, Target::Comment(id), author, now)? {
        return Ok(None);
    }
    add_to_counts(connection, id, -1)?;
    empty(connection, id, now).map(Some)
}

/// Undoes a user's [`delete`], within its time. Deleted ancestors, and a deleted post, that had gone with the comment
/// are on their pages again, as `[deleted]`.
pub fn restore(
    connection: &Connection,
    id: CommentId,
    user_id: UserId,
    now: Timestamp,
) -> rusqlite::Result<UndoOutcome> {
    let target = Target::Comment(id);
    let Some(held) = deletion::sql::find(connection, target, user_id, now)? else {
        let is_there = super::author(connection, id)? == Some(user_id);
        return Ok(if is_there { UndoOutcome::Restored } else { UndoOutcome::NotHeld });
    };
    let sql = "UPDATE comments SET user_id = ?2, body = ?3, updated_at = ?4, deleted_at = NULL WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![id, held.user_id, held.text, held.updated_at])?;
    deletion::sql::forget(connection, target)?;
    vote::sql::recount(connection, target)?;
    let post_id = add_to_counts(connection, id, 1)?;
    show_again(connection, id)?;
    if let Some(post_id) = post_id {
        post::sql::show_again(connection, post_id)?;
    }
    Ok(UndoOutcome::Restored)
}

/// Ends the time in which a deleted comment can come back: its votes and flags go, and its row if no reply keeps it.
pub fn bury(connection: &Connection, id: CommentId) -> rusqlite::Result<()> {
    vote::sql::forget_votes_for(connection, Target::Comment(id))?;
    version::sql::forget(connection, Target::Comment(id))?;
    flag::sql::close_case(connection, Target::Comment(id))?;
    let sql = "SELECT post_id FROM comments WHERE id = ?1";
    match connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()? {
        Some(post_id) => sweep(connection, Some(id), post_id),
        None => Ok(()),
    }
}

/// Deletes a comment for good and subtracts it from the counts; a comment with replies is emptied instead. `None`:
/// there is no such comment, or it was deleted before.
pub fn destroy(connection: &Connection, id: CommentId, now: Timestamp) -> rusqlite::Result<Option<Deletion>> {
    // Most comments have no replies, and take no more than this.
    let sql = "DELETE FROM comments WHERE id = ?1 AND deleted_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM comments AS reply WHERE reply.parent_id = ?1) \
               RETURNING post_id, user_id, score, parent_id";
    let deleted: Option<(Counted, Option<CommentId>)> =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((counted(row)?, row.get(3)?))).optional()?;
    if let Some((counted, parent_id)) = deleted {
        counted.add(connection, -1)?;
        let (pruned, remaining) = hide(connection, parent_id, counted.post_id, now)?;
        sweep(connection, parent_id, counted.post_id)?;
        return Ok(Some(Deletion::Removed { pruned, parent_id: remaining }));
    }
    match add_to_counts(connection, id, -1)? {
        Some(_) => empty_for_good(connection, id, now).map(Some),
        None => Ok(None),
    }
}

/// Deletes a comment whose author deletes their account, also one that an admin removed, which is not in the
/// counts any more.
pub fn delete_with_account(connection: &Connection, id: CommentId, now: Timestamp) -> rusqlite::Result<()> {
    match destroy(connection, id, now)? {
        Some(_) => Ok(()),
        None => empty_for_good(connection, id, now).map(drop),
    }
}

fn empty_for_good(connection: &Connection, id: CommentId, now: Timestamp) -> rusqlite::Result<Deletion> {
    let deletion = empty(connection, id, now)?;
    bury(connection, id)?;
    Ok(deletion)
}

/// The columns of a comment that determine which counters it changes.
struct Counted {
    post_id: PostId,
    author: Option<UserId>,
    score: i64,
}

fn counted(row: &Row) -> rusqlite::Result<Counted> {
    Ok(Counted { post_id: row.get(0)?, author: row.get(1)?, score: row.get(2)? })
}

impl Counted {
    /// Adds `by` (1 or -1) to the counts of the post and the author, and the votes to their karma.
    fn add(&self, connection: &Connection, by: i64) -> rusqlite::Result<()> {
        adjust_counts(connection, self.post_id, self.author, by)?;
        if self.score > 1 {
            vote::sql::add_karma(connection, self.author, by * (self.score - 1))
        } else {
            Ok(())
        }
    }
}

/// Adds `by` (1 or -1) of a present comment to the counters; its post. A hidden comment is not counted: `None`.
fn add_to_counts(connection: &Connection, id: CommentId, by: i64) -> rusqlite::Result<Option<PostId>> {
    let sql = "SELECT post_id, user_id, score FROM comments WHERE id = ?1 AND deleted_at IS NULL";
    let Some(found) = connection.prepare_cached(sql)?.query_row([id], counted).optional()? else {
        return Ok(None);
    };
    found.add(connection, by)?;
    Ok(Some(found.post_id))
}

/// Takes author and text out of a comment's row, and the comment off its page if it has no replies there.
fn empty(connection: &Connection, id: CommentId, now: Timestamp) -> rusqlite::Result<Deletion> {
    let sql = "UPDATE comments SET deleted_at = ?2, removed_at = NULL, updated_at = ?2, user_id = NULL, body = '' \
               WHERE id = ?1 RETURNING post_id";
    let post_id = connection.prepare_cached(sql)?.query_row(params![id, now], |row| row.get(0))?;
    let (mut gone, parent_id) = hide(connection, Some(id), post_id, now)?;
    if gone.is_empty() {
        return Ok(Deletion::Emptied);
    }
    gone.remove(0);
    Ok(Deletion::Removed { pruned: gone, parent_id })
}

/// Takes what stayed only for a comment that has gone from `post_id` off its page: deleted ancestors, from `parent_id` on, and
/// a deleted post.
pub(super) fn left(
    connection: &Connection,
    parent_id: Option<CommentId>,
    post_id: PostId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    hide(connection, parent_id, post_id, now)?;
    sweep(connection, parent_id, post_id)
}

/// Takes comment `id` off its page if it is emptied and no reply to it is on a page, then its parent under the same
/// condition, and so on, at last a deleted post: those comments, and the nearest ancestor that remains. A comment
/// that an admin removed stays, so that it can be restored.
fn hide(
    connection: &Connection,
    mut id: Option<CommentId>,
    post_id: PostId,
    now: Timestamp,
) -> rusqlite::Result<(Vec<CommentId>, Option<CommentId>)> {
    let sql = "UPDATE comments SET gone_at = ?2 WHERE id = ?1 AND gone_at IS NULL AND deleted_at IS NOT NULL \
               AND removed_at IS NULL AND NOT EXISTS (SELECT 1 FROM comments AS reply \
               WHERE reply.parent_id = ?1 AND reply.gone_at IS NULL) RETURNING parent_id";
    let mut gone = Vec::new();
    while let Some(emptied) = id {
        let parent: Option<Option<CommentId>> =
            connection.prepare_cached(sql)?.query_row(params![emptied, now], |row| row.get(0)).optional()?;
        let Some(parent) = parent else { break };
        gone.push(emptied);
        id = parent;
    }
    if id.is_none() {
        post::sql::hide_unless_discussed(connection, post_id, now)?;
    }
    Ok((gone, id))
}

/// Shows a comment again, and the ancestors without which it would be on no page.
fn show_again(connection: &Connection, id: CommentId) -> rusqlite::Result<()> {
    let sql = "UPDATE comments SET gone_at = NULL WHERE id = ?1 AND gone_at IS NOT NULL RETURNING parent_id";
    let mut next = Some(id);
    while let Some(gone) = next {
        let parent_id: Option<Option<CommentId>> =
            connection.prepare_cached(sql)?.query_row([gone], |row| row.get(0)).optional()?;
        next = parent_id.flatten();
    }
    Ok(())
}

/// Deletes the row of a comment that is on no page, unless the comment or a reply to it can come back; then its
/// parent under the same condition, and so on, at last the post.
fn sweep(connection: &Connection, mut id: Option<CommentId>, post_id: PostId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM comments WHERE id = ?1 AND gone_at IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM comments AS reply WHERE reply.parent_id = ?1) \
               AND NOT EXISTS (SELECT 1 FROM deletions WHERE comment_id = ?1) RETURNING parent_id";
    while let Some(gone) = id {
        let parent: Option<Option<CommentId>> =
            connection.prepare_cached(sql)?.query_row([gone], |row| row.get(0)).optional()?;
        let Some(parent) = parent else { return Ok(()) };
        id = parent;
    }
    post::sql::sweep(connection, post_id)
}
