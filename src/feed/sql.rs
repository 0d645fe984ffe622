//! All SQL about feeds.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{ENTRIES, Entry, TAKEN};
use crate::post::{DELETED, Link};
use crate::sql::short;
use crate::types::cursor::START;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::vote::Target;

/// Posts with the beginning of their texts; `?1` is its length. CROSS: the posts come first, in the
/// order of their index.
macro_rules! posts {
    ($rest:literal) => {
        concat!(
            "SELECT posts.id, posts.title, posts.created_at, posts.updated_at, users.id, users.screen_name, \
             substr(descriptions.text, 1, ?1), posts.url, posts.site \
             FROM posts CROSS JOIN descriptions ON descriptions.post_id = posts.id \
             LEFT JOIN users ON users.id = posts.user_id WHERE posts.deleted_at IS NULL ",
            $rest
        )
    };
}

/// Comments in the same columns.
macro_rules! comments {
    ($rest:literal) => {
        concat!(
            "SELECT comments.id, posts.title, comments.created_at, comments.updated_at, users.id, \
             users.screen_name, substr(comments.body, 1, ?1), NULL, NULL \
             FROM comments CROSS JOIN posts ON posts.id = comments.post_id \
             LEFT JOIN users ON users.id = comments.user_id WHERE comments.deleted_at IS NULL ",
            $rest
        )
    };
}

fn post_target(row: &Row) -> rusqlite::Result<Target> {
    row.get(0).map(Target::Post)
}

fn comment_target(row: &Row) -> rusqlite::Result<Target> {
    row.get(0).map(Target::Comment)
}

fn from_row(row: &Row, target: fn(&Row) -> rusqlite::Result<Target>) -> rusqlite::Result<Entry> {
    let created_at = row.get(2)?;
    let (url, site) = (row.get::<_, Option<String>>(7)?, short(row, 8)?);
    Ok(Entry {
        target: target(row)?,
        title: row.get::<_, Option<String>>(1)?.unwrap_or_else(|| DELETED.to_owned()),
        created_at,
        updated_at: row.get::<_, Timestamp>(3)?.max(created_at),
        author: user::sql::author(row, 4)?,
        text: row.get(6)?,
        link: url.map(|url| Link { url, site: site.unwrap_or_default() }),
    })
}

/// The first of the front page.
pub fn hottest(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let sql = posts!(
        "AND (posts.hotness, posts.id) < (?3, ?4) ORDER BY posts.hotness DESC, posts.id DESC LIMIT ?2"
    );
    list(connection, sql, params![TAKEN, ENTRIES, START.key, START.id], post_target)
}

/// The newest posts.
pub fn newest(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let sql = posts!(
        "AND (posts.created_at, posts.id) < (?3, ?4) ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?2"
    );
    list(connection, sql, params![TAKEN, ENTRIES, START.key, START.id], post_target)
}

/// Someone's newest posts and comments, by age.
pub fn of_user(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<Entry>> {
    let params = params![TAKEN, ENTRIES, user_id];
    let sql = posts!("AND posts.user_id = ?3 ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?2");
    let mut entries = list(connection, sql, params, post_target)?;
    let sql =
        comments!("AND comments.user_id = ?3 ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?2");
    entries.append(&mut list(connection, sql, params, comment_target)?);
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.created_at));
    entries.truncate(ENTRIES as usize);
    Ok(entries)
}

/// The newest comments on a post.
pub fn of_post(connection: &Connection, post_id: PostId) -> rusqlite::Result<Vec<Entry>> {
    let sql =
        comments!("AND comments.post_id = ?3 ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?2");
    list(connection, sql, params![TAKEN, ENTRIES, post_id], comment_target)
}

/// One post or comment, for lists that are found in another way; `None` when there is none, or not any
/// more.
pub fn entry(connection: &Connection, target: Target) -> rusqlite::Result<Option<Entry>> {
    let (sql, id, of): (_, _, fn(&Row) -> rusqlite::Result<Target>) = match target {
        Target::Post(id) => (posts!("AND posts.id = ?2"), id.get(), post_target),
        Target::Comment(id) => (comments!("AND comments.id = ?2"), id.get(), comment_target),
    };
    connection.prepare_cached(sql)?.query_row(params![TAKEN, id], |row| from_row(row, of)).optional()
}

/// The title of a post that can be followed, and when it was made; `None` when there is none, or it was
/// deleted.
pub fn post(connection: &Connection, id: PostId) -> rusqlite::Result<Option<(String, Timestamp)>> {
    connection
        .prepare_cached("SELECT title, created_at FROM posts WHERE id = ?1 AND deleted_at IS NULL")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Someone's name, and when they signed up; `None` when there is nobody of that number.
pub fn user(connection: &Connection, id: UserId) -> rusqlite::Result<Option<(String, Timestamp)>> {
    connection
        .prepare_cached("SELECT screen_name, created_at FROM users WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn list(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    target: fn(&Row) -> rusqlite::Result<Target>,
) -> rusqlite::Result<Vec<Entry>> {
    connection.prepare_cached(sql)?.query_map(params, |row| from_row(row, target))?.collect()
}
