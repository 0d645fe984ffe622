//! All SQL about moderation.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Decision, LogEntry, ModerationAction, Outcome, Subject, SubjectDetail};
use crate::deletion::{self, sql::burial};
use crate::flag;
use crate::invitation;
use crate::sql::{Columns, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{PostId, SessionId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::post_title;
use crate::vote::{self, Target};

/// Applies and logs a decision, unless the subject is already in this state.
pub fn decide(connection: &Connection, admin_id: UserId, new: &Decision) -> rusqlite::Result<Outcome> {
    let outcome = match (new.action, new.subject) {
        (ModerationAction::Remove, Subject::Post(id)) => remove(connection, Target::Post(id), new.now)?,
        (ModerationAction::Remove, Subject::Comment(id)) => remove(connection, Target::Comment(id), new.now)?,
        (ModerationAction::Restore, Subject::Post(id)) => restore(connection, Target::Post(id))?,
        (ModerationAction::Restore, Subject::Comment(id)) => restore(connection, Target::Comment(id))?,
        (ModerationAction::Lock | ModerationAction::Unlock, Subject::Post(id)) => {
            lock(connection, id, (new.action == ModerationAction::Lock).then_some(new.now))?
        }
        (ModerationAction::Ban | ModerationAction::Unban, Subject::User(id)) => {
            ban(connection, id, (new.action == ModerationAction::Ban).then_some(new.now))?
        }
        (ModerationAction::Reset, Subject::User(id)) => is_no_admin(connection, id)?,
        (ModerationAction::Uninvite, Subject::User(id)) => uninvite(connection, id, new.now)?,
        (ModerationAction::Dismiss, Subject::Post(id)) => dismiss(connection, Target::Post(id))?,
        (ModerationAction::Dismiss, Subject::Comment(id)) => dismiss(connection, Target::Comment(id))?,
        _ => Outcome::NotFound,
    };
    if outcome == Outcome::Done {
        record(connection, Some(admin_id), new)?;
        // After the entry of the log, which names a row that may go now.
        match (new.action, new.subject) {
            (ModerationAction::Remove, Subject::Post(id)) => burial::end(connection, Target::Post(id))?,
            (ModerationAction::Remove, Subject::Comment(id)) => burial::end(connection, Target::Comment(id))?,
            _ => {}
        }
    }
    Ok(outcome)
}

/// Adds a decision to the log, and to what its user is told; the entry's id. `admin_id`: the admin; `None`: the operator.
pub fn record(connection: &Connection, admin_id: Option<UserId>, new: &Decision) -> rusqlite::Result<i64> {
    let (noun, post_id, comment_id, user_id) = new.subject.columns();
    let sql = "INSERT INTO acts (created_at, admin_id, verb, noun, post_id, comment_id, user_id, reason, is_by_operator) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let (action, is_by_operator) = (new.action.code(), admin_id.is_none());
    connection.prepare_cached(sql)?.execute(params![
        new.now,
        admin_id,
        action,
        noun,
        post_id,
        comment_id,
        user_id,
        new.reason,
        is_by_operator
    ])?;
    let act_id = connection.last_insert_rowid();
    match (new.action, new.subject) {
        (ModerationAction::Reset | ModerationAction::Uninvite, Subject::User(id)) => {
            connection
                .prepare_cached("INSERT INTO notices (act_id, user_id) VALUES (?1, ?2)")?
                .execute(params![act_id, id])?;
        }
        (ModerationAction::Retitle | ModerationAction::Merge, Subject::Post(id)) => {
            tell_author(connection, act_id, Target::Post(id), admin_id)?;
        }
        (ModerationAction::Move, Subject::Comment(id)) => {
            tell_author(connection, act_id, Target::Comment(id), admin_id)?;
        }
        _ => {}
    }
    Ok(act_id)
}

/// Tells the author of a post or comment of an entry of the log, unless they are the admin who made it.
fn tell_author(
    connection: &Connection,
    act_id: i64,
    target: Target,
    admin_id: Option<UserId>,
) -> rusqlite::Result<()> {
    let (sql, id) = target.statement(
        "INSERT INTO notices (act_id, user_id) \
         SELECT ?2, user_id FROM posts WHERE id = ?1 AND user_id IS NOT NULL AND user_id IS NOT ?3",
        "INSERT INTO notices (act_id, user_id) \
         SELECT ?2, user_id FROM comments WHERE id = ?1 AND user_id IS NOT NULL AND user_id IS NOT ?3",
    );
    connection.prepare_cached(sql)?.execute(params![id, act_id, admin_id])?;
    Ok(())
}

/// Adds to the log that an admin has changed these settings of the site.
pub fn record_settings(
    connection: &Connection,
    admin_id: UserId,
    names: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO acts (created_at, admin_id, verb, noun, reason) VALUES (?1, ?2, ?3, 'site', ?4)";
    connection.prepare_cached(sql)?.execute(params![
        now,
        admin_id,
        ModerationAction::Configure.code(),
        names
    ])?;
    Ok(())
}

/// Applies a decision as the user of a session; [`Outcome::NotAdmin`] unless that is an admin who is not
/// banned.
pub fn decide_by_session(
    connection: &Connection,
    session_id: SessionId,
    new: &Decision,
) -> rusqlite::Result<Outcome> {
    match admin(connection, session_id)? {
        Some(admin_id) => decide(connection, admin_id, new),
        None => Ok(Outcome::NotAdmin),
    }
}

/// The admin of a session; `None`: the session has ended, or its user is no admin or is banned.
pub fn admin(connection: &Connection, session_id: SessionId) -> rusqlite::Result<Option<UserId>> {
    let sql = "SELECT users.id FROM sessions JOIN users ON users.id = sessions.user_id \
               WHERE sessions.id = ?1 AND users.is_admin AND users.banned_at IS NULL";
    connection.prepare_cached(sql)?.query_row([session_id], |row| row.get(0)).optional()
}

/// The columns of a post or comment that determine which counters change when it is hidden or shown.
struct Counted {
    author: Option<UserId>,
    score: i64,
    /// The post of a comment.
    post_id: Option<PostId>,
}

fn counted(row: &Row) -> rusqlite::Result<Counted> {
    Ok(Counted { author: row.get(0)?, score: row.get(1)?, post_id: row.get(2)? })
}

/// Removes a post or comment, without an entry of the log.
pub fn remove(connection: &Connection, target: Target, now: Timestamp) -> rusqlite::Result<Outcome> {
    // A trigger deletes its case and flags.
    let (sql, id) = target.statement(
        "UPDATE posts SET deleted_at = ?2, removed_at = ?2 WHERE id = ?1 AND deleted_at IS NULL \
             RETURNING user_id, score, NULL",
        "UPDATE comments SET deleted_at = ?2, removed_at = ?2 WHERE id = ?1 AND deleted_at IS NULL \
             RETURNING user_id, score, post_id",
    );
    match connection.prepare_cached(sql)?.query_row(params![id, now], counted).optional()? {
        Some(found) => adjust_counts(connection, target, &found, -1),
        None if is_removed(connection, target)? == Some(true) => Ok(Outcome::Unchanged),
        // Its author has just deleted it: by this decision it cannot come back, see `decide`.
        None if deletion::sql::is_held(connection, target)? => Ok(Outcome::Done),
        None => Ok(Outcome::NotFound),
    }
}

fn restore(connection: &Connection, target: Target) -> rusqlite::Result<Outcome> {
    let (sql, id) = target.statement(
        "UPDATE posts SET deleted_at = NULL, removed_at = NULL WHERE id = ?1 AND removed_at IS NOT NULL \
             RETURNING user_id, score, NULL",
        "UPDATE comments SET deleted_at = NULL, removed_at = NULL \
             WHERE id = ?1 AND removed_at IS NOT NULL RETURNING user_id, score, post_id",
    );
    match connection.prepare_cached(sql)?.query_row([id], counted).optional()? {
        Some(found) => adjust_counts(connection, target, &found, 1),
        None if is_removed(connection, target)? == Some(false) => Ok(Outcome::Unchanged),
        None => Ok(Outcome::NotFound),
    }
}

/// Whether an admin has removed it; `None`: it does not exist, or its author has deleted it.
fn is_removed(connection: &Connection, target: Target) -> rusqlite::Result<Option<bool>> {
    let (sql, id) = target.statement(
        "SELECT removed_at IS NOT NULL, deleted_at IS NULL FROM posts WHERE id = ?1",
        "SELECT removed_at IS NOT NULL, deleted_at IS NULL FROM comments WHERE id = ?1",
    );
    let found: Option<(bool, bool)> =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.filter(|(is_removed, is_shown)| *is_removed || *is_shown).map(|(is_removed, _)| is_removed))
}

/// Adds `by` (1 or -1) of a post or comment to the counters. A hidden one counts neither as a post or comment
/// nor, by its votes, as karma.
fn adjust_counts(
    connection: &Connection,
    target: Target,
    counted: &Counted,
    by: i64,
) -> rusqlite::Result<Outcome> {
    let Counted { author, score, post_id } = *counted;
    let sql = match target {
        Target::Post(_) => "UPDATE users SET posts_count = posts_count + ?2 WHERE id = ?1",
        Target::Comment(_) => "UPDATE users SET comments_count = comments_count + ?2 WHERE id = ?1",
    };
    connection.prepare_cached(sql)?.execute(params![author, by])?;
    if post_id.is_some() {
        connection
            .prepare_cached("UPDATE posts SET comments_count = comments_count + ?2 WHERE id = ?1")?
            .execute(params![post_id, by])?;
    }
    if score > 1 {
        vote::sql::add_karma(connection, author, by * (score - 1))?;
    }
    Ok(Outcome::Done)
}

/// Locks a post from `at` on; `None` unlocks it.
fn lock(connection: &Connection, id: PostId, at: Option<Timestamp>) -> rusqlite::Result<Outcome> {
    let found: Option<bool> = connection
        .prepare_cached(
            "SELECT locked_at IS NOT NULL FROM posts \
             WHERE id = ?1 AND (deleted_at IS NULL OR removed_at IS NOT NULL)",
        )?
        .query_row([id], |row| row.get(0))
        .optional()?;
    match found {
        None => Ok(Outcome::NotFound),
        Some(is_locked) if is_locked == at.is_some() => Ok(Outcome::Unchanged),
        Some(_) => {
            connection
                .prepare_cached("UPDATE posts SET locked_at = ?2 WHERE id = ?1")?
                .execute(params![id, at])?;
            Ok(Outcome::Done)
        }
    }
}

/// Whether an admin may make a link with which the user sets a new password, or withdraw their invitations.
fn is_no_admin(connection: &Connection, id: UserId) -> rusqlite::Result<Outcome> {
    let is_admin: Option<bool> = connection
        .prepare_cached("SELECT is_admin FROM users WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(match is_admin {
        None => Outcome::NotFound,
        Some(true) => Outcome::TargetIsAdmin,
        Some(false) => Outcome::Done,
    })
}

