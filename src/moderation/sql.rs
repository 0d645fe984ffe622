//! All SQL about moderation.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Act, Case, Decision, Outcome, Subject, Verb};
use crate::flag;
use crate::sql::{Columns, moderation_reason, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{CommentId, PostId, SessionId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::sql::author_columns;
use crate::vote::{self, Target};

/// Why a post is locked, if it is.
pub fn locked(connection: &Connection, post_id: PostId) -> rusqlite::Result<Option<String>> {
    let sql = concat!(
        "SELECT ",
        moderation_reason!("post", "posts", "locked_at", "lock"),
        " FROM posts WHERE posts.id = ?1"
    );
    let found: Option<Option<String>> =
        connection.prepare_cached(sql)?.query_row([post_id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Where a comment is that an admin removed: its post, and when it was made. `None`: there is none.
pub fn removed_comment(
    connection: &Connection,
    id: CommentId,
) -> rusqlite::Result<Option<(PostId, Timestamp)>> {
    connection
        .prepare_cached("SELECT post_id, created_at FROM comments WHERE id = ?1 AND removed_at IS NOT NULL")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Does it and logs it, unless it is so already.
pub fn decide(connection: &Connection, admin_id: UserId, new: &Decision) -> rusqlite::Result<Outcome> {
    let outcome = match (new.verb, new.subject) {
        (Verb::Remove, Subject::Post(id)) => remove(connection, Target::Post(id), new.now)?,
        (Verb::Remove, Subject::Comment(id)) => remove(connection, Target::Comment(id), new.now)?,
        (Verb::Restore, Subject::Post(id)) => restore(connection, Target::Post(id))?,
        (Verb::Restore, Subject::Comment(id)) => restore(connection, Target::Comment(id))?,
        (Verb::Lock | Verb::Unlock, Subject::Post(id)) => {
            lock(connection, id, (new.verb == Verb::Lock).then_some(new.now))?
        }
        (Verb::Ban | Verb::Unban, Subject::User(id)) => {
            ban(connection, id, (new.verb == Verb::Ban).then_some(new.now))?
        }
        (Verb::Dismiss, Subject::Post(id)) => dismiss(connection, Target::Post(id))?,
        (Verb::Dismiss, Subject::Comment(id)) => dismiss(connection, Target::Comment(id))?,
        _ => Outcome::Gone,
    };
    if outcome == Outcome::Done {
        let (noun, post_id, comment_id, user_id) = new.subject.columns();
        let sql = "INSERT INTO acts (created_at, admin_id, verb, noun, post_id, comment_id, user_id, reason) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let verb = new.verb.code();
        connection
            .prepare_cached(sql)?
            .execute(params![new.now, admin_id, verb, noun, post_id, comment_id, user_id, new.reason])?;
    }
    Ok(outcome)
}

/// The same for whoever is signed in by a session, if that is still an admin's.
pub fn act(connection: &Connection, session_id: SessionId, new: &Decision) -> rusqlite::Result<Outcome> {
    match admin(connection, session_id)? {
        Some(admin_id) => decide(connection, admin_id, new),
        None => Ok(Outcome::NoAdmin),
    }
}

/// The admin who is signed in by a session; `None`: they are none, or it has ended.
fn admin(connection: &Connection, session_id: SessionId) -> rusqlite::Result<Option<UserId>> {
    let sql = "SELECT users.id FROM sessions JOIN users ON users.id = sessions.user_id \
               WHERE sessions.id = ?1 AND users.is_admin AND users.banned_at IS NULL";
    connection.prepare_cached(sql)?.query_row([session_id], |row| row.get(0)).optional()
}

/// What changes the counts when a post or comment is hidden or shown.
struct Hidden {
    author: Option<UserId>,
    score: i64,
    /// The post of a comment.
    post_id: Option<PostId>,
}

fn hidden(row: &Row) -> rusqlite::Result<Hidden> {
    Ok(Hidden { author: row.get(0)?, score: row.get(1)?, post_id: row.get(2)? })
}

fn remove(connection: &Connection, target: Target, now: Timestamp) -> rusqlite::Result<Outcome> {
    // A trigger closes what readers flagged of it.
    let (sql, id) = match target {
        Target::Post(id) => (
            "UPDATE posts SET deleted_at = ?2, removed_at = ?2 WHERE id = ?1 AND deleted_at IS NULL \
             RETURNING user_id, score, NULL",
            id.get(),
        ),
        Target::Comment(id) => (
            "UPDATE comments SET deleted_at = ?2, removed_at = ?2 WHERE id = ?1 AND deleted_at IS NULL \
             RETURNING user_id, score, post_id",
            id.get(),
        ),
    };
    match connection.prepare_cached(sql)?.query_row(params![id, now], hidden).optional()? {
        Some(found) => count(connection, target, &found, -1),
        None if is_removed(connection, target)? == Some(true) => Ok(Outcome::Already),
        None => Ok(Outcome::Gone),
    }
}

fn restore(connection: &Connection, target: Target) -> rusqlite::Result<Outcome> {
    let (sql, id) = match target {
        Target::Post(id) => (
            "UPDATE posts SET deleted_at = NULL, removed_at = NULL WHERE id = ?1 AND removed_at IS NOT NULL \
             RETURNING user_id, score, NULL",
            id.get(),
        ),
        Target::Comment(id) => (
            "UPDATE comments SET deleted_at = NULL, removed_at = NULL \
             WHERE id = ?1 AND removed_at IS NOT NULL RETURNING user_id, score, post_id",
            id.get(),
        ),
    };
    match connection.prepare_cached(sql)?.query_row([id], hidden).optional()? {
        Some(found) => count(connection, target, &found, 1),
        None if is_removed(connection, target)? == Some(false) => Ok(Outcome::Already),
        None => Ok(Outcome::Gone),
    }
}

/// Whether an admin has removed it; `None`: there is none, or its author took it back.
fn is_removed(connection: &Connection, target: Target) -> rusqlite::Result<Option<bool>> {
    let (sql, id) = match target {
        Target::Post(id) => {
            ("SELECT removed_at IS NOT NULL, deleted_at IS NULL FROM posts WHERE id = ?1", id.get())
        }
        Target::Comment(id) => {
            ("SELECT removed_at IS NOT NULL, deleted_at IS NULL FROM comments WHERE id = ?1", id.get())
        }
    };
    let found: Option<(bool, bool)> =
        connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.filter(|(is_removed, is_shown)| *is_removed || *is_shown).map(|(is_removed, _)| is_removed))
}

/// What is hidden counts for nothing: neither as a post or comment, nor its votes as karma.
fn count(connection: &Connection, target: Target, hidden: &Hidden, by: i64) -> rusqlite::Result<Outcome> {
    let Hidden { author, score, post_id } = *hidden;
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

/// Locks a post from a moment on, or (`None`) unlocks it.
fn lock(connection: &Connection, id: PostId, at: Option<Timestamp>) -> rusqlite::Result<Outcome> {
    let found: Option<bool> = connection
        .prepare_cached(
            "SELECT locked_at IS NOT NULL FROM posts \
             WHERE id = ?1 AND (deleted_at IS NULL OR removed_at IS NOT NULL)",
        )?
        .query_row([id], |row| row.get(0))
        .optional()?;
    match found {
        None => Ok(Outcome::Gone),
        Some(is_locked) if is_locked == at.is_some() => Ok(Outcome::Already),
        Some(_) => {
            connection
                .prepare_cached("UPDATE posts SET locked_at = ?2 WHERE id = ?1")?
                .execute(params![id, at])?;
            Ok(Outcome::Done)
        }
    }
}

/// Bans somebody from a moment on, or (`None`) lets them write again.
fn ban(connection: &Connection, id: UserId, at: Option<Timestamp>) -> rusqlite::Result<Outcome> {
    let found: Option<(bool, bool)> = connection
        .prepare_cached("SELECT banned_at IS NOT NULL, is_admin FROM users WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        None => Ok(Outcome::Gone),
        Some((is_banned, _)) if is_banned == at.is_some() => Ok(Outcome::Already),
        Some((_, true)) if at.is_some() => Ok(Outcome::Protected),
        Some(_) => {
            connection
                .prepare_cached("UPDATE users SET banned_at = ?2 WHERE id = ?1")?
                .execute(params![id, at])?;
            Ok(Outcome::Done)
        }
    }
}

fn dismiss(connection: &Connection, target: Target) -> rusqlite::Result<Outcome> {
    if flag::sql::close(connection, target)? {
        return Ok(Outcome::Done);
    }
    Ok(if is_removed(connection, target)?.is_some() { Outcome::Already } else { Outcome::Gone })
}

row! {
    /// An act as the log shows it.
    fn logged() -> Act, columns act_columns {
        id: "acts.id",
        created_at: "acts.created_at",
        admin: author_columns!("admins") => user::sql::author,
        verb: "acts.verb" => verb,
        noun: "acts.noun",
        subject: "posts.id, comments.id, users.id" => subject,
        name: "iif(posts.deleted_at IS NULL, posts.title, NULL), users.screen_name" => name,
        reason: "acts.reason",
    }
}

fn verb(columns: &mut Columns) -> rusqlite::Result<Verb> {
    // The table takes no other.
    Ok(Verb::of(columns.read_ref()?.as_str()?).unwrap_or(Verb::Remove))
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

/// The log from `after` on: newest first.
pub fn log(connection: &Connection, after: Cursor, limit: u32) -> rusqlite::Result<Slice<Act>> {
    let sql = concat!(
        "SELECT ",
        act_columns!(),
        " FROM acts LEFT JOIN users AS admins ON admins.id = acts.admin_id \
         LEFT JOIN posts ON posts.id = acts.post_id \
         LEFT JOIN comments ON comments.id = acts.comment_id \
             AND (comments.deleted_at IS NULL OR comments.removed_at IS NOT NULL) \
         LEFT JOIN users ON users.id = acts.user_id \
         WHERE acts.id < ?1 ORDER BY acts.id DESC LIMIT ?2"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![after.id, limit + 1], |row| logged(&mut Columns::of(row)))?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, Act::by_id))
}

row! {
    fn post_case() -> Case, columns post_columns {
        subject: "posts.id" => post_subject,
        name: "posts.title",
        url: "posts.url",
        text: "descriptions.text",
        author: author_columns!("users") => user::sql::author,
        is_removed: "posts.removed_at IS NOT NULL",
        is_locked: "posts.locked_at IS NOT NULL",
        is_empty: "posts.title IS NULL",
    } with { is_banned: false, is_admin: false, flags: Vec::new() }
}

row! {
    fn comment_case() -> Case, columns comment_columns {
        subject: "comments.id" => comment_subject,
        text: "comments.body",
        author: author_columns!("users") => user::sql::author,
        is_removed: "comments.removed_at IS NOT NULL",
        is_empty: "comments.deleted_at IS NOT NULL AND comments.removed_at IS NULL",
    } with { name: None, url: None, is_locked: false, is_banned: false, is_admin: false, flags: Vec::new() }
}

row! {
    fn user_case() -> Case, columns user_columns {
        subject: "id" => user_subject,
        name: "screen_name",
        is_banned: "banned_at IS NOT NULL",
        is_admin: "is_admin",
    } with {
        url: None, text: String::new(), author: None, is_removed: false, is_locked: false, is_empty: false,
        flags: Vec::new()
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

/// What an admin decides about, with its text and its flags; `None` when there is nothing of this id.
pub fn case(connection: &Connection, subject: Subject) -> rusqlite::Result<Option<Case>> {
    let (sql, id, read): (_, _, fn(&mut Columns) -> _) = match subject {
        Subject::Post(id) => (
            concat!(
                "SELECT ",
                post_columns!(),
                " FROM posts JOIN descriptions ON descriptions.post_id = posts.id \
                 LEFT JOIN users ON users.id = posts.user_id WHERE posts.id = ?1"
            ),
            id.get(),
            post_case,
        ),
        Subject::Comment(id) => (
            concat!(
                "SELECT ",
                comment_columns!(),
                " FROM comments LEFT JOIN users ON users.id = comments.user_id WHERE comments.id = ?1"
            ),
            id.get(),
            comment_case,
        ),
        Subject::User(id) => {
            (concat!("SELECT ", user_columns!(), " FROM users WHERE id = ?1"), id.get(), user_case)
        }
    };
    let flags = match subject {
        Subject::Post(id) => flag::sql::reasons(connection, Target::Post(id))?,
        Subject::Comment(id) => flag::sql::reasons(connection, Target::Comment(id))?,
        Subject::User(_) => Vec::new(),
    };
    let found: Option<Case> =
        connection.prepare_cached(sql)?.query_row([id], |row| read(&mut Columns::of(row))).optional()?;
    Ok(found.map(|case| Case { flags, ..case }))
}

/// Makes somebody an admin, or takes it back; `false`: they are banned, and nothing is changed.
pub fn set_admin(connection: &Connection, user_id: UserId, is_admin: bool) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached("UPDATE users SET is_admin = ?2 WHERE id = ?1 AND (banned_at IS NULL OR NOT ?2)")?
        .execute(params![user_id, is_admin])?;
    Ok(changed > 0)
}
