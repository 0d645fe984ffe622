//! All SQL about devices.

use rusqlite::{Connection, params};

use super::MAX_OF_USER;
use crate::auth::token::Secret;
use crate::sql::{Step, remove_old};
use crate::types::id::UserId;
use crate::types::time::Timestamp;

/// Whether the user has signed in on the device, not before `oldest`.
pub fn exists(
    connection: &Connection,
    secret: &Secret,
    user_id: UserId,
    oldest: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS \
               (SELECT 1 FROM devices WHERE secret_hash = ?1 AND user_id = ?2 AND used_at >= ?3)";
    connection.prepare_cached(sql)?.query_row(params![secret.hash(), user_id, oldest], |row| row.get(0))
}

/// Records a user's sign-in on a device; returns the device's secret. It is that of the cookie if any user has
/// signed in with it before, so that the users of a browser share one; else a new one, since an attacker may have
/// planted the cookie.
pub fn record(
    connection: &Connection,
    cookie: Option<&Secret>,
    user_id: UserId,
    now: Timestamp,
) -> rusqlite::Result<Secret> {
    let known = cookie.map(|secret| is_known(connection, secret).map(|known| known.then_some(secret)));
    let secret = known.transpose()?.flatten().cloned().unwrap_or_else(Secret::random);
    connection
        .prepare_cached("DELETE FROM devices WHERE secret_hash = ?1 AND user_id = ?2")?
        .execute(params![secret.hash(), user_id])?;
    insert(connection, &secret, user_id, now)?;
    Ok(secret)
}

fn is_known(connection: &Connection, secret: &Secret) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM devices WHERE secret_hash = ?1)")?
        .query_row([secret.hash()], |row| row.get(0))
}

fn insert(connection: &Connection, secret: &Secret, user_id: UserId, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO devices (user_id, secret_hash, used_at) VALUES (?1, ?2, ?3)")?
        .execute(params![user_id, secret.hash(), now])?;
    let sql = "DELETE FROM devices WHERE user_id = ?1 AND id <= \
               (SELECT id FROM devices WHERE user_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
    connection.prepare_cached(sql)?.execute(params![user_id, MAX_OF_USER])?;
    Ok(())
}

/// Forgets the devices of a user.
pub fn forget(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM devices WHERE user_id = ?1")?.execute([user_id])?;
    Ok(())
}

/// Forgets the devices of a user except that of this request, which gets a new secret: a copy of its cookie is
/// worth nothing any more. Its other users keep it.
pub fn forget_others(
    connection: &Connection,
    cookie: Option<&Secret>,
    user_id: UserId,
    now: Timestamp,
) -> rusqlite::Result<Secret> {
    forget(connection, user_id)?;
    let secret = Secret::random();
    if let Some(former) = cookie {
        connection
            .prepare_cached("UPDATE devices SET secret_hash = ?2 WHERE secret_hash = ?1")?
            .execute(params![former.hash(), secret.hash()])?;
    }
    insert(connection, &secret, user_id, now)?;
    Ok(secret)
}

/// Deletes, of the next devices after the id `after`, those last used before `cutoff`, see [`remove_old`]: a use
/// gives a device a new id.
pub fn prune(connection: &Connection, after: i64, cutoff: Timestamp) -> rusqlite::Result<Step> {
    let sql = "SELECT id, used_at FROM devices WHERE id > ?1 ORDER BY id LIMIT ?2";
    remove_old(connection, sql, (after, cutoff), |last| {
        connection
            .prepare_cached("DELETE FROM devices WHERE id > ?1 AND id <= ?2 AND used_at < ?3")?
            .execute(params![after, last, cutoff])
    })
}
