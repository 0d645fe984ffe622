//! All SQL about visits.

use rusqlite::{Connection, params};

use crate::ui::time::Micros;

/// Since when what others say is new to a reader who looks at a moment (SQL, in microseconds): since
/// they looked last before this visit. A visit ends when nothing was looked at for half an hour, so
/// that a reload, the next page and a form that was sent do not take the marks away.
macro_rules! new_since {
    ($now:literal) => {
        concat!("iif(visits.looked_at < ", $now, " - 1800000000, visits.looked_at, visits.seen_at)")
    };
}
pub(crate) use new_since;

/// Notes that a reader looked at a post. Nothing happens when one of the two is gone meanwhile.
pub fn note(connection: &Connection, user_id: i64, post_id: i64, now: Micros) -> rusqlite::Result<()> {
    // They may have looked later in another window.
    let sql = concat!(
        "INSERT INTO visits (user_id, post_id, seen_at, looked_at) \
         SELECT users.id, posts.id, ?3, ?3 FROM users, posts WHERE users.id = ?1 AND posts.id = ?2 \
         ON CONFLICT DO UPDATE SET looked_at = max(looked_at, excluded.looked_at), seen_at = ",
        new_since!("excluded.looked_at")
    );
    connection.prepare_cached(sql)?.execute([user_id, post_id, now])?;
    Ok(())
}

/// Forgets some of what someone has seen who leaves, at most `number`; whether there was any.
pub fn forget_some(connection: &Connection, user_id: i64, number: u32) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM visits WHERE user_id = ?1 AND post_id IN \
               (SELECT post_id FROM visits WHERE user_id = ?1 LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.execute(params![user_id, number])? > 0)
}
