//! All SQL about moderation.

mod log;

use rusqlite::{Connection, OptionalExtension, Row, params};

pub use self::log::{log, mark_notices_read, notices};
use super::{Decision, ModerationAction, Outcome, Subject, SubjectDetail};
use crate::dead;
use crate::deletion::{self, sql::burial};
use crate::flag;
use crate::invitation;
use crate::sql::{Columns, row};
use crate::types::id::{PostId, SessionId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::remover;
use crate::vote::{self, Target};

/// Applies and logs a decision, unless the subject is already in this state. To dismiss the flags that have hidden
/// something is to restore it.
pub fn decide(connection: &Connection, admin_id: UserId, new: &Decision) -> rusqlite::Result<Outcome> {
    let Decision { action, subject, reason, now } = *new;
    let restores = match subject {
        _ if action != ModerationAction::Dismiss => false,
        Subject::Post(id) => dead::sql::is_dead(connection, Target::Post(id))?,
        Subject::Comment(id) => dead::sql::is_dead(connection, Target::Comment(id))?,
        Subject::User(_) => false,
    };
    let action = if restores { ModerationAction::Restore } else { action };
    let new = &Decision { action, subject, reason, now };
    let outcome = match (new.action, new.subject) {
        (ModerationAction::Remove, Subject::Post(id)) => remove(connection, Target::Post(id), new.now)?,
        (ModerationAction::Remove, Subject::Comment(id)) => remove(connection, Target::Comment(id), new.now)?,
        (ModerationAction::Restore, Subject::Post(id)) => restore(connection, Target::Post(id), new.now)?,
        (ModerationAction::Restore, Subject::Comment(id)) => {
            restore(connection, Target::Comment(id), new.now)?
        }
        (ModerationAction::Lock | ModerationAction::Unlock, Subject::Post(id)) => {
            lock(connection, id, (new.action == ModerationAction::Lock).then_some(new.now))?
        }
        (ModerationAction::Ban | ModerationAction::Unban, Subject::User(id)) => {
            ban(connection, id, (new.action == ModerationAction::Ban).then_some(new.now))?
        }
        (ModerationAction::Reset, Subject::User(id)) => is_no_admin(connection, id)?,
        (ModerationAction::Uninvite, Subject::User(id)) => uninvite(connection, id, new.now)?,
        (ModerationAction::Dismiss, Subject::Post(id)) => dismiss(connection, Target::Post(id), new.now)?,
        (ModerationAction::Dismiss, Subject::Comment(id)) => {
            dismiss(connection, Target::Comment(id), new.now)?
        }
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

/// Hides a post or comment, or shows it again, as an act of the site, and logs it. Its verdict is changed already.
pub fn act_by_site(
    connection: &Connection,
    action: ModerationAction,
    target: Target,
    reason: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let outcome = match action {
        ModerationAction::Kill => hide(connection, target, now)?,
        _ => show(connection, target)?,
    };
    if outcome == Outcome::Done {
        record(connection, None, &Decision { action, subject: target.into(), reason, now })?;
    }
    Ok(())
}

/// Adds a decision to the log, and to what its user is told; the entry's id. `admin_id`: the admin; `None`: the operator, or
/// for an act [of the site](ModerationAction::is_by_site) the site.
pub fn record(connection: &Connection, admin_id: Option<UserId>, new: &Decision) -> rusqlite::Result<i64> {
    let (noun, post_id, comment_id, user_id) = new.subject.columns();
    let sql = "INSERT INTO acts (created_at, admin_id, verb, noun, post_id, comment_id, user_id, reason, is_by_operator) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let is_by_operator = admin_id.is_none() && !new.action.is_by_site();
    connection.prepare_cached(sql)?.execute(params![
        new.now,
        admin_id,
        new.action.code(),
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
        (action, Subject::Post(id)) if action.is_told_to_author() => {
            tell_author(connection, act_id, Target::Post(id), admin_id)?;
        }
        (action, Subject::Comment(id)) if action.is_told_to_author() => {
            tell_author(connection, act_id, Target::Comment(id), admin_id)?;
        }
        _ => {}
    }
    Ok(act_id)
}

/// Puts an act into the inbox of the author of a post or comment, unless it is their own.
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
    if dead::sql::is_dead(connection, target)? {
        // It stays hidden, but now by an admin.
        return settle(connection, target, now);
    }
    hide(connection, target, now)
}

fn restore(connection: &Connection, target: Target, now: Timestamp) -> rusqlite::Result<Outcome> {
    let outcome = show(connection, target)?;
    if outcome == Outcome::Done { settle(connection, target, now) } else { Ok(outcome) }
}

/// After an admin's decision there is no case, and flags hide it no more.
fn settle(connection: &Connection, target: Target, now: Timestamp) -> rusqlite::Result<Outcome> {
    dead::sql::settle(connection, target, now)?;
    flag::sql::close_case(connection, target)?;
    Ok(Outcome::Done)
}

fn hide(connection: &Connection, target: Target, now: Timestamp) -> rusqlite::Result<Outcome> {
    // A trigger deletes its case and flags, unless it is dead.
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

fn show(connection: &Connection, target: Target) -> rusqlite::Result<Outcome> {
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

/// Whether it is removed; `None`: it does not exist, or its author has deleted it.
pub fn is_removed(connection: &Connection, target: Target) -> rusqlite::Result<Option<bool>> {
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

fn dismiss(connection: &Connection, target: Target, now: Timestamp) -> rusqlite::Result<Outcome> {
    if flag::sql::close_case(connection, target)? {
        return settle(connection, target, now);
    }
    Ok(if is_removed(connection, target)?.is_some() { Outcome::Unchanged } else { Outcome::NotFound })
}

row! {
    fn post_detail() -> SubjectDetail, columns post_columns {
        subject: "posts.id" => post_subject,
        name: "posts.title",
        url: "posts.url",
        text: "descriptions.text",
        author: author_columns!("users") => user::sql::author,
        remover: remover!(post),
        is_locked: "posts.locked_at IS NOT NULL",
        is_deleted: "posts.title IS NULL",
    } with { is_banned: false, is_admin: false, open_invitations: 0, flags: Vec::new() }
}

row! {
    fn comment_detail() -> SubjectDetail, columns comment_columns {
        subject: "comments.id" => comment_subject,
        text: "comments.body",
        author: author_columns!("users") => user::sql::author,
        remover: remover!(comment),
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
        url: None, text: String::new(), author: None, remover: None, is_locked: false, is_deleted: false,
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
