//! All SQL about verdicts and vouches. The acts of the site are in [`acts`].

pub mod acts;

use rusqlite::{Connection, OptionalExtension, params};

use super::{DeadItem, MAX_SHOWN_CHARS};
use crate::flag::sql::flagged_by;
use crate::sql::{Columns, delete_some_of_user, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{CommentId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::{comment_text, post_text, post_title};
use crate::vote::Target;

/// The condition for users in good standing: neither banned nor new, where `?2` is the time of the newest user who is
/// not new.
macro_rules! in_good_standing {
    () => {
        in_good_standing!("users", "?2")
    };
    ($users:literal, $newest:literal) => {
        concat!(
            $users,
            ".banned_at IS NULL AND (",
            $users,
            ".is_admin = 1 OR ",
            $users,
            ".created_at <= ",
            $newest,
            ")"
        )
    };
}

/// The verdict about a post or comment: its id, and whether it is dead. `None`: flags may hide it.
pub(super) fn verdict(connection: &Connection, target: Target) -> rusqlite::Result<Option<(i64, bool)>> {
    let (sql, id) = target.statement(
        "SELECT id, is_dead FROM verdicts WHERE post_id = ?1",
        "SELECT id, is_dead FROM verdicts WHERE comment_id = ?1",
    );
    connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Whether flags have hidden a post or comment, and nobody has brought it back.
pub fn is_dead(connection: &Connection, target: Target) -> rusqlite::Result<bool> {
    Ok(verdict(connection, target)?.is_some_and(|(_, is_dead)| is_dead))
}

/// The number of flags by users in good standing, at most `limit`.
fn counting_flags(
    connection: &Connection,
    target: Target,
    newest_old_user: Timestamp,
    limit: u32,
) -> rusqlite::Result<u32> {
    let (sql, id) = target.statement(
        concat!(
            "SELECT count(*) FROM (SELECT 1 FROM cases CROSS JOIN flags ON flags.case_id = cases.id \
             CROSS JOIN users ON users.id = flags.user_id WHERE cases.post_id = ?1 AND ",
            in_good_standing!(),
            " LIMIT ?3)"
        ),
        concat!(
            "SELECT count(*) FROM (SELECT 1 FROM cases CROSS JOIN flags ON flags.case_id = cases.id \
             CROSS JOIN users ON users.id = flags.user_id WHERE cases.comment_id = ?1 AND ",
            in_good_standing!(),
            " LIMIT ?3)"
        ),
    );
    connection.prepare_cached(sql)?.query_row(params![id, newest_old_user, limit], |row| row.get(0))
}

/// The number of users in good standing who vouch, at most `limit`.
fn counting_vouches(
    connection: &Connection,
    verdict_id: i64,
    newest_old_user: Timestamp,
    limit: u32,
) -> rusqlite::Result<u32> {
    let sql = concat!(
        "SELECT count(*) FROM (SELECT 1 FROM vouches CROSS JOIN users ON users.id = vouches.user_id \
         WHERE vouches.verdict_id = ?1 AND ",
        in_good_standing!(),
        " LIMIT ?3)"
    );
    connection.prepare_cached(sql)?.query_row(params![verdict_id, newest_old_user, limit], |row| row.get(0))
}

/// Says that a post or comment without a verdict is dead.
fn declare_dead(connection: &Connection, target: Target, now: Timestamp) -> rusqlite::Result<()> {
    let (sql, id) = target.statement(
        "INSERT INTO verdicts (created_at, post_id, is_dead) VALUES (?2, ?1, 1)",
        "INSERT INTO verdicts (created_at, comment_id, is_dead) VALUES (?2, ?1, 1)",
    );
    connection.prepare_cached(sql)?.execute(params![id, now])?;
    Ok(())
}

/// Says that flags hide a post or comment no more.
pub fn settle(connection: &Connection, target: Target, now: Timestamp) -> rusqlite::Result<()> {
    let (sql, id) = target.statement(
        "INSERT INTO verdicts (created_at, post_id, is_dead) VALUES (?2, ?1, 0) \
         ON CONFLICT (post_id) DO UPDATE SET is_dead = 0",
        "INSERT INTO verdicts (created_at, comment_id, is_dead) VALUES (?2, ?1, 0) \
         ON CONFLICT (comment_id) DO UPDATE SET is_dead = 0",
    );
    connection.prepare_cached(sql)?.execute(params![id, now])?;
    Ok(())
}

/// The author of a dead post or comment; `None`: there is none.
fn author_of(connection: &Connection, target: Target) -> rusqlite::Result<Option<UserId>> {
    let (sql, id) = target
        .statement("SELECT user_id FROM posts WHERE id = ?1", "SELECT user_id FROM comments WHERE id = ?1");
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?.flatten())
}

/// Stores that a user vouches. A second time changes nothing.
fn add_vouch(
    connection: &Connection,
    verdict_id: i64,
    user_id: UserId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO vouches (verdict_id, user_id, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![verdict_id, user_id, now])?;
    Ok(())
}

row! {
    /// A dead thing, for the user `?1`. Vouches of users who are newer than `?5` do not count.
    fn item() -> DeadItem, columns item_columns {
        id: "verdicts.id",
        target: "verdicts.post_id, verdicts.comment_id" => target,
        died_at: "verdicts.created_at",
        title: post_title!(dead),
        url: "posts.url",
        text: concat!("substr(coalesce(", post_text!(dead), ", ", comment_text!(dead), ", ''), 1, ?4)"),
        author: author_columns!("users") => user::sql::author,
        vouches: concat!(
            "(SELECT count(*) FROM vouches CROSS JOIN users AS vouchers ON vouchers.id = vouches.user_id \
              WHERE vouches.verdict_id = verdicts.id AND ",
            in_good_standing!("vouchers", "?5"),
            ")"
        ),
        has_vouched: "EXISTS (SELECT 1 FROM vouches WHERE vouches.verdict_id = verdicts.id AND vouches.user_id = ?1)",
        has_flagged: concat!(
            flagged_by!("?1", "post_id", "verdicts.post_id"), " OR ",
            flagged_by!("?1", "comment_id", "verdicts.comment_id")
        ),
    }
}

fn target(columns: &mut Columns) -> rusqlite::Result<Target> {
    match columns.read()? {
        Some(id) => columns.read::<Option<CommentId>>().map(|_| Target::Post(id)),
        None => columns.read().map(Target::Comment),
    }
}

/// A page of what is dead after the cursor, as a user sees it: what died last comes first.
pub fn list(
    connection: &Connection,
    (viewer_id, newest_old_user): (UserId, Timestamp),
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<DeadItem>> {
    let sql = concat!(
        "SELECT ",
        item_columns!(),
        " FROM verdicts LEFT JOIN posts ON posts.id = verdicts.post_id \
         LEFT JOIN descriptions ON descriptions.post_id = verdicts.post_id \
         LEFT JOIN comments ON comments.id = verdicts.comment_id \
         LEFT JOIN users ON users.id = coalesce(posts.user_id, comments.user_id) \
         WHERE verdicts.is_dead = 1 AND verdicts.id < ?2 ORDER BY verdicts.id DESC LIMIT ?3"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![viewer_id, after.id, limit + 1, MAX_SHOWN_CHARS + 1, newest_old_user], |row| {
            item(&mut Columns::of(row))
        })?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, DeadItem::cursor))
}

/// Deletes at most `number` vouches of a user, for the deletion of the account; whether there were any.
pub fn withdraw_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let vouches = "DELETE FROM vouches WHERE user_id = ?1 AND verdict_id IN \
                   (SELECT verdict_id FROM vouches WHERE user_id = ?1 LIMIT ?2)";
    delete_some_of_user(connection, &[vouches], user_id, number)
}
