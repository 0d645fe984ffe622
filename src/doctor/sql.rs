//! What the checks ask SQLite.

use lorem_store::rusqlite::{self, Connection};

/// The number of migrations that the database has had.
pub(super) fn user_version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether SQLite has statistics for its plans.
pub(super) fn has_statistics(connection: &Connection) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM pragma_table_list WHERE name = 'sqlite_stat1' AND schema = 'main')";
    connection.query_row(sql, [], |row| row.get(0))
}

/// The number of pages, and that of free ones among them.
pub(super) fn pages(connection: &Connection) -> rusqlite::Result<(u32, u32)> {
    let all = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let free = connection.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    Ok((all, free))
}
