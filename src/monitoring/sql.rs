//! The numbers that are read from the database.

use rusqlite::Connection;

use super::{People, Sizes};

/// The sizes of the database. They need no row of a table.
///
/// # Errors
/// SQLite's.
pub fn sizes(connection: &Connection) -> rusqlite::Result<Sizes> {
    let sql = "SELECT page_size, page_count, freelist_count \
               FROM pragma_page_size, pragma_page_count, pragma_freelist_count";
    connection.prepare_cached(sql)?.query_row([], |row| {
        let (page, pages, free): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Sizes {
            page: page.unsigned_abs(),
            database: (page * pages).unsigned_abs(),
            freelist: (page * free).unsigned_abs(),
        })
    })
}

/// The numbers of users, and of what is flagged. The first is counted in the smallest index of users, a row after the other:
/// a million users take some ten milliseconds.
///
/// # Errors
/// SQLite's.
pub fn people(connection: &Connection) -> rusqlite::Result<People> {
    let number = |sql: &str| connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0));
    Ok(People {
        users: number("SELECT count(*) FROM users")?,
        banned: number("SELECT count(*) FROM users WHERE banned_at IS NOT NULL")?,
        admins: number("SELECT count(*) FROM users WHERE is_admin = 1")?,
        flagged: number("SELECT count(*) FROM cases")?,
    })
}
