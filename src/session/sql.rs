//! All SQL about sessions.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::{NewSession, Session};
use crate::api_token;
use crate::auth;
use crate::auth::token::{Secret, Token};
use crate::sql::{Columns, Step, remove_old, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{SessionId, UserId};
use crate::types::time::Timestamp;

/// Inserts a session; its id. The caller adds it to its user's `sessions_count`, in the UPDATE that sets
/// `last_seen_at`.
pub fn create(connection: &Connection, session: &NewSession) -> rusqlite::Result<SessionId> {
    connection
        .prepare_cached(
            "INSERT INTO sessions (user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
             VALUES (?1, ?2, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            session.user_id,
            session.created_at,
            session.secret.hash(),
            session.ip_address,
            session.user_agent
        ])?;
    Ok(SessionId::new(connection.last_insert_rowid()))
}

/// The newest sessions that [`last_use`] reads: one of them has been used lately if any has.
const LATEST_SESSIONS: u32 = 500;

/// The time at which the site was used last, by the newest sessions; `None` when there are none.
pub fn last_use(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let sql = "SELECT max(last_used_at) FROM (SELECT last_used_at FROM sessions ORDER BY id DESC LIMIT ?1)";
    connection.prepare_cached(sql)?.query_row([LATEST_SESSIONS], |row| row.get(0))
}

/// Ends a session of a user and subtracts it from their count; whether there was one.
pub fn destroy(connection: &Connection, id: SessionId, user_id: UserId) -> rusqlite::Result<bool> {
    let gone = connection
        .prepare_cached("DELETE FROM sessions WHERE id = ?1 AND user_id = ?2")?
        .execute(params![id, user_id])?;
    subtract_from_count(connection, user_id, gone)?;
    Ok(gone > 0)
}

/// Ends the former session of a browser in which a user signs in again, whichever user's it was.
pub fn replace(connection: &Connection, token: &Token) -> rusqlite::Result<()> {
    match auth::sql::viewer(connection, token)? {
        Some((viewer, _)) => destroy(connection, viewer.session_id, viewer.id).map(drop),
        None => Ok(()),
    }
}

/// Ends at most `number` sessions of a user; whether there were any.
pub fn destroy_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let sql = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = ?1 LIMIT ?2)";
    let gone = connection.prepare_cached(sql)?.execute(params![user_id, number])?;
    subtract_from_count(connection, user_id, gone)?;
    Ok(gone > 0)
}

/// Ends the sessions of a user, except the `kept` one, and revokes their tokens for the API.
pub fn destroy_others(
    connection: &Connection,
    user_id: UserId,
    kept: Option<SessionId>,
) -> rusqlite::Result<()> {
    let gone = connection
        .prepare_cached("DELETE FROM sessions WHERE user_id = ?1 AND id IS NOT ?2")?
        .execute(params![user_id, kept])?;
    api_token::sql::revoke_all(connection, user_id)?;
    subtract_from_count(connection, user_id, gone)
}

/// Replaces the secret of a session: the former secret is not valid any more.
pub fn replace_secret(
    connection: &Connection,
    id: SessionId,
    secret: &Secret,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE sessions SET secret_hash = ?2, last_used_at = ?3 WHERE id = ?1")?
        .execute(params![id, secret.hash(), now])?;
    Ok(())
}

fn subtract_from_count(connection: &Connection, user_id: UserId, gone: usize) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE users SET sessions_count = sessions_count - ?2 WHERE id = ?1")?
        .execute(params![user_id, i64::try_from(gone).unwrap_or(i64::MAX)])?;
    Ok(())
}

/// The number of a user's sessions.
pub fn count(connection: &Connection, user_id: UserId) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT sessions_count FROM users WHERE id = ?1")?
        .query_row([user_id], |row| row.get(0))
}

row! {
    fn session() -> Session, columns session_columns {
        id: "id",
        created_at: "created_at",
        user_agent: "user_agent",
    }
}

/// A user's sessions, newest first, from `after` on.
pub fn of_user(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Session>> {
    let sql = concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions WHERE user_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![user_id, after.id, limit + 1], |row| session(&mut Columns::of(row)))?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, Session::by_id))
}

/// Deletes, of the next sessions after `after`, those last used before `cutoff`, see [`remove_old`], and subtracts
/// them from their users' counts. It needs no index on times, which every sign-in would have to maintain: ids grow
/// with the time of sign-in, and a session is used after it, so when no session of a step was created before
/// `cutoff`, none after it was used before `cutoff`.
pub fn prune(connection: &Connection, after: SessionId, cutoff: Timestamp) -> rusqlite::Result<Step> {
    let sql = "SELECT id, created_at FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2";
    remove_old(connection, sql, (after.get(), cutoff), |last| {
        let mut removed_of_user: BTreeMap<UserId, usize> = BTreeMap::new();
        let mut delete = connection.prepare_cached(
            "DELETE FROM sessions WHERE id > ?1 AND id <= ?2 AND last_used_at < ?3 RETURNING user_id",
        )?;
        let mut rows = delete.query(params![after, last, cutoff])?;
        while let Some(row) = rows.next()? {
            *removed_of_user.entry(row.get(0)?).or_default() += 1;
        }
        for (user_id, gone) in &removed_of_user {
            subtract_from_count(connection, *user_id, *gone)?;
        }
        Ok(removed_of_user.values().sum())
    })
}
