//! What the database knows of its replica, and what is looked at in a copy of it.

use rusqlite::{Connection, OptionalExtension, params};

use super::verify::{Census, Sentinel};
use super::{Identity, Verification};
use crate::types::time::{DAY, Micros};

/// Which database it is: its copies have the same.
///
/// # Errors
/// SQLite's.
pub fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    connection.query_row("SELECT identity FROM replica", [], |row| row.get(0))
}

/// The place that it is known to be replicated to.
///
/// # Errors
/// SQLite's.
pub fn place(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT place FROM replica", [], |row| row.get(0))
}

/// From now on it is replicated there.
///
/// # Errors
/// SQLite's.
pub fn set_place(connection: &Connection, place: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE replica SET place = ?", [place]).map(drop)
}

/// Writes something that has to be copied.
///
/// # Errors
/// SQLite's.
pub fn beat(connection: &Connection, now: Micros) -> rusqlite::Result<()> {
    connection.execute("UPDATE replica SET beat_at = ?", [now]).map(drop)
}

/// What the last verification came to, if there was one.
///
/// # Errors
/// SQLite's.
pub fn last_verification(connection: &Connection) -> rusqlite::Result<Option<Verification>> {
    let sql = "SELECT verified_at, fault FROM replica WHERE verified_at IS NOT NULL";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([], |row| Ok(Verification { at: row.get(0)?, fault: row.get(1)? })).optional()
}

/// Notes what a verification came to.
///
/// # Errors
/// SQLite's.
pub fn record(connection: &Connection, verification: &Verification) -> rusqlite::Result<()> {
    let values = params![verification.at, verification.fault];
    connection.execute("UPDATE replica SET verified_at = ?, fault = ?", values).map(drop)
}

/// Writes what is to be found in the replica.
///
/// # Errors
/// SQLite's.
pub fn set_sentinel(connection: &Connection, sentinel: &Sentinel, now: Micros) -> rusqlite::Result<()> {
    // Those of verifications that were killed.
    connection.execute("DELETE FROM sentinels WHERE created_at < ?", [now - DAY])?;
    connection
        .execute("INSERT INTO sentinels (id, created_at) VALUES (?, ?)", params![sentinel, now])
        .map(drop)
}

/// Removes it.
///
/// # Errors
/// SQLite's.
pub fn remove_sentinel(connection: &Connection, sentinel: &Sentinel) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sentinels WHERE id = ?", [sentinel]).map(drop)
}

/// Whether it is there.
///
/// # Errors
/// SQLite's.
pub fn has_sentinel(connection: &Connection, sentinel: &Sentinel) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sentinels WHERE id = ?)", [sentinel], |row| row.get(0))
}

/// The newest number of each noun that never gets one twice.
///
/// # Errors
/// SQLite's.
pub fn newest_ids(connection: &Connection) -> rusqlite::Result<Census> {
    let sql = "SELECT (SELECT coalesce(max(id), 0) FROM users), (SELECT coalesce(max(id), 0) FROM posts),
                      (SELECT coalesce(max(id), 0) FROM comments), (SELECT coalesce(max(id), 0) FROM acts)";
    connection.query_row(sql, [], |row| Ok(Census([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])))
}

/// How many of each have a number up to these.
///
/// # Errors
/// SQLite's.
pub fn count(connection: &Connection, Census(newest): Census) -> rusqlite::Result<Census> {
    let sql = "SELECT (SELECT count(*) FROM users WHERE id <= ?), (SELECT count(*) FROM posts WHERE id <= ?),
                      (SELECT count(*) FROM comments WHERE id <= ?), (SELECT count(*) FROM acts WHERE id <= ?)";
    connection.query_row(sql, newest, |row| Ok(Census([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])))
}

/// When something was last written, as far as rows say when they were.
///
/// # Errors
/// SQLite's.
pub fn newest_write(connection: &Connection) -> rusqlite::Result<Option<Micros>> {
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

/// The first thing that is wrong with the file, if anything is: `PRAGMA integrity_check`, references that
/// lead nowhere.
///
/// # Errors
/// SQLite's: it may be so wrong that it cannot be looked at.
pub fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Ok(Some(found));
    }
    let lost = connection.query_row("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1", [], |row| {
        row.get::<_, String>(0)
    });
    Ok(lost.optional()?.map(|table| format!("a row of {table} refers to one that is not there")))
}
