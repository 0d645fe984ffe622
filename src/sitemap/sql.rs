//! All SQL about the sitemap.

use rusqlite::{Connection, OptionalExtension};

use super::{MAX_PARTS, SitemapEntry, URLS_PER_PART};
use crate::visibility::sql::listed;

/// The numbers, from 1, of the newest parts that contain a post, at most [`MAX_PARTS`]. It reads one row for
/// each part, not the posts in it.
pub fn parts(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let sql =
        concat!("SELECT id FROM posts WHERE id < ?1 AND ", listed!("posts"), " ORDER BY id DESC LIMIT 1");
    let mut next = connection.prepare_cached(sql)?;
    let mut parts = Vec::new();
    let mut before = i64::MAX;
    while parts.len() < MAX_PARTS
        && let Some(id) = next.query_row([before], |row| row.get::<_, i64>(0)).optional()?
    {
        let part = (id - 1) / URLS_PER_PART + 1;
        parts.push(part);
        before = (part - 1) * URLS_PER_PART + 1;
    }
    parts.reverse();
    Ok(parts)
}

/// The posts of a part.
pub fn part(connection: &Connection, number: i64) -> rusqlite::Result<Vec<SitemapEntry>> {
    let sql = concat!(
        "SELECT id, max(updated_at, coalesce((SELECT max(comments.created_at) FROM comments \
             WHERE comments.post_id = posts.id), 0)) FROM posts \
         WHERE id > ?1 AND id <= ?2 AND ",
        listed!("posts"),
        " ORDER BY id"
    );
    let last = number.saturating_mul(URLS_PER_PART);
    connection
        .prepare_cached(sql)?
        .query_map([last.saturating_sub(URLS_PER_PART), last], |row| {
            Ok(SitemapEntry { id: row.get(0)?, changed_at: row.get(1)? })
        })?
        .collect()
}
