//! The lists of people for admins.

use rusqlite::{Connection, params};

use super::{Person, Who};
use crate::sql::{Columns, row};
use crate::types::cursor::{Cursor, Slice};
use crate::user;
use crate::user::sql::author_columns;

row! {
    /// A user in a list.
    fn person() -> Person, columns person_columns {
        author: author_columns!("users") => user::sql::author,
        created_at: "users.created_at",
        posts_count: "users.posts_count",
        comments_count: "users.comments_count",
        karma: "users.karma",
        is_banned: "users.banned_at IS NOT NULL",
    }
}

macro_rules! people {
    ($users:literal) => {
        concat!(
            "SELECT ",
            person_columns!(),
            " FROM users ",
            $users,
            " AND users.id < ?1 ORDER BY users.id DESC LIMIT ?2"
        )
    };
}

/// A page of people, the newest accounts first.
///
/// # Errors
/// SQLite's.
pub fn newest(
    connection: &Connection,
    who: Who,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Person>> {
    let sql = match who {
        Who::All => people!("WHERE TRUE"),
        Who::Banned => people!("INDEXED BY users_banned WHERE banned_at IS NOT NULL"),
        Who::Admins => people!("INDEXED BY users_admins WHERE is_admin = 1"),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![after.id, limit + 1], |row| person(&mut Columns::of(row)))?;
    Ok(Slice::of(rows.collect::<Result<_, _>>()?, limit, Person::cursor))
}

/// The people whose names begin with these letters, given as [`name::folded`](crate::user::name::folded), in the order of
/// their names; at most `limit`.
///
/// # Errors
/// SQLite's.
pub fn with_beginning(connection: &Connection, folded: &str, limit: u32) -> rusqlite::Result<Vec<Person>> {
    // No letter is behind U+10FFFF.
    let sql = concat!(
        "SELECT ",
        person_columns!(),
        " FROM users WHERE folded_name >= ?1 AND folded_name < ?1 || char(0x10ffff) \
         ORDER BY folded_name LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![folded, limit], |row| person(&mut Columns::of(row)))?;
    rows.collect()
}
