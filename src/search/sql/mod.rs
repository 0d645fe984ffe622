//! All SQL about finding words.

pub mod find;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::query::{Kind, folded_words};
use super::{Hit, MAX_MATCHES, Match, ROWS_PER_BLOCK};
use crate::comment::OwnComment;
use crate::post;
use crate::sql::{Columns, row};
use crate::types::id::{PostId, UserId};
use crate::user;
use crate::user::sql::author_columns;

/// The statement about posts or the one about comments.
fn for_kind(kind: Kind, posts: &'static str, comments: &'static str) -> &'static str {
    match kind {
        Kind::Post => posts,
        Kind::Comment => comments,
    }
}

// How the index marks what is no word: by characters for private use, which are no part of a word.

/// What somebody wrote.
#[must_use]
pub fn author_token(id: UserId) -> String {
    format!("\u{e000}{id}")
}

/// A link to a site.
#[must_use]
pub fn site_token(site: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || !letter.is_ascii() => letter,
        '.' => '\u{e003}',
        '-' => '\u{e004}',
        _ => '\u{e005}',
    };
    std::iter::once('\u{e001}').chain(site.chars().map(letter)).collect()
}

/// A row of a block.
#[must_use]
pub fn block_token(block: i64) -> String {
    format!("\u{e002}{block}")
}

/// Someone's number, by their name as [`user::name::folded`]; `None` when there is nobody.
pub fn author(connection: &Connection, folded: &str) -> rusqlite::Result<Option<UserId>> {
    let sql = "SELECT id FROM users WHERE folded_name = ?1";
    connection.prepare_cached(sql)?.query_row([folded], |row| row.get(0)).optional()
}

