//! All SQL about what users hide, except the query of the list of hidden posts: [`crate::post::sql::hidden_by`].

use std::collections::BTreeSet;

use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{Connection, params};

use super::{Hidden, MAX_HIDDEN, Outcome};
use crate::sql::delete_some_of_user;
use crate::types::id::{PostId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::Author;
use crate::user::sql::author_columns;
use crate::visibility::sql::on_page;

/// The statements for one of the four tables; `?1` is the user, `?2` what is hidden.
struct Statements {
    /// Whether it is hidden.
    has: &'static str,
    /// Hides it, at the time `?3`.
    add: &'static str,
    /// Shows it again.
    remove: &'static str,
}

impl Hidden {
    fn statements(&self) -> Statements {
        match self {
            Hidden::Post(_) => Statements {
                has: "SELECT EXISTS (SELECT 1 FROM hidden_posts WHERE user_id = ?1 AND post_id = ?2)",
                add: "INSERT INTO hidden_posts (user_id, post_id, created_at) VALUES (?1, ?2, ?3)",
                remove: "DELETE FROM hidden_posts WHERE user_id = ?1 AND post_id = ?2",
            },
            Hidden::User(_) => Statements {
                has: "SELECT EXISTS (SELECT 1 FROM muted_users WHERE user_id = ?1 AND muted_id = ?2)",
                add: "INSERT INTO muted_users (user_id, muted_id, created_at) VALUES (?1, ?2, ?3)",
                remove: "DELETE FROM muted_users WHERE user_id = ?1 AND muted_id = ?2",
            },
            Hidden::Site(_) => Statements {
                has: "SELECT EXISTS (SELECT 1 FROM muted_sites WHERE user_id = ?1 AND site = ?2)",
                add: "INSERT INTO muted_sites (user_id, site, created_at) VALUES (?1, ?2, ?3)",
                remove: "DELETE FROM muted_sites WHERE user_id = ?1 AND site = ?2",
            },
            Hidden::Tag(_) => Statements {
                has: "SELECT EXISTS (SELECT 1 FROM muted_tags WHERE user_id = ?1 AND tag = ?2)",
                add: "INSERT INTO muted_tags (user_id, tag, created_at) VALUES (?1, ?2, ?3)",
                remove: "DELETE FROM muted_tags WHERE user_id = ?1 AND tag = ?2",
            },
        }
    }
}

/// The value of `?2`.
impl ToSql for Hidden {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Hidden::Post(id) => id.to_sql(),
            Hidden::User(id) => id.to_sql(),
            Hidden::Site(name) | Hidden::Tag(name) => name.to_sql(),
        }
    }
}

/// Hides something for a user, or shows it again. Repeating it changes nothing.
pub fn set(
    connection: &Connection,
    user_id: UserId,
    what: &Hidden,
    is_hidden: bool,
    now: Timestamp,
) -> rusqlite::Result<Outcome> {
    let exists = match what {
        Hidden::Post(id) => has_page(connection, *id)?,
        Hidden::User(id) => user::sql::exists(connection, *id)?,
        Hidden::Site(_) | Hidden::Tag(_) => true,
    };
    if !exists {
        return Ok(Outcome::NotFound);
    }
    let Statements { add, remove, .. } = what.statements();
    if !is_hidden {
        connection.prepare_cached(remove)?.execute(params![user_id, what])?;
    } else if !has(connection, user_id, what)? {
        if count(connection, user_id)? >= MAX_HIDDEN {
            return Ok(Outcome::TooMany);
        }
        connection.prepare_cached(add)?.execute(params![user_id, what, now])?;
    }
    Ok(Outcome::Done)
}

fn has_page(connection: &Connection, id: PostId) -> rusqlite::Result<bool> {
    let sql = concat!("SELECT EXISTS (SELECT 1 FROM posts WHERE id = ?1 AND ", on_page!("posts"), ")");
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// The number of things that a user hides.
fn count(connection: &Connection, user_id: UserId) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT hides_count FROM users WHERE id = ?1")?
        .query_row([user_id], |row| row.get(0))
}

