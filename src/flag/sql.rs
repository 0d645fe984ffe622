//! All SQL about flags.

use rusqlite::{Connection, OptionalExtension, params};

use super::{FlagOutcome, FlaggedItem, NewFlag};
use crate::sql::{Columns, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{CommentId, PostId, UserId};
use crate::user;
use crate::user::sql::author_columns;
use crate::vote::Target;

/// The greatest number of reasons that are shown for a case.
pub const MAX_SHOWN_REASONS: u32 = 10;
/// Separates the reasons in one column; a line of a form never contains this character.
const REASON_SEPARATOR: char = '\u{1f}';

/// SQL for whether a user has flagged a post or comment, and no admin has decided about it since.
macro_rules! flagged_by {
    ($user:literal, $column:literal, $id:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM cases JOIN flags ON flags.case_id = cases.id AND flags.user_id = ",
            $user,
            " WHERE cases.",
            $column,
            " = ",
            $id,
            ")"
        )
    };
}
pub(crate) use flagged_by;

/// Whether a user has flagged anything that no admin has decided about since.
pub fn any_by_user(connection: &Connection, user_id: UserId) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM flags WHERE user_id = ?1)";
    connection.prepare_cached(sql)?.query_row([user_id], |row| row.get(0))
}

/// Whether a user has flagged a post or comment, and no admin has decided about it since.
pub fn is_flagged(connection: &Connection, user_id: UserId, target: Target) -> rusqlite::Result<bool> {
    let (sql, id) = target.statement(
        concat!("SELECT ", flagged_by!("?1", "post_id", "?2")),
        concat!("SELECT ", flagged_by!("?1", "comment_id", "?2")),
    );
    connection.prepare_cached(sql)?.query_row(params![user_id, id], |row| row.get(0))
}

