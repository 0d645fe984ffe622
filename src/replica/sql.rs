//! The replica's SQL: what the database records about its replica, and the queries that check a copy.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Identity, NewestIds, RowCounts, Sentinel, Verification};
use crate::types::time::{DAY, Timestamp};

/// The database's identity.
///
/// # Errors
/// SQLite's.
pub fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    connection.query_row("SELECT identity FROM replica", [], |row| row.get(0))
}

/// The location whose replica is known to be this database's, as a URL.
///
/// # Errors
/// SQLite's.
pub fn location(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT place FROM replica", [], |row| row.get(0))
}

/// Records the location of this database's replica.
///
/// # Errors
/// SQLite's.
pub fn set_location(connection: &Connection, location: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE replica SET place = ?", [location]).map(drop)
}

/// Writes a heartbeat: a transaction for Litestream to copy.
///
/// # Errors
/// SQLite's.
pub fn write_heartbeat(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection.execute("UPDATE replica SET beat_at = ?", [now]).map(drop)
}

/// The result of the last verification; `None`: there was none.
///
/// # Errors
/// SQLite's.
pub fn last_verification(connection: &Connection) -> rusqlite::Result<Option<Verification>> {
    let sql = "SELECT verified_at, fault FROM replica WHERE verified_at IS NOT NULL";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([], |row| Ok(Verification { at: row.get(0)?, fault: row.get(1)? })).optional()
}

/// Records the result of a verification.
///
/// # Errors
/// SQLite's.
pub fn record_verification(connection: &Connection, verification: &Verification) -> rusqlite::Result<()> {
    let values = params![verification.at, verification.fault];
    connection.execute("UPDATE replica SET verified_at = ?, fault = ?", values).map(drop)
}

/// Inserts a sentinel, and deletes those that killed verifications left more than a day ago.
///
/// # Errors
/// SQLite's.
pub fn insert_sentinel(connection: &Connection, sentinel: &Sentinel, now: Timestamp) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sentinels WHERE created_at < ?", [now - DAY])?;
    connection
        .execute("INSERT INTO sentinels (id, created_at) VALUES (?, ?)", params![sentinel, now])
        .map(drop)
}

/// Deletes a sentinel.
///
/// # Errors
/// SQLite's.
pub fn delete_sentinel(connection: &Connection, sentinel: &Sentinel) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sentinels WHERE id = ?", [sentinel]).map(drop)
}

/// Whether the sentinel exists.
///
/// # Errors
/// SQLite's.
pub fn has_sentinel(connection: &Connection, sentinel: &Sentinel) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sentinels WHERE id = ?)", [sentinel], |row| row.get(0))
}

/// The highest id of each of the [counted tables](super::COUNTED_TABLES).
///
/// # Errors
/// SQLite's.
pub fn newest_ids(connection: &Connection) -> rusqlite::Result<NewestIds> {
    let sql = "SELECT (SELECT coalesce(max(id), 0) FROM users), (SELECT coalesce(max(id), 0) FROM posts),
                      (SELECT coalesce(max(id), 0) FROM comments), (SELECT coalesce(max(id), 0) FROM acts)";
    connection.query_row(sql, [], |row| Ok(NewestIds([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])))
}

/// The number of rows with ids up to `newest` in each of the [counted tables](super::COUNTED_TABLES).
///
/// # Errors
/// SQLite's.
pub fn count_rows(connection: &Connection, NewestIds(newest): NewestIds) -> rusqlite::Result<RowCounts> {
    let sql = "SELECT (SELECT count(*) FROM users WHERE id <= ?), (SELECT count(*) FROM posts WHERE id <= ?),
                      (SELECT count(*) FROM comments WHERE id <= ?), (SELECT count(*) FROM acts WHERE id <= ?)";
    connection
        .query_row(sql, newest, |row| Ok(RowCounts([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])))
}

/// The time of the newest write, from the rows that record their time.
///
/// # Errors
/// SQLite's.
pub fn newest_write(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let sql = "SELECT max(at) FROM (
                   SELECT max(max(created_at), max(updated_at)) AS at FROM posts
                   UNION ALL SELECT max(max(created_at), max(updated_at)) FROM comments
                   UNION ALL SELECT max(max(created_at), max(updated_at)) FROM users
                   UNION ALL SELECT max(created_at) FROM sessions
                   UNION ALL SELECT max(created_at) FROM post_votes
                   UNION ALL SELECT max(created_at) FROM comment_votes
                   UNION ALL SELECT max(created_at) FROM acts
                   UNION ALL SELECT beat_at FROM replica)";
    connection.query_row(sql, [], |row| row.get(0))
}

/// The first fault of the file: from `PRAGMA integrity_check`, or a foreign key without a row.
///
/// # Errors
/// SQLite's: the file may be too damaged to be checked.
pub fn find_damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Some(found));
    }
    let dangling =
        connection.query_row("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1", [], |row| {
            row.get::<_, String>(0)
        });
    Ok(dangling.optional()?.map(|table| format!("a row of {table} refers to a row that does not exist")))
}
