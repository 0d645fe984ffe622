//! All SQL about users.

pub mod names;

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::look_alike::ComparedName;
use super::{Account, Author, NameRefusal, NewUser, User};
use crate::sql::{Columns, moderation_reason, random_id, row, short};
use crate::types::id::UserId;
use crate::types::time::{DAY, Timestamp};

/// The columns of [`author`], from the table of users with this name or alias.
macro_rules! author_columns {
    ($users:literal) => {
        concat!($users, ".id, ", $users, ".screen_name, ", $users, ".is_admin")
    };
}
pub(crate) use author_columns;

/// An author from a joined row; `None` where its columns are NULL.
pub fn author(columns: &mut Columns) -> rusqlite::Result<Option<Author>> {
    let (id, screen_name, is_admin): (Option<UserId>, _, Option<bool>) =
        (columns.read()?, short(columns)?, columns.read()?);
    Ok(id.map(|id| Author {
        id,
        screen_name: screen_name.unwrap_or_default(),
        is_admin: is_admin.unwrap_or_default(),
    }))
}

row! {
    /// A user on their page.
    fn user() -> User, columns user_columns {
        id: "users.id",
        screen_name: "screen_name",
        about: "about",
        created_at: "created_at",
        posts_count: "posts_count",
        comments_count: "comments_count",
        sessions_count: "sessions_count",
        karma: "karma",
        banned: moderation_reason!("user", "users", "banned_at", "ban"),
        is_admin: "is_admin",
    }
}

/// A user on their page; `None` when there is no user with this id.
pub fn find(connection: &Connection, id: UserId) -> rusqlite::Result<Option<User>> {
    let sql = concat!(
        "SELECT ",
        user_columns!(),
        " FROM users JOIN profiles ON profiles.user_id = users.id WHERE users.id = ?1"
    );
    connection.prepare_cached(sql)?.query_row([id], |row| user(&mut Columns::of(row))).optional()
}

/// The name of a user; `None` when there is no user with this id.
pub fn find_author(connection: &Connection, id: UserId) -> rusqlite::Result<Option<Author>> {
    let sql = concat!("SELECT ", author_columns!("users"), " FROM users WHERE id = ?1");
    let found = connection.prepare_cached(sql)?.query_row([id], |row| author(&mut Columns::of(row)));
    Ok(found.optional()?.flatten())
}

/// Whether there is a user.
pub fn any(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))
}

/// Whether there is a user with this id.
pub fn exists(connection: &Connection, id: UserId) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1)";
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// Inserts a user; returns the id. `None` when the name is not free, see [`names::refusal`].
pub fn create(connection: &Connection, user: &NewUser) -> rusqlite::Result<Option<UserId>> {
    let compared = ComparedName::of(user.screen_name);
    if names::refusal(connection, &compared, None, user.created_at)?.is_some() {
        return Ok(None);
    }
    let sql = "INSERT INTO users (screen_name, folded_name, created_at, updated_at) VALUES (?1, ?2, ?3, ?3) \
               ON CONFLICT DO NOTHING";
    let created = connection.prepare_cached(sql)?.execute(params![
        user.screen_name,
        compared.folded,
        user.created_at
    ])?;
    if created == 0 {
        return Ok(None);
    }
    let id = UserId::new(connection.last_insert_rowid());
    connection
        .prepare_cached("INSERT INTO profiles (user_id, password_hash, about) VALUES (?1, ?2, ?3)")?
        .execute(params![id, user.password_hash, user.about])?;
    names::set_skeleton(connection, id, &compared.skeleton)?;
    Ok(Some(id))
}

/// The end of the time in which a user is a newcomer, where that is this number of days; `None`: they are none at `now`, as
/// every admin.
pub fn newcomer_until(
    connection: &Connection,
    id: UserId,
    days: u32,
    now: Timestamp,
) -> rusqlite::Result<Option<Timestamp>> {
    if days == 0 {
        return Ok(None);
    }
    let sql = "SELECT created_at FROM users WHERE id = ?1 AND NOT is_admin";
    let created_at: Option<Timestamp> =
        connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(created_at.map(|created_at| created_at + DAY * days).filter(|until| *until > now))
}

/// The user with a name, given as [`name::folded`](super::name::folded).
pub fn with_name(connection: &Connection, folded: &str) -> rusqlite::Result<Option<UserId>> {
    let sql = "SELECT id FROM users WHERE folded_name = ?1";
    connection.prepare_cached(sql)?.query_row([folded], |row| row.get(0)).optional()
}

