//! All SQL about flags.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Flagged, NewFlag, Waiting};
use crate::sql::{Columns, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{CommentId, PostId, UserId};
use crate::user;
use crate::user::sql::author_columns;
use crate::vote::Target;

/// So many reasons are shown of a case.
pub const REASONS: u32 = 10;
/// Between reasons in one column: no line of a form has such a character.
const BETWEEN: char = '\u{1f}';

/// Flags it, or changes the reason for which it is flagged.
pub fn create(connection: &Connection, flag: &NewFlag) -> rusqlite::Result<Flagged> {
    match author(connection, flag.target)? {
        None => return Ok(Flagged::Gone),
        Some(author) if author == Some(flag.user_id) => return Ok(Flagged::Own),
        Some(_) => {}
    }
    let (post_id, comment_id) = columns(flag.target);
    connection
        .prepare_cached(
            "INSERT INTO cases (created_at, post_id, comment_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![flag.now, post_id, comment_id])?;
    let Some(case_id) = case(connection, flag.target)? else {
        return Ok(Flagged::Gone);
    };
    let made = connection
        .prepare_cached(
            "INSERT INTO flags (case_id, user_id, created_at, reason) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![case_id, flag.user_id, flag.now, flag.reason])?;
    if made > 0 {
        count(connection, case_id, 1)?;
        return Ok(Flagged::Done);
    }
    connection
        .prepare_cached("UPDATE flags SET reason = ?3 WHERE case_id = ?1 AND user_id = ?2")?
        .execute(params![case_id, flag.user_id, flag.reason])?;
    Ok(Flagged::Again)
}

/// Why somebody has flagged something, if they have.
pub fn reason_of(
    connection: &Connection,
    user_id: UserId,
    target: Target,
) -> rusqlite::Result<Option<String>> {
    let Some(case_id) = case(connection, target)? else {
        return Ok(None);
    };
    connection
        .prepare_cached("SELECT reason FROM flags WHERE case_id = ?1 AND user_id = ?2")?
        .query_row(params![case_id, user_id], |row| row.get(0))
        .optional()
}

fn columns(target: Target) -> (Option<PostId>, Option<CommentId>) {
    match target {
        Target::Post(id) => (Some(id), None),
        Target::Comment(id) => (None, Some(id)),
    }
}

fn count(connection: &Connection, case_id: i64, by: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE cases SET flags_count = flags_count + ?2 WHERE id = ?1")?
        .execute(params![case_id, by])?;
    Ok(())
}

/// Whose it is, if they have not left; `None`: there is nothing of that number, or not any more.
pub fn author(connection: &Connection, target: Target) -> rusqlite::Result<Option<Option<UserId>>> {
    let (sql, id) = match target {
        Target::Post(id) => ("SELECT user_id FROM posts WHERE id = ?1 AND deleted_at IS NULL", id.get()),
        Target::Comment(id) => {
            ("SELECT user_id FROM comments WHERE id = ?1 AND deleted_at IS NULL", id.get())
        }
    };
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

fn case(connection: &Connection, target: Target) -> rusqlite::Result<Option<i64>> {
    let (sql, id) = match target {
        Target::Post(id) => ("SELECT id FROM cases WHERE post_id = ?1", id.get()),
        Target::Comment(id) => ("SELECT id FROM cases WHERE comment_id = ?1", id.get()),
    };
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

/// Closes the case of something, with its flags; whether there was one.
pub fn close(connection: &Connection, target: Target) -> rusqlite::Result<bool> {
    let (sql, id) = match target {
        Target::Post(id) => ("DELETE FROM cases WHERE post_id = ?1", id.get()),
        Target::Comment(id) => ("DELETE FROM cases WHERE comment_id = ?1", id.get()),
    };
    Ok(connection.prepare_cached(sql)?.execute([id])? > 0)
}

/// Why something is flagged: some reasons.
pub fn reasons(connection: &Connection, target: Target) -> rusqlite::Result<Vec<String>> {
    let Some(case_id) = case(connection, target)? else {
        return Ok(Vec::new());
    };
    connection
        .prepare_cached("SELECT reason FROM flags WHERE case_id = ?1 LIMIT ?2")?
        .query_map(params![case_id, REASONS], |row| row.get(0))?
        .collect()
}

row! {
    /// A case in the queue.
    fn waiting() -> Waiting, columns waiting_columns {
        id: "cases.id",
        target: "cases.post_id, cases.comment_id" => target,
        text: "coalesce(posts.title, substr(comments.body, 1, 200), '')",
        author: author_columns!("users") => user::sql::author,
        flags_count: "cases.flags_count",
        reasons: "(SELECT group_concat(reason, ?4) FROM \
                  (SELECT reason FROM flags WHERE case_id = cases.id LIMIT ?5))" => split_reasons,
    }
}

fn target(columns: &mut Columns) -> rusqlite::Result<Target> {
    match columns.read()? {
        Some(id) => columns.read::<Option<CommentId>>().map(|_| Target::Post(id)),
        None => columns.read().map(Target::Comment),
    }
}

fn split_reasons(columns: &mut Columns) -> rusqlite::Result<Vec<String>> {
    let reasons: Option<String> = columns.read()?;
    Ok(reasons.unwrap_or_default().split(BETWEEN).map(str::to_owned).collect())
}

/// What waits for an admin, from `after` on: what most have flagged first, then the newest.
pub fn queue(connection: &Connection, after: Cursor, limit: u32) -> rusqlite::Result<Slice<Waiting>> {
    let sql = concat!(
        "SELECT ",
        waiting_columns!(),
        " FROM cases LEFT JOIN posts ON posts.id = cases.post_id \
         LEFT JOIN comments ON comments.id = cases.comment_id \
         LEFT JOIN users ON users.id = coalesce(posts.user_id, comments.user_id) \
         WHERE (cases.flags_count, cases.id) < (?1, ?2) \
         ORDER BY cases.flags_count DESC, cases.id DESC LIMIT ?3"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![after.key, after.id, limit + 1, BETWEEN.to_string(), REASONS], |row| {
            waiting(&mut Columns::of(row))
        })?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, Waiting::by_flags))
}

/// Takes back some of the flags of someone who leaves, at most `number`; whether there were any. A case
/// that nobody else has flagged is closed.
pub fn withdraw_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let cases: Vec<i64> = connection
        .prepare_cached("SELECT case_id FROM flags WHERE user_id = ?1 LIMIT ?2")?
        .query_map(params![user_id, number], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for case_id in &cases {
        connection
            .prepare_cached("DELETE FROM flags WHERE case_id = ?1 AND user_id = ?2")?
            .execute(params![*case_id, user_id])?;
        count(connection, *case_id, -1)?;
        connection
            .prepare_cached("DELETE FROM cases WHERE id = ?1 AND flags_count = 0")?
            .execute([*case_id])?;
    }
    Ok(!cases.is_empty())
}
