//! All SQL about the deletions that can be undone. The rows of posts and comments are changed by the SQL of their
//! nouns.

pub mod burial;

use rusqlite::{Connection, OptionalExtension, params};

use super::{Held, UNDO_WINDOW};
use crate::sql::{Columns, row};
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::visibility::sql::{comment_text, post_text, post_title};
use crate::vote::Target;

/// Keeps what a post or comment is about to lose; `false`: the user is not its author, or it is hidden already.
pub fn hold(
    connection: &Connection,
    target: Target,
    user_id: UserId,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let (sql, id) = target.statement(
        concat!(
            "INSERT INTO deletions \
                 (deleted_at, user_id, post_id, updated_at, title, url, site, address, text) \
             SELECT ?3, posts.user_id, posts.id, posts.updated_at, ",
            post_title!(listed),
            ", posts.url, posts.site, posts.address, ",
            post_text!(listed),
            " FROM posts JOIN descriptions ON descriptions.post_id = posts.id \
             WHERE posts.id = ?1 AND posts.user_id = ?2 AND posts.deleted_at IS NULL"
        ),
        concat!(
            "INSERT INTO deletions (deleted_at, user_id, comment_id, updated_at, text) \
             SELECT ?3, comments.user_id, comments.id, comments.updated_at, ",
            comment_text!(listed),
            " FROM comments \
             WHERE comments.id = ?1 AND comments.user_id = ?2 AND comments.deleted_at IS NULL"
        ),
    );
    Ok(connection.prepare_cached(sql)?.execute(params![id, user_id, now])? > 0)
}

row! {
    fn held() -> Held, columns held_columns {
        user_id: "user_id",
        deleted_at: "deleted_at",
        updated_at: "updated_at",
        title: "title",
        link: "url, site, address" => link,
        text: "text",
    }
}

fn link(columns: &mut Columns) -> rusqlite::Result<[Option<String>; 3]> {
    Ok([columns.read()?, columns.read()?, columns.read()?])
}

/// What `user_id` deleted within [`UNDO_WINDOW`] before `now`; `None`: not by this user, or not in that time.
pub fn find(
    connection: &Connection,
    target: Target,
    user_id: UserId,
    now: Timestamp,
) -> rusqlite::Result<Option<Held>> {
    let (sql, id) = target.statement(
        concat!(
            "SELECT ",
            held_columns!(),
            " FROM deletions WHERE post_id = ?1 AND user_id = ?2 AND deleted_at > ?3"
        ),
        concat!(
            "SELECT ",
            held_columns!(),
            " FROM deletions WHERE comment_id = ?1 AND user_id = ?2 AND deleted_at > ?3"
        ),
    );
    connection
        .prepare_cached(sql)?
        .query_row(params![id, user_id, now - UNDO_WINDOW], |row| held(&mut Columns::of(row)))
        .optional()
}

/// Whether a post or comment is kept for an undo.
pub fn is_held(connection: &Connection, target: Target) -> rusqlite::Result<bool> {
    let (sql, id) = target.statement(
        "SELECT EXISTS (SELECT 1 FROM deletions WHERE post_id = ?1)",
        "SELECT EXISTS (SELECT 1 FROM deletions WHERE comment_id = ?1)",
    );
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// Forgets what was kept of a post or comment, which cannot come back then; `false`: nothing was.
pub fn forget(connection: &Connection, target: Target) -> rusqlite::Result<bool> {
    let (sql, id) = target
        .statement("DELETE FROM deletions WHERE post_id = ?1", "DELETE FROM deletions WHERE comment_id = ?1");
    Ok(connection.prepare_cached(sql)?.execute([id])? > 0)
}
