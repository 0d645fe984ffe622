//! All SQL that finds the viewer.

use rusqlite::{Connection, OptionalExtension, params};

use super::token::Token;
use crate::sql::{Columns, moderation_reason, row};
use crate::types::id::{ApiTokenId, SessionId, UserId};
use crate::types::time::Timestamp;
use crate::web::{Grant, Viewer};

row! {
    /// The user of a session.
    fn viewer_row() -> Viewer, columns viewer_columns {
        id: "users.id",
        screen_name: "users.screen_name",
        session_id: "sessions.id",
        unread_count: "users.unread_count",
        hides_count: "users.hides_count",
        is_admin: "users.is_admin",
        is_banned: "users.banned_at IS NOT NULL",
    } with { grant: None }
}

row! {
    /// The user of a token.
    fn api_viewer_row() -> Viewer, columns api_viewer_columns {
        id: "users.id",
        screen_name: "users.screen_name",
        grant: "api_tokens.id, api_tokens.may_write" => grant,
        unread_count: "users.unread_count",
        hides_count: "users.hides_count",
        is_admin: "users.is_admin",
        is_banned: "users.banned_at IS NOT NULL",
    } with { session_id: SessionId::new(0) }
}

fn grant(columns: &mut Columns) -> rusqlite::Result<Option<Grant>> {
    Ok(Some(Grant { token_id: columns.read()?, may_write: columns.read()? }))
}

/// The user of a token for the API, and the recorded time of its last use, if there is one; `None`: there is no such token,
/// or the secret is wrong.
pub fn api_viewer(
    connection: &Connection,
    token: &Token,
) -> rusqlite::Result<Option<(Viewer, Option<Timestamp>)>> {
    let sql = concat!(
        "SELECT api_tokens.secret_hash, api_tokens.last_used_at, ",
        api_viewer_columns!(),
        " FROM api_tokens JOIN users ON users.id = api_tokens.user_id WHERE api_tokens.id = ?1"
    );
    let found = connection.prepare_cached(sql)?.query_row([token.id], |row| {
        let mut columns = Columns::of(row);
        if !token.matches(columns.read_ref()?.as_blob()?) {
            return Ok(None);
        }
        let last_used_at = columns.read()?;
        Ok(Some((api_viewer_row(&mut columns)?, last_used_at)))
    });
    Ok(found.optional()?.flatten())
}

/// Records the time of a token's last use.
pub fn touch_token(connection: &Connection, id: ApiTokenId, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE api_tokens SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
        )?
        .execute(params![id, now])?;
    Ok(())
}

/// The user of the session of `token`, and the recorded time of the session's last use; `None`: there is no
/// such session, or the secret is wrong.
pub fn viewer(connection: &Connection, token: &Token) -> rusqlite::Result<Option<(Viewer, Timestamp)>> {
    let sql = concat!(
        "SELECT sessions.secret_hash, sessions.last_used_at, ",
        viewer_columns!(),
        " FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?1"
    );
    let found = connection.prepare_cached(sql)?.query_row([token.id], |row| {
        let mut columns = Columns::of(row);
        if !token.matches(columns.read_ref()?.as_blob()?) {
            return Ok(None);
        }
        let last_used_at = columns.read()?;
        Ok(Some((viewer_row(&mut columns)?, last_used_at)))
    });
    Ok(found.optional()?.flatten())
}

/// The reason for which the user of a session is banned. `None`: the session has ended; `Some(None)`: the
/// user is not banned.
pub fn session_ban_reason(
    connection: &Connection,
    id: SessionId,
) -> rusqlite::Result<Option<Option<String>>> {
    let sql = concat!(
        "SELECT ",
        moderation_reason!("user", "users", "banned_at", "ban"),
        " FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?1"
    );
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

/// The reason for which the user of a token is banned. `None`: the token is revoked, or another user's; `Some(None)`: the user is not banned.
pub fn token_ban_reason(
    connection: &Connection,
    id: ApiTokenId,
    user_id: UserId,
) -> rusqlite::Result<Option<Option<String>>> {
    let sql = concat!(
        "SELECT ",
        moderation_reason!("user", "users", "banned_at", "ban"),
        " FROM api_tokens JOIN users ON users.id = api_tokens.user_id \
         WHERE api_tokens.id = ?1 AND api_tokens.user_id = ?2"
    );
    connection.prepare_cached(sql)?.query_row(params![id, user_id], |row| row.get(0)).optional()
}

/// The reason for which a user is banned; `None`: the user is not banned, or does not exist.
pub fn ban_reason(connection: &Connection, user_id: UserId) -> rusqlite::Result<Option<String>> {
    let sql = concat!(
        "SELECT ",
        moderation_reason!("user", "users", "banned_at", "ban"),
        " FROM users WHERE users.id = ?1"
    );
    let found: Option<Option<String>> =
        connection.prepare_cached(sql)?.query_row([user_id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Records the time of a session's last use.
pub fn touch(connection: &Connection, id: SessionId, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE sessions SET last_used_at = ?2 WHERE id = ?1 AND last_used_at < ?2")?
        .execute(params![id, now])?;
    Ok(())
}
