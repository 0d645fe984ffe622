//! What the site keeps about a user, table by table.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::{Map, Value};

use super::Fault;
use crate::types::id::UserId;
use crate::types::time::Timestamp;

/// The files of the ZIP and the rows in each, of user `?1`. A column that ends with `_at` is a time, one that begins with
/// `is_` is true or false.
pub(super) const PARTS: [(&str, &str); 29] = [
    (
        "account",
        "SELECT users.id, screen_name, about, created_at, updated_at, last_seen_at, posts_count, comments_count, \
         sessions_count, karma, is_admin, banned_at FROM users LEFT JOIN profiles ON profiles.user_id = users.id \
         WHERE users.id = ?1",
    ),
    ("former_names", "SELECT screen_name, left_at FROM former_names WHERE user_id = ?1"),
    ("mail_address", "SELECT address, confirmed_at, replies FROM addresses WHERE user_id = ?1"),
    ("mails", "SELECT kind, created_at, sent_at FROM mails WHERE user_id = ?1"),
    (
        "posts",
        "SELECT id, created_at, updated_at, removed_at, score, comments_count, title, url, tags, text \
         FROM posts LEFT JOIN descriptions ON descriptions.post_id = posts.id WHERE user_id = ?1 \
         ORDER BY created_at, id",
    ),
    (
        "comments",
        "SELECT id, post_id, parent_id, created_at, updated_at, removed_at, score, body AS text FROM comments \
         WHERE user_id = ?1 ORDER BY created_at, id",
    ),
    (
        "versions",
        "SELECT versions.post_id, NULL AS comment_id, versions.created_at, versions.title, versions.url, versions.text, \
         struck_at FROM posts CROSS JOIN versions ON versions.post_id = posts.id WHERE posts.user_id = ?1 \
         UNION ALL SELECT NULL, versions.comment_id, versions.created_at, NULL, NULL, versions.text, struck_at \
         FROM comments CROSS JOIN versions ON versions.comment_id = comments.id WHERE comments.user_id = ?1",
    ),
    (
        "just_deleted",
        "SELECT deleted_at, post_id, comment_id, title, url, text FROM deletions WHERE user_id = ?1",
    ),
    (
        "comment_drafts",
        "SELECT post_id, body, typed_title, typed_url, typed_text, typed_tags FROM comment_drafts WHERE user_id = ?1",
    ),
    ("post_votes", "SELECT post_id, created_at FROM post_votes WHERE user_id = ?1"),
    ("comment_votes", "SELECT comment_id, created_at FROM comment_votes WHERE user_id = ?1"),
    ("saved_posts", "SELECT post_id, created_at FROM saved_posts WHERE user_id = ?1"),
    ("saved_comments", "SELECT comment_id, created_at FROM saved_comments WHERE user_id = ?1"),
    ("hidden_posts", "SELECT post_id, created_at FROM hidden_posts WHERE user_id = ?1"),
    ("muted_discussions", "SELECT post_id FROM muted_posts WHERE user_id = ?1"),
    (
        "muted_users",
        "SELECT users.screen_name, muted_users.created_at FROM muted_users CROSS JOIN users \
         ON users.id = muted_users.muted_id WHERE muted_users.user_id = ?1",
    ),
    ("muted_sites", "SELECT site, created_at FROM muted_sites WHERE user_id = ?1"),
    ("muted_tags", "SELECT tag, created_at FROM muted_tags WHERE user_id = ?1"),
    (
        "followed_users",
        "SELECT users.screen_name FROM follows CROSS JOIN users ON users.id = follows.followed_id \
         WHERE follows.user_id = ?1",
    ),
    ("visits", "SELECT post_id, seen_at, looked_at FROM visits WHERE user_id = ?1"),
    ("inbox", "SELECT comment_id, created_at, why, is_unread FROM inbox WHERE user_id = ?1"),
    (
        "flags",
        "SELECT cases.post_id, cases.comment_id, flags.created_at, flags.reason FROM flags CROSS JOIN cases \
         ON cases.id = flags.case_id WHERE flags.user_id = ?1",
    ),
    (
        "vouches",
        "SELECT verdicts.post_id, verdicts.comment_id, vouches.created_at FROM vouches CROSS JOIN verdicts \
         ON verdicts.id = vouches.verdict_id WHERE vouches.user_id = ?1",
    ),
    (
        "moderation",
        "SELECT created_at, verb, noun, post_id, comment_id, to_post_id, reason, notices.is_unread, FALSE AS is_by_you FROM notices \
         CROSS JOIN acts ON acts.id = notices.act_id WHERE notices.user_id = ?1 \
         UNION ALL SELECT created_at, verb, noun, post_id, comment_id, to_post_id, reason, NULL, FALSE FROM acts \
         WHERE user_id = ?1 AND NOT EXISTS (SELECT 1 FROM notices WHERE act_id = acts.id) \
         UNION ALL SELECT created_at, verb, noun, post_id, comment_id, to_post_id, reason, NULL, TRUE FROM acts WHERE admin_id = ?1",
    ),
    (
        "invitations",
        "SELECT invitations.created_at, used_at, withdrawn_at, users.screen_name AS invited FROM invitations \
         LEFT JOIN users ON users.id = invitations.invited_id WHERE invitations.inviter_id = ?1",
    ),
    (
        "invited_by",
        "SELECT used_at, users.screen_name FROM invitations LEFT JOIN users ON users.id = invitations.inviter_id \
         WHERE invitations.invited_id = ?1",
    ),
    ("sessions", "SELECT created_at, last_used_at, ip_address, user_agent FROM sessions WHERE user_id = ?1"),
    (
        "api_tokens",
        "SELECT name, may_write AS is_read_and_write, created_at, last_used_at FROM api_tokens WHERE user_id = ?1",
    ),
    ("devices", "SELECT used_at FROM devices WHERE user_id = ?1"),
];

