//! The SQL of the file with the recorded errors.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{ErrorGroup, Kind, Listed, MAX_GROUPS, MAX_OCCURRENCES, NewError, Occurrence};
use crate::sql::{Columns, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::ErrorGroupId;
use crate::types::time::Timestamp;

/// How long a page waits for the thread that stores errors, and that thread for an admin's click.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The version of the tables below. A file of another version is not used.
const VERSION: i64 = 1;

/// `key` is what the errors of a group have in common.
const TABLES: &str = "
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS error_groups (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        place TEXT NOT NULL,
        cause TEXT NOT NULL,
        count INTEGER NOT NULL,
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        resolved_at INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS error_groups_by_time ON error_groups (resolved_at IS NULL, last_at, id);
    CREATE TABLE IF NOT EXISTS occurrences (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        group_id INTEGER NOT NULL REFERENCES error_groups (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        request_id TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS occurrences_of_group ON occurrences (group_id, id);
    PRAGMA user_version = 1;
    COMMIT;";

/// Opens the file, and makes it where it is missing.
///
/// # Errors
/// SQLite's; [`rusqlite::Error::InvalidQuery`] for a file of another version.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // With a WAL no commit waits for the disk, so the site's writer has the disk for itself; a power cut costs the last
    // errors.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    match connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? {
        VERSION => Ok(connection),
        0 => connection.execute_batch(TABLES).map(|()| connection),
        _ => Err(rusqlite::Error::InvalidQuery),
    }
}

/// Adds errors to their groups. A group that was resolved is open again.
///
/// # Errors
/// SQLite's.
pub fn add(connection: &mut Connection, errors: &[NewError]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for error in errors {
        let group = "INSERT INTO error_groups (key, kind, place, cause, count, first_at, last_at) \
                     VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5) \
                     ON CONFLICT (key) DO UPDATE SET count = count + 1, last_at = max(last_at, excluded.last_at), \
                     resolved_at = NULL RETURNING id";
        let values = params![error.key(), error.kind.code(), error.place, error.cause(), error.at];
        let id: i64 = transaction.prepare_cached(group)?.query_row(values, |row| row.get(0))?;
        let occurrence = "INSERT INTO occurrences (group_id, at, request_id) VALUES (?1, ?2, ?3)";
        transaction.prepare_cached(occurrence)?.execute(params![id, error.at, error.request_id])?;
        let older = "DELETE FROM occurrences WHERE group_id = ?1 AND id <= \
                     (SELECT id FROM occurrences WHERE group_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
        transaction.prepare_cached(older)?.execute(params![id, MAX_OCCURRENCES])?;
    }
    let surplus = "DELETE FROM error_groups WHERE id IN (SELECT id FROM error_groups \
                   ORDER BY resolved_at IS NULL, last_at, id \
                   LIMIT max(0, (SELECT count(*) FROM error_groups) - ?1))";
    transaction.prepare_cached(surplus)?.execute([MAX_GROUPS])?;
    transaction.commit()
}

row! {
    /// A group.
    fn group() -> ErrorGroup, columns group_columns {
        id: "id",
        kind: "kind" => kind,
        place: "place",
        cause: "cause",
        count: "count",
        first_at: "first_at",
        last_at: "last_at",
        resolved_at: "resolved_at",
    }
}

fn kind(columns: &mut Columns) -> rusqlite::Result<Kind> {
    Ok(Kind::of(columns.read_ref()?.as_str()?))
}

/// A page of groups, those that occurred last first.
///
/// # Errors
/// SQLite's.
pub fn list(
    connection: &Connection,
    listed: Listed,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<ErrorGroup>> {
    let sql = concat!(
        "SELECT ",
        group_columns!(),
        " FROM error_groups WHERE (resolved_at IS NULL) = ?1 AND (last_at, id) < (?2, ?3) \
         ORDER BY last_at DESC, id DESC LIMIT ?4"
    );
    let values = params![listed == Listed::Open, after.key, after.id, limit + 1];
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(values, |row| group(&mut Columns::of(row)))?;
    Ok(Slice::of(rows.collect::<Result<_, _>>()?, limit, ErrorGroup::cursor))
}

/// A group.
///
/// # Errors
/// SQLite's.
pub fn find(connection: &Connection, id: ErrorGroupId) -> rusqlite::Result<Option<ErrorGroup>> {
    let sql = concat!("SELECT ", group_columns!(), " FROM error_groups WHERE id = ?1");
    connection.query_row(sql, [id], |row| group(&mut Columns::of(row))).optional()
}

/// The last occurrences of a group, newest first.
///
/// # Errors
/// SQLite's.
pub fn occurrences(connection: &Connection, id: ErrorGroupId) -> rusqlite::Result<Vec<Occurrence>> {
    let mut statement = connection
        .prepare("SELECT at, request_id FROM occurrences WHERE group_id = ?1 ORDER BY id DESC LIMIT ?2")?;
    let found = statement.query_map(params![id, MAX_OCCURRENCES], |row| {
        Ok(Occurrence { at: row.get(0)?, request_id: row.get(1)? })
    })?;
    found.collect()
}

/// Resolves a group, or opens it again. A group that is resolved keeps its time.
///
/// # Errors
/// SQLite's.
pub fn resolve(connection: &Connection, id: ErrorGroupId, at: Option<Timestamp>) -> rusqlite::Result<bool> {
    let sql = "UPDATE error_groups SET resolved_at = iif(?2 IS NULL, NULL, coalesce(resolved_at, ?2)) WHERE id = ?1";
    Ok(connection.execute(sql, params![id, at])? > 0)
}

/// The numbers of groups that are open and that are resolved.
///
/// # Errors
/// SQLite's.
pub fn count(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    let sql = "SELECT count(*) FILTER (WHERE resolved_at IS NULL), count(resolved_at) FROM error_groups";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}
