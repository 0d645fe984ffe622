//! All SQL about replies by mail.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{Item, Kind, MAX_ITEMS, REPLIES_AGE, Replies};
use crate::auth::token::{Secret, Token};
use crate::inbox::Why;
use crate::sql::{Columns, row};
use crate::types::id::{CommentId, UserId};
use crate::types::time::Timestamp;
use crate::visibility::sql::{comment_text, listed, mentioned_title, post_title};

/// The rows of inboxes that one step looks at. A comment has at most seven.
const ROWS_PER_STEP: u32 = 500;

/// Whether comments have come into inboxes at which [`follow`] has not looked.
pub fn is_behind(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM inbox WHERE comment_id > (SELECT comment_id FROM mail_progress WHERE id = 1))";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Queues a mail for each user who wants replies by mail and into whose inbox a comment has come, unless one waits.
pub fn follow(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "SELECT inbox.comment_id, inbox.user_id, addresses.folded, addresses.replies \
               FROM inbox LEFT JOIN addresses ON addresses.user_id = inbox.user_id AND addresses.replies <> 'off' \
               WHERE inbox.comment_id > (SELECT comment_id FROM mail_progress WHERE id = 1) ORDER BY inbox.comment_id LIMIT ?1";
    let rows: Vec<(CommentId, UserId, Option<String>, Option<String>)> = connection
        .prepare_cached(sql)?
        .query_map([ROWS_PER_STEP], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    let Some((last, ..)) = rows.last() else { return Ok(()) };
    // The last comment may have more rows than were read: it is looked at again, and its users have mails that wait.
    let done = if rows.len() < ROWS_PER_STEP as usize { last.get() } else { last.get() - 1 };
    for (_, user_id, folded, replies) in &rows {
        let wish = replies.as_deref().and_then(Replies::of);
        if let Some((folded, wish)) = folded.as_deref().zip(wish) {
            queue(connection, *user_id, folded, wish, now)?;
        }
    }
    connection.prepare_cached("UPDATE mail_progress SET comment_id = ?1 WHERE id = 1")?.execute([done])?;
    Ok(())
}

fn queue(
    connection: &Connection,
    user_id: UserId,
    folded: &str,
    wish: Replies,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "SELECT max(created_at) FROM mails WHERE user_id = ?1 AND kind = ?2";
    let kind = Kind::Replies.code();
    let last: Option<Timestamp> =
        connection.prepare_cached(sql)?.query_row(params![user_id, kind], |row| row.get(0))?;
    let sql = "INSERT INTO mails (user_id, kind, folded, created_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![user_id, kind, folded, now, wish.due_at(last, now)])?;
    Ok(())
}

/// What a user wants; `None`: the user has no address.
pub fn wish(connection: &Connection, user_id: UserId) -> rusqlite::Result<Option<Replies>> {
    let sql = "SELECT replies FROM addresses WHERE user_id = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([user_id], |row| Ok(Replies::of(row.get_ref(0)?.as_str()?).unwrap_or(Replies::Off)))
        .optional()
}

/// Sets what a user wants; `false`: the user has no address. Comments from before are not mailed. `secret` is that of the
/// link that ends the mails, where the user has none yet.
pub fn set_wish(
    connection: &Connection,
    user_id: UserId,
    wish: Replies,
    secret: &Secret,
) -> rusqlite::Result<bool> {
    let sql = "UPDATE addresses SET replies = ?2, unsubscribe = coalesce(unsubscribe, ?3), \
               told_id = iif(replies = 'off', (SELECT coalesce(max(id), 0) FROM comments), told_id) WHERE user_id = ?1";
    let changed = connection.prepare_cached(sql)?.execute(params![user_id, wish.code(), secret.bytes()])?;
    // What waits was due by the former wish.
    drop_waiting(connection, user_id)?;
    Ok(changed > 0)
}

fn drop_waiting(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM mails WHERE user_id = ?1 AND kind = ?2 AND sent_at IS NULL")?
        .execute(params![user_id, Kind::Replies.code()])?;
    Ok(())
}

/// Whether the link with this token ends replies by mail, or has ended them.
pub fn is_of_link(connection: &Connection, token: &Token) -> rusqlite::Result<bool> {
    let sql = "SELECT unsubscribe FROM addresses WHERE user_id = ?1 AND unsubscribe IS NOT NULL";
    let secret: Option<[u8; 32]> =
        connection.prepare_cached(sql)?.query_row([token.id], |row| row.get(0)).optional()?;
    Ok(secret.is_some_and(|secret| token.matches(&Secret::of_bytes(secret).hash())))
}

/// Ends replies by mail for the user of a link; `false`: it is no such link. Repeating it changes nothing.
pub fn unsubscribe(connection: &Connection, token: &Token) -> rusqlite::Result<bool> {
    if !is_of_link(connection, token)? {
        return Ok(false);
    }
    connection
        .prepare_cached("UPDATE addresses SET replies = 'off' WHERE user_id = ?1 AND replies <> 'off'")?
        .execute([token.id])?;
    drop_waiting(connection, UserId::new(token.id))?;
    Ok(true)
}

row! {
    /// A comment in a mail.
    fn item() -> Item, columns item_columns {
        comment_id: "inbox.comment_id",
        why: "inbox.why" => why,
        author: "users.screen_name",
        body: comment_text!(listed),
        post_title: post_title!(mentioned) => mentioned_title,
    }
}

fn why(columns: &mut Columns) -> rusqlite::Result<Why> {
    Ok(Why::from_code(columns.read_ref()?.as_str()?))
}

/// The address of a user who wants replies, and the secret of the link that ends them; `None`: they want none.
pub fn receiver(connection: &Connection, user_id: UserId) -> rusqlite::Result<Option<(String, [u8; 32])>> {
    let sql = "SELECT address, unsubscribe FROM addresses \
               WHERE user_id = ?1 AND replies <> 'off' AND unsubscribe IS NOT NULL";
    connection.prepare_cached(sql)?.query_row([user_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// The comments that a mail to a user tells of, the oldest first, one more than it has room for: those that are unread, not
/// deleted or removed, and neither from a banned user nor in a discussion that the user has muted.
pub fn items(connection: &Connection, user_id: UserId, now: Timestamp) -> rusqlite::Result<Vec<Item>> {
    // CROSS JOIN makes `inbox` the outer loop, in the order of its index.
    let sql = concat!(
        "SELECT ",
        item_columns!(),
        " FROM inbox CROSS JOIN comments ON comments.id = inbox.comment_id \
         JOIN posts ON posts.id = comments.post_id JOIN users ON users.id = comments.user_id \
         WHERE inbox.user_id = ?1 AND inbox.is_unread = 1 AND NOT inbox.is_hidden \
             AND inbox.comment_id > (SELECT told_id FROM addresses WHERE user_id = ?1) AND inbox.created_at > ?2 \
             AND users.banned_at IS NULL AND ",
        listed!("comments"),
        " AND NOT EXISTS (SELECT 1 FROM muted_posts WHERE muted_posts.user_id = ?1 AND muted_posts.post_id = posts.id) \
         AND NOT EXISTS (SELECT 1 FROM muted_users WHERE muted_users.user_id = ?1 AND muted_users.muted_id = users.id) \
         ORDER BY inbox.comment_id LIMIT ?3"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![user_id, now - REPLIES_AGE, MAX_ITEMS + 1], |row| item(&mut Columns::of(row)))?
        .collect()
}

/// The last comment in a user's inbox that is unread; 0: there is none.
pub fn last_unread(connection: &Connection, user_id: UserId) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(comment_id), 0) FROM inbox WHERE user_id = ?1 AND is_unread = 1 AND NOT is_hidden";
    connection.prepare_cached(sql)?.query_row([user_id], |row| row.get(0))
}

/// Records that a mail has told a user of the comments up to this one.
pub fn mark_told(connection: &Connection, user_id: UserId, last: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE addresses SET told_id = max(told_id, ?2) WHERE user_id = ?1")?
        .execute(params![user_id, last])?;
    Ok(())
}