/// Whether a user hides something.
pub fn has(connection: &Connection, user_id: UserId, what: &Hidden) -> rusqlite::Result<bool> {
    connection.prepare_cached(what.statements().has)?.query_row(params![user_id, what], |row| row.get(0))
}

/// Of these posts those that a user does not want to see; those of the site or tag `shown` are none of them for it.
pub fn posts_among(
    connection: &Connection,
    user_id: UserId,
    posts: &[PostId],
    shown: Option<&Hidden>,
) -> rusqlite::Result<BTreeSet<PostId>> {
    let sql = "SELECT posts.id FROM json_each(?2) AS ids CROSS JOIN posts ON posts.id = ids.value \
         WHERE EXISTS (SELECT 1 FROM hidden_posts WHERE user_id = ?1 AND post_id = posts.id) \
         OR EXISTS (SELECT 1 FROM muted_users WHERE user_id = ?1 AND muted_id = posts.user_id) \
         OR posts.site IS NOT ?3 AND EXISTS (SELECT 1 FROM muted_sites WHERE user_id = ?1 AND site = posts.site) \
         OR posts.tags IS NOT NULL AND EXISTS (SELECT 1 FROM muted_tags WHERE user_id = ?1 AND tag IS NOT ?4 \
             AND instr(' ' || posts.tags || ' ', ' ' || tag || ' ') > 0)";
    let (site, tag) = match shown {
        Some(Hidden::Site(site)) => (Some(site), None),
        Some(Hidden::Tag(tag)) => (None, Some(tag)),
        _ => (None, None),
    };
    let ids: Vec<String> = posts.iter().map(PostId::to_string).collect();
    connection
        .prepare_cached(sql)?
        .query_map(params![user_id, format!("[{}]", ids.join(",")), site, tag], |row| row.get(0))?
        .collect()
}

/// The users whom a user has muted.
pub fn muted_users(connection: &Connection, user_id: UserId) -> rusqlite::Result<BTreeSet<UserId>> {
    connection
        .prepare_cached("SELECT muted_id FROM muted_users WHERE user_id = ?1")?
        .query_map([user_id], |row| row.get(0))?
        .collect()
}

/// The names of the users whom a user has muted, by their ids.
pub fn names(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<Author>> {
    let sql = concat!(
        "SELECT ",
        author_columns!("users"),
        " FROM muted_users CROSS JOIN users ON users.id = muted_users.muted_id \
         WHERE muted_users.user_id = ?1 ORDER BY muted_users.muted_id"
    );
    user::sql::authors(connection, sql, user_id)
}

/// The sites that a user has muted, by their names.
pub fn sites(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached("SELECT site FROM muted_sites WHERE user_id = ?1 ORDER BY site")?
        .query_map([user_id], |row| row.get(0))?
        .collect()
}

/// The tags that a user has muted, by their names.
pub fn tags(connection: &Connection, user_id: UserId) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached("SELECT tag FROM muted_tags WHERE user_id = ?1 ORDER BY tag")?
        .query_map([user_id], |row| row.get(0))?
        .collect()
}

/// Deletes at most `number` rows of each kind that a user hides, and of those in which others have muted the user, for the
/// deletion of the account; whether there were any.
pub fn delete_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let statements = [
        "DELETE FROM hidden_posts WHERE user_id = ?1 AND post_id IN \
         (SELECT post_id FROM hidden_posts WHERE user_id = ?1 LIMIT ?2)",
        "DELETE FROM muted_users WHERE user_id = ?1 AND muted_id IN \
         (SELECT muted_id FROM muted_users WHERE user_id = ?1 LIMIT ?2)",
        "DELETE FROM muted_sites WHERE user_id = ?1 AND site IN \
         (SELECT site FROM muted_sites WHERE user_id = ?1 LIMIT ?2)",
        "DELETE FROM muted_tags WHERE user_id = ?1 AND tag IN \
         (SELECT tag FROM muted_tags WHERE user_id = ?1 LIMIT ?2)",
        "DELETE FROM muted_users WHERE muted_id = ?1 AND user_id IN \
         (SELECT user_id FROM muted_users WHERE muted_id = ?1 LIMIT ?2)",
    ];
    delete_some_of_user(connection, &statements, user_id, number)
}