/// Withdraws the open invitations of a user.
fn uninvite(connection: &Connection, id: UserId, now: Timestamp) -> rusqlite::Result<Outcome> {
    match is_no_admin(connection, id)? {
        Outcome::Done if invitation::sql::withdraw_all(connection, id, now)? == 0 => Ok(Outcome::Unchanged),
        outcome => Ok(outcome),
    }
}

/// Bans a user from `at` on; `None` ends the ban.
fn ban(connection: &Connection, id: UserId, at: Option<Timestamp>) -> rusqlite::Result<Outcome> {
    let found: Option<(bool, bool)> = connection
        .prepare_cached("SELECT banned_at IS NOT NULL, is_admin FROM users WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        None => Ok(Outcome::NotFound),
        Some((is_banned, _)) if is_banned == at.is_some() => Ok(Outcome::Unchanged),
        Some((_, true)) if at.is_some() => Ok(Outcome::TargetIsAdmin),
        Some(_) => {
            connection
                .prepare_cached("UPDATE users SET banned_at = ?2 WHERE id = ?1")?
                .execute(params![id, at])?;
            Ok(Outcome::Done)
        }
    }
}

fn dismiss(connection: &Connection, target: Target) -> rusqlite::Result<Outcome> {
    if flag::sql::close_case(connection, target)? {
        return Ok(Outcome::Done);
    }
    Ok(if is_removed(connection, target)?.is_some() { Outcome::Unchanged } else { Outcome::NotFound })
}

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

