//! SQL about the posts of a day.

use rusqlite::{Connection, params};

use super::super::day::Day;
use super::keys;
use crate::types::cursor::{Cursor, Slice};
use crate::types::time::Timestamp;
use crate::visibility::sql::listed;

/// The posts of a day from `after` on: those that have votes, most points first, and then the others, newest first. The key
/// of the former is the score; that of the latter is the time of posting, which is greater than any score.
pub fn of_day(
    connection: &Connection,
    day: Day,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Cursor>> {
    let is_among_others = after.key >= day.start().as_micros() && after.key < day.end().as_micros();
    let mut rows = if is_among_others { Vec::new() } else { voted(connection, day, after, limit + 1)? };
    let found = u32::try_from(rows.len()).unwrap_or(limit);
    if found <= limit {
        let from = if is_among_others { after } else { Cursor { key: day.end().as_micros(), id: 0 } };
        rows.append(&mut others(connection, day, from, limit + 1 - found)?);
    }
    Ok(Slice::of(rows, limit, |key| *key))
}

/// The posts with votes, from the index that sorts those of each day by points.
fn voted(connection: &Connection, day: Day, after: Cursor, limit: u32) -> rusqlite::Result<Vec<Cursor>> {
    let sql = concat!(
        "SELECT score, id FROM posts WHERE created_at / 86400000000 = ?1 AND (score, id) < (?2, ?3) \
         AND score > 1 AND ",
        listed!("posts"),
        " ORDER BY score DESC, id DESC LIMIT ?4"
    );
    Ok(keys(connection, sql, params![day.number(), after.key, after.id, limit], limit)?.rows)
}

/// The posts without votes, from the index of all posts by age: those of the day that have votes are stepped over.
fn others(connection: &Connection, day: Day, after: Cursor, limit: u32) -> rusqlite::Result<Vec<Cursor>> {
    let sql = concat!(
        "SELECT created_at, id FROM posts WHERE (created_at, id) < (?1, ?2) AND created_at >= ?3 \
         AND score <= 1 AND ",
        listed!("posts"),
        " ORDER BY created_at DESC, id DESC LIMIT ?4"
    );
    Ok(keys(connection, sql, params![after.key, after.id, day.start(), limit], limit)?.rows)
}

/// The time of the oldest post; `None`: there are no posts.
pub fn oldest(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let sql = concat!("SELECT min(created_at) FROM posts WHERE ", listed!("posts"));
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}
