//! All SQL about names: which are free, and which users have left.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::super::look_alike::{self, ComparedName};
use super::super::{FormerName, MAX_RENAMES, NAME_KEPT_BACK, NameRefusal, RENAME_PERIOD};
use crate::sql::{ROWS_PER_STEP, Step};
use crate::types::id::UserId;
use crate::types::time::Timestamp;

/// The greatest number of former names that a profile shows.
const MAX_FORMER_NAMES: u32 = 40;

/// The reason for which a user cannot have a name; `None`: they can. A new user has no id yet. The spelling of
/// one's own name may change at any time.
pub fn refusal(
    connection: &Connection,
    name: &ComparedName,
    user_id: Option<UserId>,
    now: Timestamp,
) -> rusqlite::Result<Option<NameRefusal>> {
    let present = user_id.map(|id| screen_name(connection, id)).transpose()?.flatten();
    let present = present.map(|name| ComparedName::of(&name));
    if present.as_ref() == Some(name) {
        return Ok(None);
    }
    if is_taken(connection, name, user_id, now)? {
        return Ok(Some(NameRefusal::Taken));
    }
    match (user_id, present) {
        (Some(id), Some(present)) if present.folded != name.folded => {
            let next = next_change(connection, id, now)?;
            Ok(next.map(|at| NameRefusal::TooManyChanges { wait: at.saturating_duration_since(now) }))
        }
        _ => Ok(None),
    }
}

/// A user's name; `None` when there is no user with this id.
pub fn screen_name(connection: &Connection, id: UserId) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT screen_name FROM users WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()
}

/// Whether another user has a name or one that looks like it, or has left it within a year.
fn is_taken(
    connection: &Connection,
    name: &ComparedName,
    except: Option<UserId>,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE folded_name = ?1 AND id IS NOT ?3) \
               OR EXISTS (SELECT 1 FROM name_skeletons WHERE skeleton = ?2 AND user_id IS NOT ?3) \
               OR EXISTS (SELECT 1 FROM former_names \
                          WHERE folded_name = ?1 AND user_id IS NOT ?3 AND left_at > ?4) \
               OR EXISTS (SELECT 1 FROM former_names \
                          WHERE skeleton = ?2 AND user_id IS NOT ?3 AND left_at > ?4) \
               OR EXISTS (SELECT 1 FROM deleted_names WHERE hash IN (?5, ?6) AND left_at > ?4)";
    let [folded, skeleton] = hashes(connection, name)?;
    connection.prepare_cached(sql)?.query_row(
        params![name.folded, name.skeleton, except, now - NAME_KEPT_BACK, folded, skeleton],
        |row| row.get(0),
    )
}

/// The hashes by which the name of a deleted account is kept back.
fn hashes(connection: &Connection, name: &ComparedName) -> rusqlite::Result<[[u8; 32]; 2]> {
    let key: [u8; 32] = connection
        .prepare_cached("SELECT hash_key FROM name_rules WHERE only = 1")?
        .query_row([], |row| row.get(0))?;
    let hash = |text: &str| Sha256::new().chain_update(key).chain_update(text).finalize().into();
    Ok([hash(&name.folded), hash(&name.skeleton)])
}

/// The time from which a user may change their name again; `None`: at once.
fn next_change(connection: &Connection, id: UserId, now: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    let sql = "SELECT left_at FROM former_names WHERE user_id = ?1 AND left_at > ?2 \
               ORDER BY left_at DESC LIMIT 1 OFFSET ?3";
    let oldest: Option<Timestamp> = connection
        .prepare_cached(sql)?
        .query_row(params![id, now - RENAME_PERIOD, MAX_RENAMES - 1], |row| row.get(0))
        .optional()?;
    Ok(oldest.map(|at| at + RENAME_PERIOD))
}

/// Sets a user's name, which [`refusal`] has allowed, and keeps the former name back.
pub fn rename(
    connection: &Connection,
    id: UserId,
    new: &str,
    compared: &ComparedName,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if let Some(former) = screen_name(connection, id)? {
        let ComparedName { folded, skeleton } = ComparedName::of(&former);
        if folded != compared.folded {
            connection
                .prepare_cached(
                    "INSERT INTO former_names (user_id, left_at, screen_name, folded_name, skeleton) \
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![id, now, former, folded, skeleton])?;
        }
    }
    connection
        .prepare_cached("UPDATE users SET screen_name = ?2, folded_name = ?3 WHERE id = ?1")?
        .execute(params![id, new, compared.folded])?;
    set_skeleton(connection, id, &compared.skeleton)
}

/// Stores the skeleton of a user's name.
pub fn set_skeleton(connection: &Connection, id: UserId, skeleton: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO name_skeletons (user_id, skeleton) VALUES (?1, ?2) \
             ON CONFLICT (user_id) DO UPDATE SET skeleton = excluded.skeleton",
        )?
        .execute(params![id, skeleton])?;
    Ok(())
}