/// The tables with rows about users that are in no part, and why.
#[cfg(test)]
const LEFT_OUT: &[(&str, &str)] = &[
    ("confirmations", "a link on its way; the address is a part once it is confirmed"),
    ("resets", "the hash of a secret; that a link was made is in `moderation`"),
    ("inbox_feeds", "a secret"),
    ("name_skeletons", "computed from the name"),
    ("invitation_roots", "computed from the invitations"),
    ("imported_users", "how an import finds the user again"),
];

/// The statement of a part.
pub(super) fn part(name: &str) -> &'static str {
    PARTS.iter().find(|(known, _)| *known == name).map_or("", |(_, sql)| sql)
}

/// Calls `work` with each row of a part, as an object.
pub(super) fn each_row(
    connection: &Connection,
    sql: &str,
    user_id: UserId,
    mut work: impl FnMut(Map<String, Value>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut statement = connection.prepare(sql)?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([user_id])?;
    while let Some(row) = rows.next()? {
        work(object(&names, row)?)?;
    }
    Ok(())
}

fn object(names: &[String], row: &Row) -> rusqlite::Result<Map<String, Value>> {
    let pair = |(at, name): (usize, &String)| Ok((name.clone(), value(name, row.get_ref(at)?)));
    names.iter().enumerate().map(pair).collect()
}

fn value(name: &str, value: ValueRef) -> Value {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        ValueRef::Integer(micros) if name.ends_with("_at") => {
            Timestamp::from_micros(micros).rfc_3339().into()
        }
        ValueRef::Integer(number) if name.starts_with("is_") => (number != 0).into(),
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::SCHEMA;

    #[test]
    fn each_table_about_users_is_in_a_part_or_left_out_for_a_reason() {
        let connection = Connection::open_in_memory().expect("a database");
        for migration in SCHEMA.migrations {
            connection.execute_batch(migration).expect("it migrates");
        }
        let sql = "SELECT DISTINCT tables.name FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns \
                   WHERE tables.schema = 'main' AND tables.type = 'table' AND columns.name = 'user_id' \
                   UNION SELECT DISTINCT tables.name FROM pragma_table_list AS tables, \
                   pragma_foreign_key_list(tables.name) AS keys \
                   WHERE tables.schema = 'main' AND tables.type = 'table' AND keys.\"table\" = 'users'";
        let mut statement = connection.prepare(sql).expect("valid SQL");
        let tables: Vec<String> = statement
            .query_map([], |row| row.get(0))
            .expect("an answer")
            .collect::<Result<_, _>>()
            .expect("names");
        assert!(tables.len() > 25, "{tables:?}");
        for table in &tables {
            let is_part = PARTS.iter().any(|(_, sql)| {
                sql.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == table)
            });
            let is_left_out = LEFT_OUT.iter().any(|(name, why)| name == table && !why.is_empty());
            assert!(is_part != is_left_out, "{table}");
        }
        for (name, sql) in PARTS {
            connection.prepare(sql).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!sql.contains("hash") && !sql.contains("secret"), "{name}");
        }
    }
}
