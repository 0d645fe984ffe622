//! All SQL about links to set a new password.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Found, LIFETIME, Maker};
use crate::auth::token::{Secret, Token};
use crate::sql::{Step, remove_old};
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::{device, mail, session, user};

/// Makes a link for a user; its token.
pub fn create(
    connection: &Connection,
    user_id: UserId,
    maker: Maker,
    secret: &Secret,
    now: Timestamp,
) -> rusqlite::Result<Token> {
    let (maker, admin_id) = maker.columns();
    connection
        .prepare_cached(
            "INSERT INTO resets (user_id, maker, admin_id, secret_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![user_id, maker, admin_id, secret.hash(), now])?;
    Ok(secret.clone().of(connection.last_insert_rowid()))
}

/// The user whose password the link with this token sets. `None`: it is unknown, used or expired; or an admin made it, who
/// is none any more, or for a user who has become one.
pub fn find(connection: &Connection, token: &Token, now: Timestamp) -> rusqlite::Result<Option<Found>> {
    let sql = "SELECT resets.secret_hash, users.id, users.screen_name, resets.maker = 'mail' \
               FROM resets JOIN users ON users.id = resets.user_id \
               LEFT JOIN users AS admins ON admins.id = resets.admin_id \
               WHERE resets.id = ?1 AND resets.created_at > ?2 AND (resets.admin_id IS NULL \
                   OR NOT users.is_admin AND admins.is_admin AND admins.banned_at IS NULL)";
    let found = connection.prepare_cached(sql)?.query_row(params![token.id, now - LIFETIME], |row| {
        let is_right = token.matches(row.get_ref(0)?.as_blob()?);
        Ok(is_right.then_some(Found {
            user_id: row.get(1)?,
            screen_name: row.get(2)?,
            is_by_mail: row.get(3)?,
        }))
    });
    Ok(found.optional()?.flatten())
}

/// Sets the hash of a user's password, and ends all their sessions, devices and links: a person who knew the old password,
/// or has a link, may be another. So may the one whose mail address it is, unless `keeps_address`: the new password came by
/// mail.
pub fn set_password(
    connection: &Connection,
    user_id: UserId,
    hash: &str,
    keeps_address: bool,
) -> rusqlite::Result<()> {
    user::sql::set_password(connection, user_id, hash)?;
    if !keeps_address {
        mail::sql::forget(connection, user_id)?;
    }
    device::sql::forget(connection, user_id)?;
    session::sql::destroy_others(connection, user_id, None)?;
    end(connection, user_id)
}

/// Ends what leads past a new password of a user: the links to set another, and addresses that are not confirmed yet.
pub fn end(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM resets WHERE user_id = ?1")?.execute([user_id])?;
    mail::sql::forget_unconfirmed(connection, user_id)
}

/// Deletes, of the next links after the id `after`, those made before `cutoff`, see [`remove_old`].
pub fn prune(connection: &Connection, after: i64, cutoff: Timestamp) -> rusqlite::Result<Step> {
    let sql = "SELECT id, created_at FROM resets WHERE id > ?1 ORDER BY id LIMIT ?2";
    remove_old(connection, sql, (after, cutoff), |last| {
        connection
            .prepare_cached("DELETE FROM resets WHERE id > ?1 AND id <= ?2 AND created_at < ?3")?
            .execute(params![after, last, cutoff])
    })
}
