//! SQL of the moderation log, and of the acts that are told to a user in the inbox.

use rusqlite::{Connection, params};

use crate::moderation::{LogEntry, ModerationAction, Subject};
use crate::sql::{Columns, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::post_title;

row! {
    /// An entry of the log.
    fn log_entry() -> LogEntry, columns log_entry_columns {
        id: "acts.id",
        created_at: "acts.created_at",
        admin: author_columns!("admins") => user::sql::author,
        is_by_operator: "acts.is_by_operator",
        action: "acts.verb" => action,
        noun: "acts.noun",
        subject: "posts.id, comments.id, users.id" => subject,
        name: concat!(post_title!(or_null), ", users.screen_name") => name,
        is_about_admin: "users.is_admin IS TRUE",
        to: "acts.to_post_id",
        reason: "acts.reason",
    }
}

fn action(columns: &mut Columns) -> rusqlite::Result<ModerationAction> {
    // Only these codes are written.
    Ok(ModerationAction::from_code(columns.read_ref()?.as_str()?).unwrap_or(ModerationAction::Remove))
}

fn subject(columns: &mut Columns) -> rusqlite::Result<Option<Subject>> {
    let post = columns.read::<Option<_>>()?.map(Subject::Post);
    let comment = columns.read::<Option<_>>()?.map(Subject::Comment);
    let user = columns.read::<Option<_>>()?.map(Subject::User);
    Ok(post.or(comment).or(user))
}

fn name(columns: &mut Columns) -> rusqlite::Result<Option<String>> {
    let (title, screen_name): (Option<String>, _) = (columns.read()?, columns.read()?);
    Ok(title.or(screen_name))
}

/// A page of the log after the cursor, newest first.
pub fn log(connection: &Connection, after: Cursor, limit: u32) -> rusqlite::Result<Slice<LogEntry>> {
    let sql = concat!(
        "SELECT ",
        log_entry_columns!(),
        " FROM acts LEFT JOIN users AS admins ON admins.id = acts.admin_id \
         LEFT JOIN posts ON posts.id = acts.post_id AND posts.gone_at IS NULL \
         LEFT JOIN comments ON comments.id = acts.comment_id \
             AND (comments.deleted_at IS NULL OR comments.removed_at IS NOT NULL) \
         LEFT JOIN users ON users.id = acts.user_id \
         WHERE acts.id < ?1 ORDER BY acts.id DESC LIMIT ?2"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![after.id, limit + 1], |row| log_entry(&mut Columns::of(row)))?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, LogEntry::cursor))
}

/// What was done about the account of a user and is told to them, the newest first, each with whether it is unread. What
/// has been read is told if it was done after `since`.
pub fn notices(
    connection: &Connection,
    user_id: UserId,
    since: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<(LogEntry, bool)>> {
    let sql = concat!(
        "SELECT ",
        log_entry_columns!(),
        ", notices.is_unread FROM notices CROSS JOIN acts ON acts.id = notices.act_id \
         LEFT JOIN users AS admins ON admins.id = acts.admin_id LEFT JOIN posts ON posts.id = acts.post_id \
         LEFT JOIN comments ON comments.id = acts.comment_id LEFT JOIN users ON users.id = acts.user_id \
         WHERE notices.user_id = ?1 AND (notices.is_unread OR acts.created_at > ?2) \
         ORDER BY notices.act_id DESC LIMIT ?3"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![user_id, since, limit], |row| {
            let mut columns = Columns::of(row);
            Ok((log_entry(&mut columns)?, columns.read()?))
        })?
        .collect()
}

/// Records that a user has seen all of [`notices`].
pub fn mark_notices_read(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE notices SET is_unread = 0 WHERE user_id = ?1 AND is_unread")?
        .execute([user_id])?;
    Ok(())
}
