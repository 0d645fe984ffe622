//! All SQL about merged posts and moved comments.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Outcome, action};
use crate::comment::sql::moving;
use crate::moderation::{self, Decision};
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::vote::Target;

/// Whether a post or comment is neither deleted nor removed.
pub fn is_shown(connection: &Connection, target: Target) -> rusqlite::Result<bool> {
    Ok(moderation::sql::is_removed(connection, target)? == Some(false))
}

/// Merges a post into another, or moves a comment to it, and logs that. The merged post is removed.
pub fn change(
    connection: &Connection,
    admin_id: UserId,
    target: Target,
    to: PostId,
    (reason, now): (&str, Timestamp),
) -> rusqlite::Result<Outcome> {
    if let Some(done) = done_before(connection, target, to)? {
        return Ok(done);
    }
    if !is_shown(connection, target)? {
        return Ok(Outcome::NotFound);
    }
    if !is_shown(connection, Target::Post(to))? {
        return Ok(Outcome::NoPost);
    }
    match target {
        Target::Post(id) => {
            moving::move_all(connection, id, to)?;
            moderation::sql::remove(connection, target, now)?;
        }
        Target::Comment(id) if !moving::move_thread(connection, id, to, now)? => {
            return Ok(Outcome::Unchanged);
        }
        Target::Comment(_) => {}
    }
    let decision = Decision { action: action(target), subject: target.into(), reason, now };
    let act_id = moderation::sql::record(connection, Some(admin_id), &decision)?;
    connection
        .prepare_cached("UPDATE acts SET to_post_id = ?2 WHERE id = ?1")?
        .execute(params![act_id, to])?;
    Ok(Outcome::Done)
}

/// [`Outcome::Unchanged`] for a post that is merged into this one already.
fn done_before(connection: &Connection, target: Target, to: PostId) -> rusqlite::Result<Option<Outcome>> {
    let merged = match target {
        Target::Post(id) => merged_into(connection, id)?,
        Target::Comment(_) => None,
    };
    Ok(merged.filter(|into| *into == to).map(|_| Outcome::Unchanged))
}

/// The post into which a post was merged; `None`: it was not, or is there again.
pub fn merged_into(connection: &Connection, id: PostId) -> rusqlite::Result<Option<PostId>> {
    let sql = "SELECT acts.to_post_id FROM acts JOIN posts ON posts.id = acts.post_id \
               WHERE acts.post_id = ?1 AND acts.verb = 'merge' AND acts.created_at = posts.removed_at \
               ORDER BY acts.id DESC LIMIT 1";
    let found: Option<Option<PostId>> =
        connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}