/// The greatest number of a post or comment.
pub fn max_id(connection: &Connection, kind: Kind) -> rusqlite::Result<i64> {
    let sql =
        for_kind(kind, "SELECT coalesce(max(id), 0) FROM posts", "SELECT coalesce(max(id), 0) FROM comments");
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// The first words of the index, in the order of their letters, that begin so.
pub fn prefix_expansions(
    connection: &Connection,
    kind: Kind,
    beginning: &str,
    limit: usize,
) -> rusqlite::Result<Vec<String>> {
    // One by one: each is found by a search. FTS5 gets there through the pages of the word before it, but does not
    // give its places one by one.
    let sql = for_kind(
        kind,
        "SELECT term FROM post_terms WHERE term >= ?1 LIMIT 1",
        "SELECT term FROM comment_terms WHERE term >= ?1 LIMIT 1",
    );
    let mut statement = connection.prepare_cached(sql)?;
    let mut words: Vec<String> = Vec::new();
    while words.len() < limit {
        // The least that is greater than a word is the word with a NUL behind it.
        let from = words.last().map_or_else(|| beginning.to_owned(), |last| format!("{last}\0"));
        let next: Option<String> = statement.query_row([from], |row| row.get(0)).optional()?;
        match next {
            Some(next) if next.starts_with(beginning) => words.push(next),
            _ => break,
        }
    }
    Ok(words)
}

/// What FTS5 finds: newest first, one more than [`MAX_MATCHES`] at most; and the titles of posts.
pub fn matches(
    connection: &Connection,
    kind: Kind,
    expression: &str,
) -> rusqlite::Result<Vec<(Match, Option<String>)>> {
    // CROSS JOIN: the words lead to the rows, not the other way round.
    let sql = for_kind(
        kind,
        "SELECT posts.id, posts.created_at, posts.score, posts.title \
         FROM post_words CROSS JOIN posts ON posts.id = post_words.rowid \
         WHERE post_words MATCH ?1 AND posts.deleted_at IS NULL ORDER BY post_words.rowid DESC LIMIT ?2",
        "SELECT comments.id, comments.created_at, comments.score, NULL \
         FROM comment_words CROSS JOIN comments ON comments.id = comment_words.rowid \
         WHERE comment_words MATCH ?1 AND comments.deleted_at IS NULL \
         ORDER BY comment_words.rowid DESC LIMIT ?2",
    );
    let from_row = |row: &Row| {
        let mut columns = Columns::of(row);
        let (id, created_at, score) = (columns.read()?, columns.read()?, columns.read()?);
        Ok((Match { kind, id, created_at, score, is_in_title: false, is_exact: false }, columns.read()?))
    };
    connection.prepare_cached(sql)?.query_map(params![expression, MAX_MATCHES + 1], from_row)?.collect()
}

/// Whether fewer than `limit` have it.
pub fn is_rare(connection: &Connection, kind: Kind, expression: &str, limit: u32) -> rusqlite::Result<bool> {
    // Oldest first, as they are in the index: to begin with the newest FTS5 goes through a page of them to its end.
    let sql = for_kind(
        kind,
        "SELECT count(*) FROM (SELECT 1 FROM post_words WHERE post_words MATCH ?1 LIMIT ?2)",
        "SELECT count(*) FROM (SELECT 1 FROM comment_words WHERE comment_words MATCH ?1 LIMIT ?2)",
    );
    let number: u32 =
        connection.prepare_cached(sql)?.query_row(params![expression, limit], |row| row.get(0))?;
    Ok(number < limit)
}

/// All that a post or comment says.
pub fn text(connection: &Connection, kind: Kind, id: i64) -> rusqlite::Result<Option<String>> {
    let sql = for_kind(
        kind,
        "SELECT coalesce(posts.title, '') || char(10) || descriptions.text \
         FROM posts JOIN descriptions ON descriptions.post_id = posts.id \
         WHERE posts.id = ?1 AND posts.deleted_at IS NULL",
        "SELECT body FROM comments WHERE id = ?1 AND deleted_at IS NULL",
    );
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

row! {
    /// A comment that was found.
    fn comment() -> OwnComment, columns comment_columns {
        id: "comments.id",
        body: "comments.body",
        created_at: "comments.created_at",
        post_id: "posts.id",
        post_title: "posts.title" => post::sql::title,
    }
}

/// A result with all that its row shows to the viewer; `None` when it is gone.
pub fn hit(
    connection: &Connection,
    viewer_id: Option<UserId>,
    found: &Match,
) -> rusqlite::Result<Option<Hit>> {
    if found.kind == Kind::Post {
        let detail = post::sql::find(connection, viewer_id, PostId::new(found.id))?;
        return Ok(detail.filter(|detail| !detail.is_deleted).map(|detail| Hit::Post(Box::new(detail))));
    }
    let sql = concat!(
        "SELECT ",
        comment_columns!(),
        ", ",
        author_columns!("users"),
        " FROM comments JOIN posts ON posts.id = comments.post_id LEFT JOIN users ON users.id = comments.user_id \
         WHERE comments.id = ?1 AND comments.deleted_at IS NULL"
    );
    let from_row = |row: &Row| {
        let mut columns = Columns::of(row);
        Ok(Hit::Comment { comment: comment(&mut columns)?, author: user::sql::author(&mut columns)? })
    };
    connection.prepare_cached(sql)?.query_row([found.id], from_row).optional()
}

/// Posts and comments whose words one step takes: a few milliseconds of the writer's time …
const MAX_STEP_ROWS: u32 = 500;
/// … or until they have so many bytes.
const MAX_STEP_BYTES: usize = 128 * 1024;

/// Whether there is anything whose words are not in the index as they are.
pub fn is_behind(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM stale_posts WHERE id > 0) \
               OR EXISTS (SELECT 1 FROM stale_comments WHERE id > 0) \
               OR EXISTS (SELECT 1 FROM posts WHERE id > search_progress.posts) \
               OR EXISTS (SELECT 1 FROM comments WHERE id > search_progress.comments) \
               FROM search_progress WHERE id = 1";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Takes a step: the words of what was changed or removed, then of what is new. Whether there may be
/// more to do.
pub fn index_step(connection: &Connection) -> rusqlite::Result<bool> {
    let (mut rows, mut bytes) = (MAX_STEP_ROWS, MAX_STEP_BYTES);
    for kind in [Kind::Post, Kind::Comment] {
        let done = progress(connection, kind)?;
        for id in stale_ids(connection, kind, rows)? {
            unindex_row(connection, kind, id)?;
            // What is newer has its turn below.
            if id <= done {
                bytes = bytes.saturating_sub(index_row(connection, kind, id)?);
            }
            rows -= 1;
            if bytes == 0 {
                return Ok(true);
            }
        }
    }
    for kind in [Kind::Post, Kind::Comment] {
        let mut done = progress(connection, kind)?;
        for id in ids_after(connection, kind, done, rows)? {
            bytes = bytes.saturating_sub(index_row(connection, kind, id)?);
            (rows, done) = (rows - 1, id);
            if bytes == 0 {
                break;
            }
        }
        set_progress(connection, kind, done)?;
    }
    Ok(rows == 0 || bytes == 0)
}

fn progress(connection: &Connection, kind: Kind) -> rusqlite::Result<i64> {
    let sql = for_kind(
        kind,
        "SELECT posts FROM search_progress WHERE id = 1",
        "SELECT comments FROM search_progress WHERE id = 1",
    );
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

fn set_progress(connection: &Connection, kind: Kind, id: i64) -> rusqlite::Result<()> {
    let sql = for_kind(
        kind,
        "UPDATE search_progress SET posts = ?1 WHERE id = 1",
        "UPDATE search_progress SET comments = ?1 WHERE id = 1",
    );
    connection.prepare_cached(sql)?.execute([id]).map(drop)
}

fn stale_ids(connection: &Connection, kind: Kind, limit: u32) -> rusqlite::Result<Vec<i64>> {
    let sql = for_kind(
        kind,
        "SELECT id FROM stale_posts WHERE id > 0 ORDER BY id LIMIT ?1",
        "SELECT id FROM stale_comments WHERE id > 0 ORDER BY id LIMIT ?1",
    );
    connection.prepare_cached(sql)?.query_map([limit], |row| row.get(0))?.collect()
}

fn ids_after(connection: &Connection, kind: Kind, id: i64, limit: u32) -> rusqlite::Result<Vec<i64>> {
    let sql = for_kind(
        kind,
        "SELECT id FROM posts WHERE id > ?1 ORDER BY id LIMIT ?2",
        "SELECT id FROM comments WHERE id > ?1 ORDER BY id LIMIT ?2",
    );
    connection.prepare_cached(sql)?.query_map(params![id, limit], |row| row.get(0))?.collect()
}

/// Takes a row's words out of the index, and notes that nothing old of it is there any more.
fn unindex_row(connection: &Connection, kind: Kind, id: i64) -> rusqlite::Result<()> {
    let words = for_kind(
        kind,
        "DELETE FROM post_words WHERE rowid = ?1",
        "DELETE FROM comment_words WHERE rowid = ?1",
    );
    connection.prepare_cached(words)?.execute([id])?;
    let stale =
        for_kind(kind, "DELETE FROM stale_posts WHERE id = ?1", "DELETE FROM stale_comments WHERE id = ?1");
    connection.prepare_cached(stale)?.execute([id]).map(drop)
}

/// Puts a row's words into the index, unless it is gone or emptied; how many bytes they were.
fn index_row(connection: &Connection, kind: Kind, id: i64) -> rusqlite::Result<usize> {
    let Some(text) = text(connection, kind, id)? else {
        return Ok(0);
    };
    let (author, site) = author_and_site(connection, kind, id)?;
    let markers =
        [author.map(author_token), site.as_deref().map(site_token), Some(block_token(id / ROWS_PER_BLOCK))];
    let mut words = String::with_capacity(text.len() + 64);
    for word in folded_words(&text).chain(markers.into_iter().flatten()) {
        words.push_str(&word);
        words.push(' ');
    }
    let sql = for_kind(
        kind,
        "INSERT INTO post_words (rowid, words) VALUES (?1, ?2)",
        "INSERT INTO comment_words (rowid, words) VALUES (?1, ?2)",
    );
    connection.prepare_cached(sql)?.execute(params![id, words])?;
    Ok(text.len())
}

/// Who wrote it, and where it leads.
fn author_and_site(
    connection: &Connection,
    kind: Kind,
    id: i64,
) -> rusqlite::Result<(Option<UserId>, Option<String>)> {
    let sql = for_kind(
        kind,
        "SELECT user_id, site FROM posts WHERE id = ?1",
        "SELECT user_id, NULL FROM comments WHERE id = ?1",
    );
    connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
}
