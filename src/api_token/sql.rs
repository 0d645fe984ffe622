//! All SQL about tokens for the API.

use rusqlite::{Connection, OptionalExtension, params};

use super::{ApiToken, CreateOutcome, MAX_OF_USER, Wish};
use crate::auth::token::Secret;
use crate::sql::{Columns, row};
use crate::types::id::{ApiTokenId, UserId};
use crate::types::time::Timestamp;

row! {
    fn token() -> ApiToken, columns token_columns {
        id: "id",
        name: "name" => name,
        may_write: "may_write",
        created_at: "created_at",
        last_used_at: "last_used_at",
    }
}

fn name(columns: &mut Columns) -> rusqlite::Result<smol_str::SmolStr> {
    Ok(crate::sql::short(columns)?.unwrap_or_default())
}

/// A user's tokens by their names.
pub fn of_user(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<ApiToken>> {
    let sql =
        concat!("SELECT ", token_columns!(), " FROM api_tokens WHERE user_id = ?1 ORDER BY name LIMIT ?2");
    connection
        .prepare_cached(sql)?
        .query_map(params![user_id, MAX_OF_USER], |row| token(&mut Columns::of(row)))?
        .collect()
}

/// The name of a token.
pub fn name_of(connection: &Connection, id: ApiTokenId) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT name FROM api_tokens WHERE id = ?1";
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

/// Makes a token for a user, who may have [`MAX_OF_USER`], each with a name of its own.
pub fn create(
    connection: &Connection,
    user_id: UserId,
    wish: &Wish,
    secret: &Secret,
    now: Timestamp,
) -> rusqlite::Result<CreateOutcome> {
    let of_user = of_user(connection, user_id)?;
    if of_user.iter().any(|token| token.name == wish.name) {
        return Ok(CreateOutcome::NameTaken);
    }
    if of_user.len() >= MAX_OF_USER as usize {
        return Ok(CreateOutcome::TooMany);
    }
    connection
        .prepare_cached(
            "INSERT INTO api_tokens (user_id, name, may_write, secret_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![user_id, wish.name, wish.may_write, secret.hash(), now])?;
    Ok(CreateOutcome::Created(ApiTokenId::new(connection.last_insert_rowid())))
}

/// Revokes a token of a user; whether there was one.
pub fn revoke(connection: &Connection, id: ApiTokenId, user_id: UserId) -> rusqlite::Result<bool> {
    let gone = connection
        .prepare_cached("DELETE FROM api_tokens WHERE id = ?1 AND user_id = ?2")?
        .execute(params![id, user_id])?;
    Ok(gone > 0)
}

/// Revokes all tokens of a user.
pub fn revoke_all(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM api_tokens WHERE user_id = ?1")?.execute([user_id])?;
    Ok(())
}