row! {
    fn post_detail() -> SubjectDetail, columns post_columns {
        subject: "posts.id" => post_subject,
        name: "posts.title",
        url: "posts.url",
        text: "descriptions.text",
        author: author_columns!("users") => user::sql::author,
        is_removed: "posts.removed_at IS NOT NULL",
        is_locked: "posts.locked_at IS NOT NULL",
        is_deleted: "posts.title IS NULL",
    } with { is_banned: false, is_admin: false, open_invitations: 0, flags: Vec::new() }
}

row! {
    fn comment_detail() -> SubjectDetail, columns comment_columns {
        subject: "comments.id" => comment_subject,
        text: "comments.body",
        author: author_columns!("users") => user::sql::author,
        is_removed: "comments.removed_at IS NOT NULL",
        is_deleted: "comments.deleted_at IS NOT NULL AND comments.removed_at IS NULL",
    } with { name: None, url: None, is_locked: false, is_banned: false, is_admin: false, open_invitations: 0, flags: Vec::new() }
}

row! {
    fn user_detail() -> SubjectDetail, columns user_columns {
        subject: "id" => user_subject,
        name: "screen_name",
        is_banned: "banned_at IS NOT NULL",
        is_admin: "is_admin",
    } with {
        url: None, text: String::new(), author: None, is_removed: false, is_locked: false, is_deleted: false,
        open_invitations: 0, flags: Vec::new()
    }
}

