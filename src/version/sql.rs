//! All SQL about versions.

use rusqlite::{Connection, OptionalExtension, params};

use super::{MAX_VERSIONS, Struck, Version};
use crate::sql::{Columns, row};
use crate::types::id::{CommentId, PostId, UserId, VersionId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::{comment_text, listed, post_text, post_title};
use crate::vote::Target;

/// Keeps what a post is, which is about to get this title, link and text; `false`: it has them already.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn keep_of_post(
    connection: &Connection,
    id: PostId,
    title: &str,
    url: Option<&str>,
    text: &str,
) -> rusqlite::Result<bool> {
    let sql = concat!(
        "INSERT INTO versions (post_id, created_at, title, url, text) SELECT posts.id, posts.updated_at, ",
        post_title!(listed),
        ", posts.url, ",
        post_text!(listed),
        " FROM posts JOIN descriptions ON descriptions.post_id = posts.id WHERE posts.id = ?1 AND ",
        listed!("posts"),
        " AND (",
        post_title!(listed),
        " IS NOT ?2 OR posts.url IS NOT ?3 OR ",
        post_text!(listed),
        " IS NOT ?4)"
    );
    let is_new = connection.prepare_cached(sql)?.execute(params![id, title, url, text])? > 0;
    drop_beyond(connection, Target::Post(id))?;
    Ok(is_new)
}

/// Keeps what a comment is, which is about to get this text; `false`: it has it already.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn keep_of_comment(connection: &Connection, id: CommentId, text: &str) -> rusqlite::Result<bool> {
    let sql = concat!(
        "INSERT INTO versions (comment_id, created_at, text) SELECT comments.id, comments.updated_at, ",
        comment_text!(listed),
        " FROM comments WHERE comments.id = ?1 AND ",
        listed!("comments"),
        " AND ",
        comment_text!(listed),
        " IS NOT ?2"
    );
    let is_new = connection.prepare_cached(sql)?.execute(params![id, text])? > 0;
    drop_beyond(connection, Target::Comment(id))?;
    Ok(is_new)
}

/// Removes the second oldest versions beyond [`MAX_VERSIONS`].
fn drop_beyond(connection: &Connection, target: Target) -> rusqlite::Result<()> {
    // All but the newest and the oldest.
    let (sql, id) = target.statement(
        "DELETE FROM versions WHERE id IN (SELECT id FROM versions WHERE post_id = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2) \
         AND id <> (SELECT min(id) FROM versions WHERE post_id = ?1)",
        "DELETE FROM versions WHERE id IN (SELECT id FROM versions WHERE comment_id = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2) \
         AND id <> (SELECT min(id) FROM versions WHERE comment_id = ?1)",
    );
    connection.prepare_cached(sql)?.execute(params![id, MAX_VERSIONS - 1])?;
    Ok(())
}

/// Removes the versions of a post or comment, which is deleted for good.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn forget(connection: &Connection, target: Target) -> rusqlite::Result<()> {
    let (sql, id) = target
        .statement("DELETE FROM versions WHERE post_id = ?1", "DELETE FROM versions WHERE comment_id = ?1");
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

row! {
    fn version() -> Version, columns version_columns {
        id: "versions.id",
        created_at: "versions.created_at",
        title: "versions.title",
        url: "versions.url",
        text: "versions.text",
        struck: concat!("versions.struck_at, ", author_columns!("users")) => struck,
    }
}

fn struck(columns: &mut Columns) -> rusqlite::Result<Option<Struck>> {
    let (at, by): (Option<Timestamp>, _) = (columns.read()?, user::sql::author(columns)?);
    Ok(at.map(|at| Struck { at, by }))
}

/// The versions of a post or comment, the newest first.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn of(connection: &Connection, target: Target) -> rusqlite::Result<Vec<Version>> {
    let (sql, id) = target.statement(
        concat!(
            "SELECT ",
            version_columns!(),
            " FROM versions LEFT JOIN users ON users.id = versions.struck_by \
             WHERE versions.post_id = ?1 ORDER BY versions.id DESC"
        ),
        concat!(
            "SELECT ",
            version_columns!(),
            " FROM versions LEFT JOIN users ON users.id = versions.struck_by \
             WHERE versions.comment_id = ?1 ORDER BY versions.id DESC"
        ),
    );
    connection.prepare_cached(sql)?.query_map([id], |row| version(&mut Columns::of(row)))?.collect()
}

/// The post or comment of a version; `None`: there is no such version.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn target(connection: &Connection, id: VersionId) -> rusqlite::Result<Option<Target>> {
    let sql = "SELECT post_id, comment_id FROM versions WHERE id = ?1";
    let found = connection.prepare_cached(sql)?.query_row([id], |row| {
        let (post, comment): (Option<PostId>, Option<CommentId>) = (row.get(0)?, row.get(1)?);
        Ok(post.map(Target::Post).or(comment.map(Target::Comment)))
    });
    Ok(found.optional()?.flatten())
}

/// Whether another user than `author` has answered: a post by a comment on it, a comment by a reply to it. An answer
/// whose author is gone does not count: it could have been the author's own.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn is_answered(
    connection: &Connection,
    target: Target,
    author: Option<UserId>,
) -> rusqlite::Result<bool> {
    let (sql, id) = target.statement(
        "SELECT EXISTS (SELECT 1 FROM comments WHERE post_id = ?1 AND user_id <> ?2)",
        "SELECT EXISTS (SELECT 1 FROM comments WHERE parent_id = ?1 AND user_id <> ?2)",
    );
    connection.prepare_cached(sql)?.query_row(params![id, author], |row| row.get(0))
}

/// Strikes a version: only its time stays. `false`: it is struck already, or gone.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn strike(connection: &Connection, id: VersionId, by: UserId, now: Timestamp) -> rusqlite::Result<bool> {
    let sql = "UPDATE versions SET title = NULL, url = NULL, text = '', struck_at = ?3, struck_by = ?2 \
               WHERE id = ?1 AND struck_at IS NULL";
    Ok(connection.prepare_cached(sql)?.execute(params![id, by, now])? > 0)
}
