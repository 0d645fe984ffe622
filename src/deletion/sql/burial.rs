//! SQL that ends the time in which deleted posts and comments can come back.

use rusqlite::{Connection, Row, params};

use super::forget;
use crate::sql::{Step, remove_old};
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::vote::Target;
use crate::{comment, post};

/// Makes the deletion of a post or comment final, if it can still be undone.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn end(connection: &Connection, target: Target) -> rusqlite::Result<()> {
    if forget(connection, target)? { bury(connection, target) } else { Ok(()) }
}

/// Makes some of the deletions from before `cutoff` final, of those after the id `after`.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn end_old(connection: &Connection, after: i64, cutoff: Timestamp) -> rusqlite::Result<Step> {
    let sql = "SELECT id, deleted_at FROM deletions WHERE id > ?1 ORDER BY id LIMIT ?2";
    remove_old(connection, sql, (after, cutoff), |last| {
        let sql = "DELETE FROM deletions WHERE id > ?1 AND id <= ?2 AND deleted_at < ?3 \
                   RETURNING post_id, comment_id";
        let targets: Vec<Target> = connection
            .prepare_cached(sql)?
            .query_map(params![after, last, cutoff], target)?
            .collect::<Result<_, _>>()?;
        targets.iter().try_for_each(|target| bury(connection, *target))?;
        Ok(targets.len())
    })
}

/// Makes at most `number` deletions of a user final, whose account is being deleted; `false`: there were none.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn end_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let targets: Vec<Target> = connection
        .prepare_cached("SELECT post_id, comment_id FROM deletions WHERE user_id = ?1 LIMIT ?2")?
        .query_map(params![user_id, number], target)?
        .collect::<Result<_, _>>()?;
    for target in &targets {
        end(connection, *target)?;
    }
    Ok(!targets.is_empty())
}

fn target(row: &Row) -> rusqlite::Result<Target> {
    match row.get(0)? {
        Some(id) => Ok(Target::Post(id)),
        None => row.get(1).map(Target::Comment),
    }
}

fn bury(connection: &Connection, target: Target) -> rusqlite::Result<()> {
    match target {
        Target::Post(id) => post::sql::bury(connection, id),
        Target::Comment(id) => comment::sql::bury(connection, id),
    }
}