fn post_subject(columns: &mut Columns) -> rusqlite::Result<Subject> {
    columns.read().map(Subject::Post)
}

fn comment_subject(columns: &mut Columns) -> rusqlite::Result<Subject> {
    columns.read().map(Subject::Comment)
}

fn user_subject(columns: &mut Columns) -> rusqlite::Result<Subject> {
    columns.read().map(Subject::User)
}

/// A subject with its text and the reasons of its flags; `None`: there is no row of this id.
pub fn subject_detail(
    connection: &Connection,
    subject: Subject,
    now: Timestamp,
) -> rusqlite::Result<Option<SubjectDetail>> {
    let (sql, id, read): (_, _, fn(&mut Columns) -> _) = match subject {
        Subject::Post(id) => (
            concat!(
                "SELECT ",
                post_columns!(),
                " FROM posts JOIN descriptions ON descriptions.post_id = posts.id \
                 LEFT JOIN users ON users.id = posts.user_id WHERE posts.id = ?1"
            ),
            id.get(),
            post_detail,
        ),
        Subject::Comment(id) => (
            concat!(
                "SELECT ",
                comment_columns!(),
                " FROM comments LEFT JOIN users ON users.id = comments.user_id WHERE comments.id = ?1"
            ),
            id.get(),
            comment_detail,
        ),
        Subject::User(id) => {
            (concat!("SELECT ", user_columns!(), " FROM users WHERE id = ?1"), id.get(), user_detail)
        }
    };
    let open_invitations = match subject {
        Subject::User(id) => invitation::sql::count_open(connection, id, now)?,
        Subject::Post(_) | Subject::Comment(_) => 0,
    };
    let flags = match subject {
        Subject::Post(id) => flag::sql::reasons(connection, Target::Post(id))?,
        Subject::Comment(id) => flag::sql::reasons(connection, Target::Comment(id))?,
        Subject::User(_) => Vec::new(),
    };
    let found: Option<SubjectDetail> =
        connection.prepare_cached(sql)?.query_row([id], |row| read(&mut Columns::of(row))).optional()?;
    Ok(found.map(|detail| SubjectDetail { open_invitations, flags, ..detail }))
}

/// Grants or revokes the admin role; `false`: nothing is changed, since a banned user cannot become an admin.
pub fn set_admin(connection: &Connection, user_id: UserId, is_admin: bool) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached("UPDATE users SET is_admin = ?2 WHERE id = ?1 AND (banned_at IS NULL OR NOT ?2)")?
        .execute(params![user_id, is_admin])?;
    Ok(changed > 0)
}