/// The admins, at most `limit`, in the order of their accounts.
pub fn admins(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<Author>> {
    let sql =
        concat!("SELECT ", author_columns!("users"), " FROM users WHERE is_admin = 1 ORDER BY id LIMIT ?1");
    authors(connection, sql, limit)
}

/// The users that a statement with one parameter finds, by `author_columns!`. Deleted accounts are left out.
pub fn authors(connection: &Connection, sql: &str, parameter: impl ToSql) -> rusqlite::Result<Vec<Author>> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([parameter], |row| author(&mut Columns::of(row)))?;
    found.filter_map(Result::transpose).collect()
}

/// The account with a name, given as [`name::folded`](super::name::folded).
pub fn account(connection: &Connection, folded: &str) -> rusqlite::Result<Option<Account>> {
    let sql = "SELECT users.id, password_hash FROM users JOIN profiles ON profiles.user_id = users.id \
               WHERE folded_name = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([folded], |row| Ok(Account { id: row.get(0)?, password_hash: row.get(1)? }))
        .optional()
}

/// The hash of a user's password; `None` when the account was deleted.
pub fn password_hash(connection: &Connection, id: UserId) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT password_hash FROM profiles WHERE user_id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()
}

/// Whether this is still the hash of a user's password.
pub fn has_password(connection: &Connection, id: UserId, hash: &str) -> rusqlite::Result<bool> {
    Ok(password_hash(connection, id)?.is_some_and(|now| now == hash))
}

/// Sets the hash of a user's password.
pub fn set_password(connection: &Connection, id: UserId, hash: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE profiles SET password_hash = ?2 WHERE user_id = ?1")?
        .execute(params![id, hash])?;
    Ok(())
}

/// Sets a user's name and the text about them; returns the reason for which the user cannot have the name, and
/// then changes nothing. A name that stays as it is is not compared.
pub fn update(
    connection: &Connection,
    id: UserId,
    screen_name: &str,
    about: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<NameRefusal>> {
    if names::screen_name(connection, id)?.as_deref() != Some(screen_name) {
        let compared = ComparedName::of(screen_name);
        if let Some(refusal) = names::refusal(connection, &compared, Some(id), now)? {
            return Ok(Some(refusal));
        }
        names::rename(connection, id, screen_name, &compared, now)?;
    }
    connection.prepare_cached("UPDATE users SET updated_at = ?2 WHERE id = ?1")?.execute(params![id, now])?;
    connection
        .prepare_cached("UPDATE profiles SET about = ?2 WHERE user_id = ?1")?
        .execute(params![id, about])?;
    Ok(None)
}

/// Records a sign-in, for which the caller inserts a session.
pub fn record_sign_in(connection: &Connection, id: UserId, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE users SET last_seen_at = ?2, sessions_count = sessions_count + 1 WHERE id = ?1",
        )?
        .execute(params![id, now])?;
    Ok(())
}

/// Deletes the row of a user whose posts, comments, votes and sessions are deleted already. Of their names only
/// hashes stay, by which the names are kept back.
pub fn destroy(connection: &Connection, id: UserId, now: Timestamp) -> rusqlite::Result<()> {
    names::keep_back(connection, id, now)?;
    connection.prepare_cached("DELETE FROM users WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Records a sign-in of a random user, for which the caller inserts a session; the user, and the numbers of unread
/// comments in their inbox and of what they hide. `None` when there are no users.
pub fn sign_in_random(
    connection: &Connection,
    now: Timestamp,
) -> rusqlite::Result<Option<(Author, [i64; 2])>> {
    let sql = concat!(
        "UPDATE users SET last_seen_at = ?1, sessions_count = sessions_count + 1 \
         WHERE id = (SELECT id FROM users WHERE id >= ",
        random_id!("users"),
        " ORDER BY id LIMIT 1) RETURNING id, screen_name, is_admin, unread_count, hides_count"
    );
    let found = connection.prepare_cached(sql)?.query_row([now], |row| {
        let mut columns = Columns::of(row);
        let (author, counts) = (author(&mut columns)?, [columns.read()?, columns.read()?]);
        Ok(author.map(|author| (author, counts)))
    });
    Ok(found.optional()?.flatten())
}
