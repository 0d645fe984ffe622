//! The SQL of the export that no noun has.

use rusqlite::Connection;

use crate::types::id::UserId;

/// The users after `after` in the order of their ids, at most `limit`.
pub(super) fn users_after(
    connection: &Connection,
    after: UserId,
    limit: u32,
) -> rusqlite::Result<Vec<UserId>> {
    connection
        .prepare_cached("SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_map((after, limit), |row| row.get(0))?
        .collect()
}
