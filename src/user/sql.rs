//! All SQL about people.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Author, NewUser, User};
use crate::ui::time::Micros;

/// The author in two columns of a joined row, `id` and `screen_name`; `None` where both are null.
pub fn author(row: &Row, first: usize) -> rusqlite::Result<Option<Author>> {
    Ok(match row.get(first)? {
        Some(id) => Some(Author { id, screen_name: row.get(first + 1)? }),
        None => None,
    })
}

/// Someone's page; `None` when there is nobody of that number.
pub fn find(connection: &Connection, id: i64) -> rusqlite::Result<Option<User>> {
    let sql = "SELECT users.id, screen_name, about, created_at, posts_count, comments_count, sessions_count \
               FROM users JOIN profiles ON profiles.user_id = users.id WHERE users.id = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([id], |row| {
            Ok(User {
                id: row.get(0)?,
                screen_name: row.get(1)?,
                about: row.get(2)?,
                created_at: row.get(3)?,
                posts_count: row.get(4)?,
                comments_count: row.get(5)?,
                sessions_count: row.get(6)?,
            })
        })
        .optional()
}

/// Whether anybody has signed up.
pub fn any(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))
}

/// Signs someone up; the id. A name that exists, whatever its case, is a constraint violation.
pub fn create(connection: &Connection, user: &NewUser) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("INSERT INTO users (screen_name, created_at, updated_at) VALUES (?1, ?2, ?2)")?
        .execute(params![user.screen_name, user.created_at])?;
    let id = connection.last_insert_rowid();
    connection
        .prepare_cached("INSERT INTO profiles (user_id, password_hash, about) VALUES (?1, ?2, ?3)")?
        .execute(params![id, user.password_hash, user.about])?;
    Ok(id)
}

/// Notes a sign-in of anybody, picked at random; `None` when there is nobody.
pub fn sign_in_random(connection: &Connection, now: Micros) -> rusqlite::Result<Option<Author>> {
    let sql = concat!(
        "UPDATE users SET last_seen_at = ?1, sessions_count = sessions_count + 1 \
         WHERE id = (SELECT id FROM users WHERE id >= ",
        random_id!("users"),
        " ORDER BY id LIMIT 1) RETURNING id, screen_name"
    );
    connection
        .prepare_cached(sql)?
        .query_row([now], |row| Ok(Author { id: row.get(0)?, screen_name: row.get(1)? }))
        .optional()
}
