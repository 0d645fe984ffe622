//! All SQL about following users.

use rusqlite::{Connection, params};

use super::{MAX_FOLLOWED, Outcome};
use crate::sql::delete_some_of_user;
use crate::types::id::UserId;
use crate::user;
use crate::user::Author;
use crate::user::sql::author_columns;

/// Makes a user follow another one, or ends that. Repeating it changes nothing.
pub fn set(
    connection: &Connection,
    user_id: UserId,
    followed_id: UserId,
    is_followed: bool,
) -> rusqlite::Result<Outcome> {
    if !user::sql::exists(connection, followed_id)? {
        return Ok(Outcome::NotFound);
    }
    if !is_followed {
        connection
            .prepare_cached("DELETE FROM follows WHERE user_id = ?1 AND followed_id = ?2")?
            .execute(params![user_id, followed_id])?;
    } else if !self::is_followed(connection, user_id, followed_id)? {
        if followed(connection, user_id)?.len() >= MAX_FOLLOWED as usize {
            return Ok(Outcome::TooMany);
        }
        connection
            .prepare_cached("INSERT INTO follows (user_id, followed_id) VALUES (?1, ?2)")?
            .execute(params![user_id, followed_id])?;
    }
    Ok(Outcome::Done)
}

/// Whether a user follows another one.
pub fn is_followed(connection: &Connection, user_id: UserId, followed_id: UserId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM follows WHERE user_id = ?1 AND followed_id = ?2)")?
        .query_row(params![user_id, followed_id], |row| row.get(0))
}

/// The users whom a user follows, by id.
pub fn followed(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<UserId>> {
    connection
        .prepare_cached("SELECT followed_id FROM follows WHERE user_id = ?1 ORDER BY followed_id")?
        .query_map([user_id], |row| row.get(0))?
        .collect()
}

/// The users whom a user follows, by id, with their names.
pub fn names(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<Author>> {
    let sql = concat!(
        "SELECT ",
        author_columns!("users"),
        " FROM follows CROSS JOIN users ON users.id = follows.followed_id \
         WHERE follows.user_id = ?1 ORDER BY follows.followed_id"
    );
    user::sql::authors(connection, sql, user_id)
}

/// Deletes at most `number` rows of the users whom a user follows, and as many of those who follow the user, for the
/// deletion of the account; whether there were any.
pub fn delete_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let own = "DELETE FROM follows WHERE user_id = ?1 AND followed_id IN \
               (SELECT followed_id FROM follows WHERE user_id = ?1 LIMIT ?2)";
    let others = "DELETE FROM follows WHERE followed_id = ?1 AND user_id IN \
                  (SELECT user_id FROM follows WHERE followed_id = ?1 LIMIT ?2)";
    delete_some_of_user(connection, &[own, others], user_id, number)
}
