//! All SQL about the answers that are kept by idempotency keys.

use rusqlite::{Connection, OptionalExtension, params};

use super::{ANSWER_LIFETIME, MAX_ANSWERS};
use crate::sql::{Step, remove_old};
use crate::types::id::ApiTokenId;
use crate::types::time::Timestamp;
use crate::vote::Target;
use crate::web::paths::{self, Path};

/// A request by a token that names an idempotency key.
#[derive(Debug, Clone)]
pub struct KeyedRequest {
    /// The token.
    pub token_id: ApiTokenId,
    /// The key.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub fingerprint: [u8; 32],
    /// The time of the request.
    pub now: Timestamp,
}

/// What a request has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The status of the answer: 201, or 200 for what was there.
    pub status: u16,
    /// The post or comment.
    pub target: Target,
}

/// What is known of a key.
#[derive(Debug)]
pub enum Known {
    /// Nothing: the request is new.
    Nothing,
    /// It was used for another request.
    Other,
    /// The request has made its change, and what it is is not known.
    Lost,
    /// What the request has made.
    Made(Made),
    /// Nothing, and the token has [`MAX_ANSWERS`] others.
    TooMany,
}

/// Looks for the key of a request.
pub fn find(connection: &Connection, request: &KeyedRequest) -> rusqlite::Result<Known> {
    let sql = "SELECT fingerprint, status, location FROM api_answers \
               WHERE token_id = ?1 AND key = ?2 AND created_at > ?3";
    let since = request.now - ANSWER_LIFETIME;
    let found = connection
        .prepare_cached(sql)?
        .query_row(params![request.token_id, request.key, since], |row| {
            let (fingerprint, status): ([u8; 32], Option<u16>) = (row.get(0)?, row.get(1)?);
            let location: Option<String> = row.get(2)?;
            let target = location.as_deref().and_then(target_at);
            Ok(match status.zip(target) {
                _ if fingerprint != request.fingerprint => Known::Other,
                None => Known::Lost,
                Some((status, target)) => Known::Made(Made { status, target }),
            })
        })
        .optional()?;
    let Some(known) = found else {
        let is_full = count(connection, request.token_id, since)? >= MAX_ANSWERS;
        return Ok(if is_full { Known::TooMany } else { Known::Nothing });
    };
    Ok(known)
}

fn count(connection: &Connection, token_id: ApiTokenId, since: Timestamp) -> rusqlite::Result<u32> {
    let sql = "SELECT count(*) FROM api_answers WHERE token_id = ?1 AND created_at > ?2";
    connection.prepare_cached(sql)?.query_row(params![token_id, since], |row| row.get(0))
}

/// Records that a request makes its change: in the transaction of the change.
pub fn begin(connection: &Connection, request: &KeyedRequest) -> rusqlite::Result<()> {
    keep(connection, request, None)
}

/// Keeps what a request has made.
pub fn finish(connection: &Connection, request: &KeyedRequest, made: Made) -> rusqlite::Result<()> {
    keep(connection, request, Some(made))
}

fn address(target: Target) -> Path {
    match target {
        Target::Post(id) => paths::api_post(id),
        Target::Comment(id) => paths::api_comment(id),
    }
}

fn target_at(address: &str) -> Option<Target> {
    let comment = || paths::api_comment_at(address).map(Target::Comment);
    paths::api_post_at(address).map(Target::Post).or_else(comment)
}

fn keep(connection: &Connection, request: &KeyedRequest, made: Option<Made>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM api_answers WHERE token_id = ?1 AND key = ?2")?
        .execute(params![request.token_id, request.key])?;
    // A token that was revoked in the meantime has no row to refer to.
    let sql = "INSERT INTO api_answers (token_id, key, fingerprint, created_at, status, location) \
               SELECT id, ?2, ?3, ?4, ?5, ?6 FROM api_tokens WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![
        request.token_id,
        request.key,
        request.fingerprint,
        request.now,
        made.map(|made| made.status),
        made.map(|made| address(made.target).to_string())
    ])?;
    Ok(())
}

/// Deletes, of the next answers after the id `after`, those of before `cutoff`, see [`remove_old`].
pub fn prune(connection: &Connection, after: i64, cutoff: Timestamp) -> rusqlite::Result<Step> {
    let sql = "SELECT id, created_at FROM api_answers WHERE id > ?1 ORDER BY id LIMIT ?2";
    remove_old(connection, sql, (after, cutoff), |last| {
        connection
            .prepare_cached("DELETE FROM api_answers WHERE id > ?1 AND id <= ?2 AND created_at < ?3")?
            .execute(params![after, last, cutoff])
    })
}
