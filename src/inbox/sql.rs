//! All SQL about the inbox.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension, params};
use smol_str::SmolStr;

use super::mention;
use super::{Item, MAX_MENTIONS, Why};
use crate::comment::NewComment;
use crate::flag;
use crate::sql::{Columns, delete_some_of_user, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::{comment_text, mentioned_title, on_page, post_title};
use crate::vote::Target;

row! {
    /// A comment in the inbox of user `?1`.
    fn item() -> Item, columns item_columns {
        comment_id: "in_inbox.comment_id",
        why: "in_inbox.why" => why,
        is_unread: "in_inbox.is_unread",
        body: comment_text!(listed),
        created_at: "comments.created_at",
        author: author_columns!("users") => user::sql::author,
        post_id: "posts.id",
        post_title: post_title!(mentioned) => mentioned_title,
        is_muted: "EXISTS (SELECT 1 FROM muted_posts \
                   WHERE muted_posts.user_id = ?1 AND muted_posts.post_id = posts.id)",
    }
}

fn why(columns: &mut Columns) -> rusqlite::Result<Why> {
    Ok(Why::from_code(columns.read_ref()?.as_str()?))
}

/// The comments in the inbox of user `?1` before comment `?2`, in the order in which they came, the last first, at most `?3`.
/// The index has those that are unread and those that are read each in this order: they are merged.
macro_rules! in_inbox {
    () => {
        "SELECT comment_id, why, is_unread FROM inbox \
             WHERE user_id = ?1 AND is_unread = 1 AND comment_id < ?2 AND NOT is_hidden \
         UNION ALL SELECT comment_id, why, is_unread FROM inbox \
             WHERE user_id = ?1 AND is_unread = 0 AND comment_id < ?2 AND NOT is_hidden \
         ORDER BY comment_id DESC LIMIT ?3"
    };
}

/// The inbox of a user from `after` on, in the order in which the comments came, the last first.
pub fn of_user(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Item>> {
    let sql = concat!(
        "SELECT ",
        item_columns!(),
        " FROM (",
        in_inbox!(),
        ") AS in_inbox CROSS JOIN comments ON comments.id = in_inbox.comment_id \
         JOIN posts ON posts.id = comments.post_id LEFT JOIN users ON users.id = comments.user_id"
    );
    let mut rows = connection
        .prepare_cached(sql)?
        .query_map(params![user_id, after.id, limit + 1], |row| item(&mut Columns::of(row)))?
        .collect::<Result<Vec<_>, _>>()?;
    // The order of a subquery promises nothing about that of the join.
    rows.sort_unstable_by_key(|item| Reverse(item.comment_id));
    Ok(Slice::of(rows, limit, Item::cursor))
}

/// Puts a new comment into the inboxes of the users whom it answers or mentions: not into its author's, nor into that of a
/// user who has muted the discussion or the author. A user whom it both answers and mentions gets one row.
pub fn deliver(connection: &Connection, id: CommentId, comment: &NewComment) -> rusqlite::Result<()> {
    let NewComment { post_id, parent_id, user_id, body, .. } = *comment;
    let (target, why) = match parent_id {
        Some(parent_id) => (Target::Comment(parent_id), Why::Comment),
        None => (Target::Post(post_id), Why::Post),
    };
    let answered = flag::sql::author_of(connection, target)?.flatten();
    let mut seen = vec![user_id];
    if let Some(answered) = answered.filter(|answered| *answered != user_id) {
        add(connection, answered, id, comment, why)?;
        seen.push(answered);
    }
    let mut told = 0;
    for names in mention::candidates(body) {
        if told == MAX_MENTIONS {
            break;
        }
        if let Some(user) = first_user(connection, &names)?.filter(|user| !seen.contains(user)) {
            told += usize::from(add(connection, user, id, comment, Why::Mention)?);
            seen.push(user);
        }
    }
    Ok(())
}

/// The user with the first of these folded names that a user has.
fn first_user(connection: &Connection, names: &[String]) -> rusqlite::Result<Option<UserId>> {
    for name in names {
        let found = user::sql::with_name(connection, name)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Adds a comment to an inbox, unless the user has muted the discussion or the author; whether it does.
fn add(
    connection: &Connection,
    user_id: UserId,
    id: CommentId,
    comment: &NewComment,
    why: Why,
) -> rusqlite::Result<bool> {
    let NewComment { post_id, user_id: author, created_at, .. } = *comment;
    let wants = !has_muted(connection, user_id, post_id, author)?;
    if wants {
        connection
            .prepare_cached(
                "INSERT INTO inbox (comment_id, user_id, created_at, why) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![id, user_id, created_at, why.code()])?;
        // No trigger counts it: an insert that fires one and may fail copies each page before it changes it.
        connection
            .prepare_cached("UPDATE users SET unread_count = unread_count + 1 WHERE id = ?1")?
            .execute([user_id])?;
    }
    Ok(wants)
}

/// Whether a user has muted this discussion or this author.
fn has_muted(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
    author: UserId,
) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM muted_posts WHERE user_id = ?1 AND post_id = ?2) \
               OR EXISTS (SELECT 1 FROM muted_users WHERE user_id = ?1 AND muted_id = ?3)";
    connection.prepare_cached(sql)?.query_row(params![user_id, post_id, author], |row| row.get(0))
}

/// Of these comments those that are unread in a user's inbox, in no order.
pub fn unread_among(
    connection: &Connection,
    user_id: UserId,
    ids: &[CommentId],
) -> rusqlite::Result<Vec<CommentId>> {
    let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(Vec::new());
    };
    let sql = "SELECT comment_id FROM inbox WHERE user_id = ?1 AND comment_id BETWEEN ?2 AND ?3 \
               AND is_unread = 1 AND NOT is_hidden ORDER BY comment_id DESC LIMIT ?4";
    let unread = connection
        .prepare_cached(sql)?
        .query_map(params![user_id, first, last, MAX_UNREAD], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<CommentId>>>()?;
    Ok(unread.into_iter().filter(|id| ids.contains(id)).collect())
}

/// The unread comments that are compared with those of a page: more than a page has.
const MAX_UNREAD: u32 = 500;

/// Records that a user has seen a comment.
pub fn mark_read(connection: &Connection, user_id: UserId, id: CommentId) -> rusqlite::Result<()> {
    let sql = "UPDATE inbox SET is_unread = 0 WHERE comment_id = ?1 AND user_id = ?2 AND is_unread";
    connection.prepare_cached(sql)?.execute(params![id, user_id])?;
    Ok(())
}

/// Records that a user has seen all comments of their inbox, at most `number` of them; whether there may be more.
pub fn mark_some_read(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let sql = "UPDATE inbox SET is_unread = 0 WHERE user_id = ?1 AND comment_id IN \
               (SELECT comment_id FROM inbox WHERE user_id = ?1 AND is_unread = 1 AND NOT is_hidden LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.execute(params![user_id, number])? > 0)
}

/// Records that users have seen all comments that are older, for the demo.
pub fn mark_older_read(connection: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    connection.execute("UPDATE inbox SET is_unread = 0 WHERE created_at < ?1", [before])?;
    Ok(())
}

/// Mutes a discussion for a user, or ends that; `false`: there is no such post. Repeating it changes nothing.
pub fn set_muted(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
    is_muted: bool,
) -> rusqlite::Result<bool> {
    let exists: bool = connection
        .prepare_cached(concat!(
            "SELECT EXISTS (SELECT 1 FROM posts WHERE id = ?1 AND ",
            on_page!("posts"),
            ")"
        ))?
        .query_row([post_id], |row| row.get(0))?;
    if exists && is_muted {
        connection
            .prepare_cached(
                "INSERT INTO muted_posts (user_id, post_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute(params![user_id, post_id])?;
    } else if exists {
        connection
            .prepare_cached("DELETE FROM muted_posts WHERE user_id = ?1 AND post_id = ?2")?
            .execute(params![user_id, post_id])?;
    }
    Ok(exists)
}

/// The discussions that a user has muted, at most `limit`: the newest, with the titles of their posts.
pub fn muted(
    connection: &Connection,
    user_id: UserId,
    limit: u32,
) -> rusqlite::Result<Vec<(PostId, SmolStr)>> {
    let sql = concat!(
        "SELECT posts.id, ",
        post_title!(mentioned),
        " FROM muted_posts CROSS JOIN posts ON posts.id = muted_posts.post_id WHERE muted_posts.user_id = ?1 AND ",
        on_page!("posts"),
        " ORDER BY muted_posts.post_id DESC LIMIT ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![user_id, limit], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.read()?, mentioned_title(&mut columns)?))
        })?
        .collect()
}

/// The secret of a user's feed; `None`: the user has none.
pub fn feed_secret(connection: &Connection, user_id: UserId) -> rusqlite::Result<Option<[u8; 32]>> {
    connection
        .prepare_cached("SELECT secret FROM inbox_feeds WHERE user_id = ?1")?
        .query_row([user_id], |row| row.get(0))
        .optional()
}

/// Gives a user's feed another secret.
pub fn set_feed_secret(connection: &Connection, user_id: UserId, secret: &[u8; 32]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO inbox_feeds (user_id, secret) VALUES (?1, ?2) \
             ON CONFLICT DO UPDATE SET secret = excluded.secret",
        )?
        .execute(params![user_id, secret])?;
    Ok(())
}

/// The last comments that came into the inbox of a user.
pub fn newest(connection: &Connection, user_id: UserId, limit: u32) -> rusqlite::Result<Vec<CommentId>> {
    connection
        .prepare_cached(in_inbox!())?
        .query_map(params![user_id, i64::MAX, limit], |row| row.get(0))?
        .collect()
}

/// Deletes at most `number` rows of a user's inbox and of their muted discussions, for the deletion of the account;
/// whether there were any.
pub fn delete_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    let inbox = "DELETE FROM inbox WHERE user_id = ?1 AND comment_id IN \
                 (SELECT comment_id FROM inbox WHERE user_id = ?1 LIMIT ?2)";
    let muted = "DELETE FROM muted_posts WHERE user_id = ?1 AND post_id IN \
                 (SELECT post_id FROM muted_posts WHERE user_id = ?1 LIMIT ?2)";
    delete_some_of_user(connection, &[inbox, muted], user_id, number)
}
