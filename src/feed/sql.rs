//! All SQL about feeds.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Entry, MAX_ENTRIES, TEXT_CHARS_READ};
use crate::post;
use crate::sql::{Columns, row};
use crate::types::cursor::START;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::user::sql::author_columns;
use crate::user::{self, Author};
use crate::visibility::sql::{comment_text, listed, mentioned_title, post_text, post_title, title};
use crate::vote::Target;

row! {
    /// A post with the first `?1` characters of its text.
    fn post_entry() -> Entry, columns post_columns {
        target: "posts.id" => post_target,
        title: post_title!(listed) => title,
        created_at: "posts.created_at",
        updated_at: "max(posts.updated_at, posts.created_at)",
        author: author_columns!("users") => user::sql::author,
        link: "posts.url, posts.site" => post::sql::link,
        text: concat!("substr(", post_text!(listed), ", 1, ?1)"),
    }
}

row! {
    /// A comment with the first `?1` characters of its text, and the title of its post.
    fn comment_entry() -> Entry, columns comment_columns {
        target: "comments.id" => comment_target,
        title: post_title!(mentioned) => mentioned_title,
        created_at: "comments.created_at",
        updated_at: "max(comments.updated_at, comments.created_at)",
        author: author_columns!("users") => user::sql::author,
        text: concat!("substr(", comment_text!(listed), ", 1, ?1)"),
    } with { link: None }
}

fn post_target(columns: &mut Columns) -> rusqlite::Result<Target> {
    columns.read().map(Target::Post)
}

fn comment_target(columns: &mut Columns) -> rusqlite::Result<Target> {
    columns.read().map(Target::Comment)
}

/// The SELECT for posts, with the end of the statement. CROSS JOIN keeps the join order: the posts come
/// first, in the order of their index.
macro_rules! posts {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            post_columns!(),
            " FROM posts CROSS JOIN descriptions ON descriptions.post_id = posts.id \
             LEFT JOIN users ON users.id = posts.user_id WHERE ",
            listed!("posts"),
            " ",
            $rest
        )
    };
}

/// The SELECT for comments, with the end of the statement.
macro_rules! comments {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            comment_columns!(),
            " FROM comments CROSS JOIN posts ON posts.id = comments.post_id \
             LEFT JOIN users ON users.id = comments.user_id WHERE ",
            listed!("comments"),
            " ",
            $rest
        )
    };
}

/// Reads an entry from its columns.
type Read = fn(&mut Columns) -> rusqlite::Result<Entry>;

/// The first posts of the front page.
pub fn hottest(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let sql = posts!(
        "AND (posts.hotness, posts.id) < (?3, ?4) ORDER BY posts.hotness DESC, posts.id DESC LIMIT ?2"
    );
    list(connection, sql, params![TEXT_CHARS_READ, MAX_ENTRIES, START.key, START.id], post_entry)
}

/// The newest posts.
pub fn newest(connection: &Connection) -> rusqlite::Result<Vec<Entry>> {
    let sql = posts!(
        "AND (posts.created_at, posts.id) < (?3, ?4) ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?2"
    );
    list(connection, sql, params![TEXT_CHARS_READ, MAX_ENTRIES, START.key, START.id], post_entry)
}

/// A user's newest posts and comments together, newest first.
pub fn of_user(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<Entry>> {
    let params = params![TEXT_CHARS_READ, MAX_ENTRIES, user_id];
    let sql = posts!("AND posts.user_id = ?3 ORDER BY posts.created_at DESC, posts.id DESC LIMIT ?2");
    let mut entries = list(connection, sql, params, post_entry)?;
    let sql =
        comments!("AND comments.user_id = ?3 ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?2");
    entries.append(&mut list(connection, sql, params, comment_entry)?);
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.created_at));
    entries.truncate(MAX_ENTRIES as usize);
    Ok(entries)
}

/// The newest comments on a post.
pub fn of_post(connection: &Connection, post_id: PostId) -> rusqlite::Result<Vec<Entry>> {
    let sql =
        comments!("AND comments.post_id = ?3 ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?2");
    list(connection, sql, params![TEXT_CHARS_READ, MAX_ENTRIES, post_id], comment_entry)
}

/// A post or comment, for lists that are found in another way; `None` when it is gone or deleted.
pub fn entry(connection: &Connection, target: Target) -> rusqlite::Result<Option<Entry>> {
    let (sql, id, read): (_, _, Read) = match target {
        Target::Post(id) => (posts!("AND posts.id = ?2"), id.get(), post_entry),
        Target::Comment(id) => (comments!("AND comments.id = ?2"), id.get(), comment_entry),
    };
    connection
        .prepare_cached(sql)?
        .query_row(params![TEXT_CHARS_READ, id], |row| read(&mut Columns::of(row)))
        .optional()
}

/// The title of a post and the time of its creation; `None` when it is gone or deleted.
pub fn post(connection: &Connection, id: PostId) -> rusqlite::Result<Option<(String, Timestamp)>> {
    connection
        .prepare_cached(concat!(
            "SELECT ",
            post_title!(listed),
            ", created_at FROM posts WHERE id = ?1 AND ",
            listed!("posts")
        ))?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// The prefix of the ids of feeds and entries; `None`: no start has settled it.
pub fn id_prefix(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.prepare_cached("SELECT prefix FROM feed_ids WHERE only = 1")?.query_row([], |row| row.get(0))
}

/// Settles the prefix, unless another program has done so: in a database that is older than the rule
/// `of_older`, if there is one, else `of_database`. Returns the settled one.
pub fn settle_id_prefix(
    connection: &Connection,
    of_older: Option<&str>,
    of_database: &str,
) -> rusqlite::Result<String> {
    let sql = "UPDATE feed_ids SET prefix = coalesce(prefix, iif(is_older, ?1, NULL), ?2) WHERE only = 1 \
               RETURNING prefix";
    connection.prepare_cached(sql)?.query_row([of_older, Some(of_database)], |row| row.get(0))
}

/// A user and the time of their sign-up; `None` when there is no such user.
pub fn user(connection: &Connection, id: UserId) -> rusqlite::Result<Option<(Author, Timestamp)>> {
    let sql = concat!("SELECT ", author_columns!("users"), ", created_at FROM users WHERE id = ?1");
    connection
        .prepare_cached(sql)?
        .query_row([id], |row| {
            let mut columns = Columns::of(row);
            let author = user::sql::author(&mut columns)?;
            let since = columns.read()?;
            Ok(author.map(|author| (author, since)))
        })
        .optional()
        .map(Option::flatten)
}

fn list(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: Read,
) -> rusqlite::Result<Vec<Entry>> {
    connection.prepare_cached(sql)?.query_map(params, |row| read(&mut Columns::of(row)))?.collect()
}
