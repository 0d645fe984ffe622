//! All SQL about mail: addresses and the queue.

pub mod replies;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Addresses, CONFIRMATION_LIFETIME, Kind, MAX_A_DAY, MAX_REQUESTS, MAX_USERS_OF_ADDRESS, Mail, Queued,
    SENT_KEPT, folded,
};
use crate::auth::token::{Secret, Token};
use crate::sql::{Columns, ROWS_PER_STEP, Step, row};
use crate::types::id::UserId;
use crate::types::time::{DAY, Timestamp};
use crate::user;

row! {
    /// A mail in the queue.
    fn mail() -> Mail, columns mail_columns {
        id: "id",
        user_id: "user_id",
        kind: "kind" => kind,
        created_at: "created_at",
        tries: "tries",
    }
}

fn kind(columns: &mut Columns) -> rusqlite::Result<Kind> {
    Ok(Kind::from_code(columns.read_ref()?.as_str()?))
}

/// The addresses of a user. One that is to be confirmed counts for a day.
pub fn addresses(connection: &Connection, user_id: UserId, now: Timestamp) -> rusqlite::Result<Addresses> {
    let sql = "SELECT (SELECT address FROM addresses WHERE user_id = ?1), \
               (SELECT address FROM confirmations WHERE user_id = ?1 AND created_at > ?2)";
    connection.prepare_cached(sql)?.query_row(params![user_id, now - CONFIRMATION_LIFETIME], |row| {
        Ok(Addresses { confirmed: row.get(0)?, pending: row.get(1)? })
    })
}

/// The confirmed address of a user.
pub fn address(connection: &Connection, user_id: UserId) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT address FROM addresses WHERE user_id = ?1")?
        .query_row([user_id], |row| row.get(0))
        .optional()
}

/// Keeps an address that a user wants to have, and queues the mail that confirms it; `false`: the user, or the address, has
/// had too many of them today, and nothing is changed.
pub fn ask_to_confirm(
    connection: &Connection,
    user_id: UserId,
    address: &str,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    if !queue(connection, user_id, Kind::Confirmation, &folded(address), now)? {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO confirmations (user_id, address, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE \
             SET address = excluded.address, created_at = excluded.created_at, secret_hash = NULL",
        )?
        .execute(params![user_id, address, now])?;
    Ok(true)
}

/// Queues a mail to an address, unless one of its kind waits for the user, which a confirmation renews; `false`: the user, or the address, has
/// had too many of this kind today.
fn queue(
    connection: &Connection,
    user_id: UserId,
    kind: Kind,
    folded: &str,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let since = now - DAY;
    let of_user = "SELECT count(*) FROM mails WHERE user_id = ?1 AND kind = ?2 AND created_at > ?3";
    let to_address = "SELECT count(*) FROM mails WHERE folded = ?1 AND kind = ?2 AND created_at > ?3";
    let of_user: u32 = connection
        .prepare_cached(of_user)?
        .query_row(params![user_id, kind.code(), since], |row| row.get(0))?;
    let to_address: u32 = connection
        .prepare_cached(to_address)?
        .query_row(params![folded, kind.code(), since], |row| row.get(0))?;
    if of_user >= MAX_A_DAY || to_address >= MAX_A_DAY {
        return Ok(false);
    }
    let sql = "INSERT INTO mails (user_id, kind, folded, created_at, due_at) VALUES (?1, ?2, ?3, ?4, ?4) \
               ON CONFLICT (user_id, kind) WHERE sent_at IS NULL DO UPDATE \
               SET folded = excluded.folded, created_at = excluded.created_at, due_at = excluded.due_at, tries = 0 \
               WHERE excluded.kind = 'confirmation'";
    connection.prepare_cached(sql)?.execute(params![user_id, kind.code(), folded, now])?;
    Ok(true)
}

/// Gives the link that confirms a user's address its secret; the address. `None`: no address is to be confirmed any more.
pub fn set_confirmation_secret(
    connection: &Connection,
    user_id: UserId,
    secret: &Secret,
    now: Timestamp,
) -> rusqlite::Result<Option<String>> {
    let sql =
        "UPDATE confirmations SET secret_hash = ?2 WHERE user_id = ?1 AND created_at > ?3 RETURNING address";
    connection
        .prepare_cached(sql)?
        .query_row(params![user_id, secret.hash(), now - CONFIRMATION_LIFETIME], |row| row.get(0))
        .optional()
}

/// The address that the link with this token confirms, and its user's name; `None`: the link is unknown, used or expired.
pub fn confirmation(
    connection: &Connection,
    token: &Token,
    now: Timestamp,
) -> rusqlite::Result<Option<(String, String)>> {
    let sql = "SELECT secret_hash, address, screen_name FROM confirmations JOIN users ON users.id = user_id \
               WHERE user_id = ?1 AND confirmations.created_at > ?2 AND secret_hash IS NOT NULL";
    let found =
        connection.prepare_cached(sql)?.query_row(params![token.id, now - CONFIRMATION_LIFETIME], |row| {
            let is_right = token.matches(row.get_ref(0)?.as_blob()?);
            Ok(is_right.then_some((row.get(1)?, row.get(2)?)))
        });
    Ok(found.optional()?.flatten())
}

/// Confirms the address of the link with this token; `false`: as for [`confirmation`].
pub fn confirm(connection: &Connection, token: &Token, now: Timestamp) -> rusqlite::Result<bool> {
    let Some((address, _)) = confirmation(connection, token, now)? else {
        return Ok(false);
    };
    connection
        .prepare_cached(
            "INSERT INTO addresses (user_id, address, folded, confirmed_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO UPDATE SET address = excluded.address, folded = excluded.folded, \
             confirmed_at = excluded.confirmed_at",
        )?
        .execute(params![token.id, address, folded(&address), now])?;
    connection.prepare_cached("DELETE FROM confirmations WHERE user_id = ?1")?.execute([token.id])?;
    connection.prepare_cached(FORGET_RESETS)?.execute([token.id])?;
    Ok(true)
}

/// The links that went to an address which is a user's no more.
const FORGET_RESETS: &str = "DELETE FROM resets WHERE user_id = ?1 AND maker = 'mail'";

/// Forgets the addresses of a user, the links that went there, and what waits to be sent to them.
pub fn forget(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM addresses WHERE user_id = ?1",
        "DELETE FROM confirmations WHERE user_id = ?1",
        "DELETE FROM mails WHERE user_id = ?1 AND sent_at IS NULL",
        FORGET_RESETS,
    ] {
        connection.prepare_cached(sql)?.execute([user_id])?;
    }
    Ok(())
}

