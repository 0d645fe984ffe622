//! All SQL about visits.

use rusqlite::Connection;

use crate::ui::time::Micros;

/// Notes that a reader saw a post. Nothing happens when one of the two is gone meanwhile, or when they
/// saw it later in another window.
pub fn note(connection: &Connection, user_id: i64, post_id: i64, seen_at: Micros) -> rusqlite::Result<()> {
    let sql = "INSERT INTO visits (user_id, post_id, seen_at) SELECT users.id, posts.id, ?3 FROM users, posts \
               WHERE users.id = ?1 AND posts.id = ?2 \
               ON CONFLICT DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)";
    connection.prepare_cached(sql)?.execute([user_id, post_id, seen_at])?;
    Ok(())
}