/// The names that a user has left since a time, the last first, each once and without the present one.
pub fn former(connection: &Connection, id: UserId, since: Timestamp) -> rusqlite::Result<Vec<FormerName>> {
    let sql = "SELECT former_names.screen_name, left_at FROM former_names \
               JOIN users ON users.id = user_id AND users.folded_name <> former_names.folded_name \
               WHERE user_id = ?1 AND left_at > ?2 ORDER BY left_at DESC LIMIT ?3";
    let mut names: Vec<FormerName> = Vec::new();
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![id, since, MAX_FORMER_NAMES])?;
    while let Some(row) = rows.next()? {
        let name = FormerName { screen_name: row.get(0)?, left_at: row.get(1)? };
        if names.iter().all(|known| known.screen_name != name.screen_name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Keeps back the name and the former names of a user, whose account is deleted next, as hashes.
pub fn keep_back(connection: &Connection, id: UserId, now: Timestamp) -> rusqlite::Result<()> {
    let left: Vec<(String, Timestamp)> = connection
        .prepare_cached("SELECT screen_name, left_at FROM former_names WHERE user_id = ?1 AND left_at > ?2")?
        .query_map(params![id, now - NAME_KEPT_BACK], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let present = screen_name(connection, id)?.map(|name| (name, now));
    let sql = "INSERT INTO deleted_names (hash, left_at) VALUES (?1, ?2) \
               ON CONFLICT (hash) DO UPDATE SET left_at = max(left_at, excluded.left_at)";
    for (name, left_at) in left.into_iter().chain(present) {
        for hash in hashes(connection, &ComparedName::of(&name))? {
            connection.prepare_cached(sql)?.execute(params![hash, left_at])?;
        }
    }
    Ok(())
}

/// Removes some of the names that were left before a time.
pub fn prune(connection: &Connection, before: Timestamp) -> rusqlite::Result<Step> {
    let mut removed = 0;
    for sql in [
        "DELETE FROM former_names WHERE id IN (SELECT id FROM former_names WHERE left_at < ?1 LIMIT ?2)",
        "DELETE FROM deleted_names WHERE hash IN (SELECT hash FROM deleted_names WHERE left_at < ?1 LIMIT ?2)",
    ] {
        removed += connection.prepare_cached(sql)?.execute(params![before, ROWS_PER_STEP])?;
    }
    // Each step begins anew, since the rows that it would skip are gone.
    Ok(Step { removed, next: (removed >= ROWS_PER_STEP as usize).then_some(0) })
}

/// Whether all users have a skeleton by the present rules.
pub fn has_skeletons(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT skeleton_version = ?1 FROM name_rules WHERE only = 1")?
        .query_row([look_alike::VERSION], |row| row.get(0))
}

/// Computes the skeletons of the next users after an id. Returns the last of them; `None`: all are done, and
/// the former names as well.
pub fn fill_skeletons(
    connection: &Connection,
    after: UserId,
    limit: u32,
) -> rusqlite::Result<Option<UserId>> {
    let users: Vec<(UserId, String)> = connection
        .prepare_cached("SELECT id, screen_name FROM users WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_map(params![after, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, name) in &users {
        set_skeleton(connection, *id, &look_alike::skeleton(name))?;
    }
    if let Some((last, _)) = users.last().filter(|_| users.len() == limit as usize) {
        return Ok(Some(*last));
    }
    let former: Vec<(i64, String)> = connection
        .prepare("SELECT id, screen_name FROM former_names")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, name) in former {
        connection
            .prepare_cached("UPDATE former_names SET skeleton = ?2 WHERE id = ?1")?
            .execute(params![id, look_alike::skeleton(&name)])?;
    }
    connection
        .execute("UPDATE name_rules SET skeleton_version = ?1 WHERE only = 1", [look_alike::VERSION])?;
    Ok(None)
}
