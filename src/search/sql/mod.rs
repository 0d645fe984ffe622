//! All SQL about search: queries of the FTS5 tables, and their upkeep.

pub mod find;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::query::Kind;
use super::words::for_each_token;
use super::{Hit, MAX_MATCHES, Match, ROWS_PER_BLOCK};
use crate::comment::OwnComment;
use crate::post;
use crate::post::link::site;
use crate::sql::{Columns, row};
use crate::types::id::{PostId, UserId};
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::{comment_text, listed, mentioned_title, post_text, post_title};

/// The statement for posts or the one for comments.
fn for_kind(kind: Kind, posts: &'static str, comments: &'static str) -> &'static str {
    match kind {
        Kind::Post => posts,
        Kind::Comment => comments,
    }
}

// Tokens for facts that are not words begin with a private-use character, which no word contains.

/// The token of a text's author.
#[must_use]
pub fn author_token(id: UserId) -> String {
    format!("\u{e000}{id}")
}

/// The token of a post's link to a site.
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

/// The token of the block to which a row belongs.
#[must_use]
pub fn block_token(block: i64) -> String {
    format!("\u{e002}{block}")
}

/// The greatest id of a post or comment; 0 when there is none.
pub fn max_id(connection: &Connection, kind: Kind) -> rusqlite::Result<i64> {
    let sql =
        for_kind(kind, "SELECT coalesce(max(id), 0) FROM posts", "SELECT coalesce(max(id), 0) FROM comments");
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// The first words of the vocabulary, in alphabetical order, that begin with `beginning`, at most `limit`.
pub fn prefix_expansions(
    connection: &Connection,
    kind: Kind,
    beginning: &str,
    limit: usize,
) -> rusqlite::Result<Vec<String>> {
    // One query for each word, because each is a lookup in the index. FTS5 gets to it through the pages of
    // the word before it, but not through its positions one by one.
    let sql = for_kind(
        kind,
        "SELECT term FROM post_terms WHERE term >= ?1 LIMIT 1",
        "SELECT term FROM comment_terms WHERE term >= ?1 LIMIT 1",
    );
    let mut statement = connection.prepare_cached(sql)?;
    let mut words: Vec<String> = Vec::new();
    while words.len() < limit {
        // The least text greater than a word is the word followed by NUL.
        let from = words.last().map_or_else(|| beginning.to_owned(), |last| format!("{last}\0"));
        let next: Option<String> = statement.query_row([from], |row| row.get(0)).optional()?;
        match next {
            Some(next) if next.starts_with(beginning) => words.push(next),
            _ => break,
        }
    }
    Ok(words)
}

/// The matches of an FTS5 expression, newest first, at most [`MAX_MATCHES`] plus one; for posts with the
/// title.
pub fn matches(
    connection: &Connection,
    kind: Kind,
    expression: &str,
) -> rusqlite::Result<Vec<(Match, Option<String>)>> {
    // CROSS JOIN keeps the join order: from the index to the rows.
    let sql = for_kind(
        kind,
        concat!(
            "SELECT posts.id, posts.created_at, posts.score, ",
            post_title!(listed),
            " FROM post_words CROSS JOIN posts ON posts.id = post_words.rowid \
             WHERE post_words MATCH ?1 AND ",
            listed!("posts"),
            " ORDER BY post_words.rowid DESC LIMIT ?2"
        ),
        concat!(
            "SELECT comments.id, comments.created_at, comments.score, NULL \
             FROM comment_words CROSS JOIN comments ON comments.id = comment_words.rowid \
             WHERE comment_words MATCH ?1 AND ",
            listed!("comments"),
            " ORDER BY comment_words.rowid DESC LIMIT ?2"
        ),
    );
    let from_row = |row: &Row| {
        let mut columns = Columns::of(row);
        let (id, created_at, score) = (columns.read()?, columns.read()?, columns.read()?);
        Ok((Match { kind, id, created_at, score, is_in_title: false, is_exact: false }, columns.read()?))
    };
    connection.prepare_cached(sql)?.query_map(params![expression, MAX_MATCHES + 1], from_row)?.collect()
}

/// The posts that link to an address, newest first, at most [`MAX_MATCHES`].
pub fn posts_with_address(connection: &Connection, address: &str) -> rusqlite::Result<Vec<Match>> {
    let sql = concat!(
        "SELECT id, created_at, score FROM posts WHERE address = ?1 AND ",
        listed!("posts"),
        " ORDER BY created_at DESC LIMIT ?2"
    );
    let from_row = |row: &Row| {
        let mut columns = Columns::of(row);
        let (id, created_at, score) = (columns.read()?, columns.read()?, columns.read()?);
        Ok(Match { kind: Kind::Post, id, created_at, score, is_in_title: true, is_exact: true })
    };
    connection.prepare_cached(sql)?.query_map(params![address, MAX_MATCHES], from_row)?.collect()
}

/// The post or comment with this id; `None` when it is gone or deleted.
pub fn match_of(connection: &Connection, kind: Kind, id: i64) -> rusqlite::Result<Option<Match>> {
    let sql = for_kind(
        kind,
        concat!("SELECT created_at, score FROM posts WHERE id = ?1 AND ", listed!("posts")),
        concat!("SELECT created_at, score FROM comments WHERE id = ?1 AND ", listed!("comments")),
    );
    let from_row = |row: &Row| {
        let mut columns = Columns::of(row);
        let (created_at, score) = (columns.read()?, columns.read()?);
        Ok(Match { kind, id, created_at, score, is_in_title: true, is_exact: true })
    };
    connection.prepare_cached(sql)?.query_row([id], from_row).optional()
}

/// Whether fewer than `limit` rows match an expression.
pub fn is_rare(connection: &Connection, kind: Kind, expression: &str, limit: u32) -> rusqlite::Result<bool> {
    // In the index's own order, oldest first: for the newest first, FTS5 would read a page of rows to its
    // end.
    let sql = for_kind(
        kind,
        "SELECT count(*) FROM (SELECT 1 FROM post_words WHERE post_words MATCH ?1 LIMIT ?2)",
        "SELECT count(*) FROM (SELECT 1 FROM comment_words WHERE comment_words MATCH ?1 LIMIT ?2)",
    );
    let number: u32 =
        connection.prepare_cached(sql)?.query_row(params![expression, limit], |row| row.get(0))?;
    Ok(number < limit)
}

/// The searched text of a post (title and text) or comment; `None` when it is gone or deleted.
pub fn text(connection: &Connection, kind: Kind, id: i64) -> rusqlite::Result<Option<String>> {
    let sql = for_kind(
        kind,
        concat!(
            "SELECT ",
            post_title!(listed),
            " || char(10) || ",
            post_text!(listed),
            " FROM posts JOIN descriptions ON descriptions.post_id = posts.id WHERE posts.id = ?1 AND ",
            listed!("posts")
        ),
        concat!("SELECT ", comment_text!(listed), " FROM comments WHERE id = ?1 AND ", listed!("comments")),
    );
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

row! {
    /// A comment that matches, with its post's title.
    fn comment() -> OwnComment, columns comment_columns {
        id: "comments.id",
        body: comment_text!(listed),
        created_at: "comments.created_at",
        post_id: "posts.id",
        post_title: post_title!(mentioned) => mentioned_title,
    }
}

/// A match with the values that its row shows to the viewer; `None` when it is gone.
pub fn hit(
    connection: &Connection,
    viewer_id: Option<UserId>,
    found: &Match,
) -> rusqlite::Result<Option<Hit>> {
    if found.kind == Kind::Post {
        let detail = post::sql::find(connection, viewer_id, PostId::new(found.id))?;
        return Ok(detail
            .filter(|detail| !detail.state().is_hidden())
            .map(|detail| Hit::Post(Box::new(detail))));
    }
    let sql = concat!(
        "SELECT ",
        comment_columns!(),
        ", ",
        author_columns!("users"),
        " FROM comments JOIN posts ON posts.id = comments.post_id LEFT JOIN users ON users.id = comments.user_id \
         WHERE comments.id = ?1 AND ",
        listed!("comments")
    );
    let from_row = |row: &Row| {
        let mut columns = Columns::of(row);
        Ok(Hit::Comment { comment: comment(&mut columns)?, author: user::sql::author(&mut columns)? })
    };
    connection.prepare_cached(sql)?.query_row([found.id], from_row).optional()
}

/// The most posts and comments that one step indexes: a few milliseconds of the writer's time.
const MAX_STEP_ROWS: u32 = 500;
/// The bytes of text after which a step ends.
const MAX_STEP_BYTES: usize = 128 * 1024;

/// Whether the index lacks a new or changed post or comment.
pub fn is_behind(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM stale_posts WHERE id > 0) \
               OR EXISTS (SELECT 1 FROM stale_comments WHERE id > 0) \
               OR EXISTS (SELECT 1 FROM posts WHERE id > search_progress.posts) \
               OR EXISTS (SELECT 1 FROM comments WHERE id > search_progress.comments) \
               OR old_posts > 0 OR old_comments > 0 \
               FROM search_progress WHERE id = 1";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Whether some posts or comments are still indexed by the rules of an earlier version.
pub fn is_rebuilding(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT old_posts > 0 OR old_comments > 0 FROM search_progress WHERE id = 1";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Indexes changed and deleted rows, then new ones, then those that were indexed by the rules of an earlier
/// version, up to the limits of one step. Whether there may be more to do.
pub fn index_step(connection: &Connection) -> rusqlite::Result<bool> {
    let (mut rows, mut bytes) = (MAX_STEP_ROWS, MAX_STEP_BYTES);
    for kind in [Kind::Post, Kind::Comment] {
        let done = progress(connection, kind)?;
        for id in stale_ids(connection, kind, rows)? {
            unindex_row(connection, kind, id)?;
            // A row after `done` is indexed below, as a new one.
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
    for kind in [Kind::Post, Kind::Comment] {
        if rows > 0 && bytes > 0 {
            reindex_old(connection, kind, &mut rows, &mut bytes)?;
        }
    }
    Ok(rows == 0 || bytes == 0)
}

/// Indexes rows anew that were indexed by the rules of an earlier version, from the newest on.
fn reindex_old(
    connection: &Connection,
    kind: Kind,
    rows: &mut u32,
    bytes: &mut usize,
) -> rusqlite::Result<()> {
    let newest = newest_old(connection, kind)?;
    if newest == 0 {
        return Ok(());
    }
    let mut left = 0;
    for id in ids_up_to(connection, kind, newest, *rows)? {
        if kind == Kind::Post {
            // A pasted address is looked up by it.
            post::sql::refresh_address(connection, PostId::new(id))?;
        }
        unindex_row(connection, kind, id)?;
        *bytes = bytes.saturating_sub(index_row(connection, kind, id)?);
        *rows -= 1;
        if *rows == 0 || *bytes == 0 {
            left = id - 1;
            break;
        }
    }
    set_newest_old(connection, kind, left)
}

fn newest_old(connection: &Connection, kind: Kind) -> rusqlite::Result<i64> {
    let sql = for_kind(
        kind,
        "SELECT old_posts FROM search_progress WHERE id = 1",
        "SELECT old_comments FROM search_progress WHERE id = 1",
    );
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

fn set_newest_old(connection: &Connection, kind: Kind, id: i64) -> rusqlite::Result<()> {
    let sql = for_kind(
        kind,
        "UPDATE search_progress SET old_posts = ?1 WHERE id = 1",
        "UPDATE search_progress SET old_comments = ?1 WHERE id = 1",
    );
    connection.prepare_cached(sql)?.execute([id]).map(drop)
}

fn ids_up_to(connection: &Connection, kind: Kind, id: i64, limit: u32) -> rusqlite::Result<Vec<i64>> {
    let sql = for_kind(
        kind,
        "SELECT id FROM posts WHERE id <= ?1 ORDER BY id DESC LIMIT ?2",
        "SELECT id FROM comments WHERE id <= ?1 ORDER BY id DESC LIMIT ?2",
    );
    connection.prepare_cached(sql)?.query_map(params![id, limit], |row| row.get(0))?.collect()
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

/// Removes a row from the index, and from the list of stale rows.
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

/// Adds a row to the index, unless it is gone or deleted; the bytes of its text.
fn index_row(connection: &Connection, kind: Kind, id: i64) -> rusqlite::Result<usize> {
    let Some(text) = text(connection, kind, id)? else {
        return Ok(0);
    };
    let (author, site) = author_and_site(connection, kind, id)?;
    let mut words = String::with_capacity(text.len() + 64);
    for_each_token(&text, |word| {
        words.push_str(word);
        words.push(' ');
    });
    index_words(connection, kind, id, (author, site.as_deref()), words)?;
    Ok(text.len())
}

/// Adds the tokens of a row to the index, a blank after each, with those of its author, its site and its block.
fn index_words(
    connection: &Connection,
    kind: Kind,
    id: i64,
    (author, site): (Option<UserId>, Option<&str>),
    mut words: String,
) -> rusqlite::Result<()> {
    let markers = [
        author.map(author_token),
        site.map(site_token),
        site.and_then(site::shared_host).map(site_token),
        Some(block_token(id / ROWS_PER_BLOCK)),
    ];
    for marker in markers.iter().flatten() {
        words.push_str(marker);
        words.push(' ');
    }
    let sql = for_kind(
        kind,
        "INSERT INTO post_words (rowid, words) VALUES (?1, ?2)",
        "INSERT INTO comment_words (rowid, words) VALUES (?1, ?2)",
    );
    connection.prepare_cached(sql)?.execute(params![id, words]).map(drop)
}

/// Indexes rows as they are inserted, by a transaction that inserts many, from words that were found before.
pub struct BulkIndexer {
    kind: Kind,
    /// Whether all rows that were there before are indexed. Else the indexer comes to the new ones, too.
    is_current: bool,
    last: i64,
}

impl BulkIndexer {
    /// Begins, before the first row is inserted.
    pub fn begin(connection: &Connection, kind: Kind) -> rusqlite::Result<BulkIndexer> {
        let last = progress(connection, kind)?;
        Ok(BulkIndexer { kind, is_current: max_id(connection, kind)? <= last, last })
    }

    /// Adds a row that has just been inserted. `words` are its tokens, a blank after each; none for a row that search
    /// does not find.
    pub fn add(
        &mut self,
        connection: &Connection,
        id: i64,
        (author, site): (Option<UserId>, Option<&str>),
        words: &str,
    ) -> rusqlite::Result<()> {
        self.last = id;
        if self.is_current && !words.is_empty() {
            index_words(connection, self.kind, id, (author, site), words.to_owned())?;
        }
        Ok(())
    }

    /// Ends, before the transaction does.
    pub fn end(self, connection: &Connection) -> rusqlite::Result<()> {
        if self.is_current { set_progress(connection, self.kind, self.last) } else { Ok(()) }
    }
}

/// The author of a post or comment, and the site to which a post links.
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