/// Forgets the address that a user has not confirmed yet.
pub fn forget_unconfirmed(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM confirmations WHERE user_id = ?1")?.execute([user_id])?;
    Ok(())
}

/// Keeps what a person typed who has forgotten their password.
pub fn request_reset(connection: &Connection, typed: &str, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO reset_requests (typed, created_at) VALUES (?1, ?2)")?
        .execute(params![typed, now])?;
    connection
        .prepare_cached("DELETE FROM reset_requests WHERE id <= ?1")?
        .execute([connection.last_insert_rowid() - i64::from(MAX_REQUESTS)])?;
    Ok(())
}

/// Whether a person has asked for a link.
pub fn has_requests(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM reset_requests WHERE id > 0)")?
        .query_row([], |row| row.get(0))
}

/// Queues the mails for the oldest requests, each for the user with the name, or for those with the address. Beyond the
/// limits there is none.
pub fn take_requests(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "SELECT id, typed FROM reset_requests WHERE id > 0 ORDER BY id LIMIT ?1";
    let requests: Vec<(i64, String)> = connection
        .prepare_cached(sql)?
        .query_map([ROWS_PER_STEP], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, typed) in requests {
        for user_id in users_of(connection, &typed)? {
            if let Some(address) = address(connection, user_id)? {
                queue(connection, user_id, Kind::Reset, &folded(&address), now)?;
            }
        }
        connection.prepare_cached("DELETE FROM reset_requests WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}

/// The user with this name, and the users with this address.
fn users_of(connection: &Connection, typed: &str) -> rusqlite::Result<Vec<UserId>> {
    let mut users: Vec<UserId> = user::sql::with_name(connection, typed)?.into_iter().collect();
    let sql = "SELECT user_id FROM addresses WHERE folded = ?1 ORDER BY user_id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![folded(typed), MAX_USERS_OF_ADDRESS], |row| row.get(0))?;
    for user_id in found {
        let user_id = user_id?;
        if !users.contains(&user_id) {
            users.push(user_id);
        }
    }
    Ok(users)
}

/// The mail that is to be sent next; `None`: none is due.
pub fn next(connection: &Connection, now: Timestamp) -> rusqlite::Result<Option<Mail>> {
    let sql = concat!(
        "SELECT ",
        mail_columns!(),
        " FROM mails WHERE sent_at IS NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT 1"
    );
    connection.prepare_cached(sql)?.query_row([now], |row| mail(&mut Columns::of(row))).optional()
}

/// Records that a mail was sent. What was queued in its row meanwhile still waits.
pub fn mark_sent(connection: &Connection, mail: &Queued, now: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE mails SET sent_at = ?3 WHERE id = ?1 AND created_at = ?2")?
        .execute(params![mail.id, mail.created_at, now])?;
    Ok(())
}

/// Puts a mail off after an attempt that failed.
pub fn put_off(connection: &Connection, mail: &Queued, due_at: Timestamp) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE mails SET tries = tries + 1, due_at = ?3 WHERE id = ?1 AND created_at = ?2")?
        .execute(params![mail.id, mail.created_at, due_at])?;
    Ok(())
}

/// Takes a mail out of the queue that is not to be sent.
pub fn drop_mail(connection: &Connection, mail: &Queued) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM mails WHERE id = ?1 AND created_at = ?2")?
        .execute(params![mail.id, mail.created_at])?;
    Ok(())
}

/// Deletes the addresses that nobody has confirmed in time, and what was sent long ago, some of each.
pub fn prune(connection: &Connection, now: Timestamp) -> rusqlite::Result<Step> {
    let sent = "DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE sent_at < ?1 LIMIT ?2)";
    let unconfirmed = "DELETE FROM confirmations WHERE user_id IN \
                       (SELECT user_id FROM confirmations WHERE created_at < ?1 LIMIT ?2)";
    let mut removed = 0;
    for (sql, before) in [(sent, now - SENT_KEPT), (unconfirmed, now - CONFIRMATION_LIFETIME)] {
        removed += connection.prepare_cached(sql)?.execute(params![before, ROWS_PER_STEP])?;
    }
    Ok(Step { removed, next: (removed >= ROWS_PER_STEP as usize).then_some(1) })
}