/// Stores a flag, or replaces the reason of the one that the user has already set.
pub fn create(connection: &Connection, flag: &NewFlag) -> rusqlite::Result<FlagOutcome> {
    match author_of(connection, flag.target)? {
        None => return Ok(FlagOutcome::NotFound),
        Some(author) if author == Some(flag.user_id) => return Ok(FlagOutcome::OwnContent),
        Some(_) => {}
    }
    let (post_id, comment_id) = columns(flag.target);
    connection
        .prepare_cached(
            "INSERT INTO cases (created_at, post_id, comment_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![flag.now, post_id, comment_id])?;
    let Some(case_id) = case_id(connection, flag.target)? else {
        return Ok(FlagOutcome::NotFound);
    };
    let made = connection
        .prepare_cached(
            "INSERT INTO flags (case_id, user_id, created_at, reason) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![case_id, flag.user_id, flag.now, flag.reason])?;
    if made > 0 {
        adjust_flags_count(connection, case_id, 1)?;
        return Ok(FlagOutcome::Created);
    }
    connection
        .prepare_cached("UPDATE flags SET reason = ?3 WHERE case_id = ?1 AND user_id = ?2")?
        .execute(params![case_id, flag.user_id, flag.reason])?;
    Ok(FlagOutcome::ReasonChanged)
}

/// The reason of a user's flag; `None`: this user has not flagged it.
pub fn reason_by_user(
    connection: &Connection,
    user_id: UserId,
    target: Target,
) -> rusqlite::Result<Option<String>> {
    let Some(case_id) = case_id(connection, target)? else {
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

fn adjust_flags_count(connection: &Connection, case_id: i64, by: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE cases SET flags_count = flags_count + ?2 WHERE id = ?1")?
        .execute(params![case_id, by])?;
    Ok(())
}

/// The author of a post or comment. `None`: it does not exist, or is deleted; `Some(None)`: the author's
/// account is deleted.
pub fn author_of(connection: &Connection, target: Target) -> rusqlite::Result<Option<Option<UserId>>> {
    let (sql, id) = target.statement(
        "SELECT user_id FROM posts WHERE id = ?1 AND deleted_at IS NULL",
        "SELECT user_id FROM comments WHERE id = ?1 AND deleted_at IS NULL",
    );
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

fn case_id(connection: &Connection, target: Target) -> rusqlite::Result<Option<i64>> {
    let (sql, id) = target
        .statement("SELECT id FROM cases WHERE post_id = ?1", "SELECT id FROM cases WHERE comment_id = ?1");
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

/// Deletes the case of a post or comment, and with it the flags. `false`: there was none.
pub fn close_case(connection: &Connection, target: Target) -> rusqlite::Result<bool> {
    let (sql, id) =
        target.statement("DELETE FROM cases WHERE post_id = ?1", "DELETE FROM cases WHERE comment_id = ?1");
    Ok(connection.prepare_cached(sql)?.execute([id])? > 0)
}

/// The reasons of at most [`MAX_SHOWN_REASONS`] flags.
pub fn reasons(connection: &Connection, target: Target) -> rusqlite::Result<Vec<String>> {
    let Some(case_id) = case_id(connection, target)? else {
        return Ok(Vec::new());
    };
    connection
        .prepare_cached("SELECT reason FROM flags WHERE case_id = ?1 LIMIT ?2")?
        .query_map(params![case_id, MAX_SHOWN_REASONS], |row| row.get(0))?
        .collect()
}

row! {
    /// A case in the queue.
    fn item() -> FlaggedItem, columns item_columns {
        id: "cases.id",
        target: "cases.post_id, cases.comment_id" => target,
        text: "coalesce(posts.title, substr(comments.body, 1, 200), '')",
        author: author_columns!("users") => user::sql::author,
        is_dead: "coalesce(posts.removed_at, comments.removed_at) IS NOT NULL",
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
    Ok(reasons.unwrap_or_default().split(REASON_SEPARATOR).map(str::to_owned).collect())
}

/// A page of the queue after the cursor: most flags first, then the newest. Of what is removed only dead things have a case. The few cases whose post or comment was
/// deleted just now, and can come back, are stepped over.
pub fn queue(connection: &Connection, after: Cursor, limit: u32) -> rusqlite::Result<Slice<FlaggedItem>> {
    let sql = concat!(
        "SELECT ",
        item_columns!(),
        " FROM cases LEFT JOIN posts ON posts.id = cases.post_id \
         LEFT JOIN comments ON comments.id = cases.comment_id \
         LEFT JOIN users ON users.id = coalesce(posts.user_id, comments.user_id) \
         WHERE (cases.flags_count, cases.id) < (?1, ?2) \
         AND (coalesce(posts.deleted_at, comments.deleted_at) IS NULL \
              OR coalesce(posts.removed_at, comments.removed_at) IS NOT NULL) \
         ORDER BY cases.flags_count DESC, cases.id DESC LIMIT ?3"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(
            params![after.key, after.id, limit + 1, REASON_SEPARATOR.to_string(), MAX_SHOWN_REASONS],
            |row| item(&mut Columns::of(row)),
        )?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, FlaggedItem::cursor))
}

/// Withdraws at most `number` flags of a user, whose account is being deleted; `false`: there were none. A
/// case without flags is deleted.
pub fn withdraw_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let cases: Vec<i64> = connection
        .prepare_cached("SELECT case_id FROM flags WHERE user_id = ?1 LIMIT ?2")?
        .query_map(params![user_id, number], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for case_id in &cases {
        delete(connection, *case_id, user_id)?;
    }
    Ok(!cases.is_empty())
}

/// Takes back a user's flag of a post or comment; `false`: it does not exist, or is hidden. Without a flag, nothing
/// changes.
pub fn withdraw(connection: &Connection, user_id: UserId, target: Target) -> rusqlite::Result<bool> {
    if author_of(connection, target)?.is_none() {
        return Ok(false);
    }
    if let Some(case_id) = case_id(connection, target)? {
        delete(connection, case_id, user_id)?;
    }
    Ok(true)
}

/// Deletes a user's flag, if there is one, and a case that has no other.
fn delete(connection: &Connection, case_id: i64, user_id: UserId) -> rusqlite::Result<()> {
    let deleted = connection
        .prepare_cached("DELETE FROM flags WHERE case_id = ?1 AND user_id = ?2")?
        .execute(params![case_id, user_id])?;
    if deleted > 0 {
        adjust_flags_count(connection, case_id, -1)?;
        connection
            .prepare_cached("DELETE FROM cases WHERE id = ?1 AND flags_count = 0")?
            .execute([case_id])?;
    }
    Ok(())
}
