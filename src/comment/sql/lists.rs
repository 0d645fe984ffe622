//! Lists of comments: a user's, the newest of the site, and those of the users whom a user follows.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::{Answered, ListedComment, MAX_REPLIES_LISTED, OwnComment};
use crate::follow;
use crate::sql::{Columns, row};
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{CommentId, UserId};
use crate::user;
use crate::user::sql::author_columns;
use crate::visibility::sql::{comment_text, listed, mentioned_title, post_title};

row! {
    /// A comment in the list on its author's page.
    fn own() -> OwnComment, columns own_columns {
        id: "comments.id",
        body: comment_text!(listed),
        created_at: "comments.created_at",
        post_id: "posts.id",
        post_title: post_title!(mentioned) => mentioned_title,
    }
}

row! {
    /// A comment in a list of comments by several users.
    fn listed() -> ListedComment, columns listed_columns {
        comment: own_columns!() => own,
        author: author_columns!("users") => user::sql::author,
    } with { is_saved: false }
}

/// The tables to which [`listed_columns`] refers. CROSS JOIN keeps `comments` the outer loop, in the order of its index.
macro_rules! joins {
    () => {
        " FROM comments CROSS JOIN posts ON posts.id = comments.post_id \
         LEFT JOIN users ON users.id = comments.user_id WHERE "
    };
}

/// A user's comments, newest first, from `after` on.
pub fn of_user(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<OwnComment>> {
    let sql = concat!(
        "SELECT ",
        own_columns!(),
        " FROM comments JOIN posts ON posts.id = comments.post_id \
         WHERE comments.user_id = ?1 AND (comments.created_at, comments.id) < (?2, ?3) AND ",
        listed!("comments"),
        " ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?4"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![user_id, after.key, after.id, limit + 1], |row| own(&mut Columns::of(row)))?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, OwnComment::by_age))
}

/// A user's comments with the newest replies to each, newest first, from `after` on.
pub fn answered(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Answered>> {
    let Slice { rows, next, beyond } = of_user(connection, user_id, after, limit)?;
    let with_replies = |comment: OwnComment| {
        let mut replies = newest_replies(connection, comment.id, MAX_REPLIES_LISTED + 1)?;
        let has_more = replies.len() > MAX_REPLIES_LISTED as usize;
        replies.truncate(MAX_REPLIES_LISTED as usize);
        replies.reverse();
        Ok(Answered { comment, replies, has_more })
    };
    Ok(Slice { rows: rows.into_iter().map(with_replies).collect::<rusqlite::Result<_>>()?, next, beyond })
}

/// The newest direct replies to a comment, at most `limit`, the newest first.
fn newest_replies(
    connection: &Connection,
    id: CommentId,
    limit: u32,
) -> rusqlite::Result<Vec<ListedComment>> {
    let sql = concat!(
        "SELECT ",
        listed_columns!(),
        joins!(),
        "comments.parent_id = ?1 AND ",
        listed!("comments"),
        " ORDER BY comments.id DESC LIMIT ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![id, limit], |row| listed(&mut Columns::of(row)))?
        .collect()
}

/// The comments for which a user has voted, the newest comments first, from `after` on. Votes are sorted by what they are
/// for, not by their times.
pub fn voted_by(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<ListedComment>> {
    // CROSS JOIN makes `comment_votes` the outer loop, in the order of its key.
    let sql = concat!(
        "SELECT ",
        listed_columns!(),
        " FROM comment_votes CROSS JOIN comments ON comments.id = comment_votes.comment_id \
         CROSS JOIN posts ON posts.id = comments.post_id LEFT JOIN users ON users.id = comments.user_id \
         WHERE comment_votes.user_id = ?1 AND comment_votes.comment_id < ?2 AND ",
        listed!("comments"),
        " ORDER BY comment_votes.comment_id DESC LIMIT ?3"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![user_id, after.id, limit + 1], |row| listed(&mut Columns::of(row)))?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, |listed| listed.comment.by_id()))
}

/// The comments that a user has saved, last saved first, from `after` on.
pub fn saved_by(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<ListedComment>> {
    // CROSS JOIN makes `saved_comments` the outer loop, in the order of its index.
    let sql = concat!(
        "SELECT saved_comments.created_at, ",
        listed_columns!(),
        " FROM saved_comments CROSS JOIN comments ON comments.id = saved_comments.comment_id \
         CROSS JOIN posts ON posts.id = comments.post_id LEFT JOIN users ON users.id = comments.user_id \
         WHERE saved_comments.user_id = ?1 AND (saved_comments.created_at, saved_comments.comment_id) < (?2, ?3) AND ",
        listed!("comments"),
        " ORDER BY saved_comments.created_at DESC, saved_comments.comment_id DESC LIMIT ?4"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![user_id, after.key, after.id, limit + 1], |row| {
            let mut columns = Columns::of(row);
            Ok((columns.read()?, listed(&mut columns)?))
        })?
        .collect::<Result<Vec<(i64, ListedComment)>, _>>()?;
    let slice = Slice::of(rows, limit, |(key, listed)| Cursor { key: *key, id: listed.comment.id.get() });
    let rows = slice.rows.into_iter().map(|(_, listed)| listed).collect();
    Ok(Slice { rows, next: slice.next, beyond: slice.beyond })
}

/// The newest comments of the site, from `after` on: in the order of their ids, which is that in which they came. No index
/// sorts all comments by their times.
pub fn newest(connection: &Connection, after: Cursor, limit: u32) -> rusqlite::Result<Slice<ListedComment>> {
    let sql = concat!(
        "SELECT ",
        listed_columns!(),
        joins!(),
        "comments.id < ?1 AND ",
        listed!("comments"),
        " ORDER BY comments.id DESC LIMIT ?2"
    );
    let rows = connection
        .prepare_cached(sql)?
        .query_map(params![after.id, limit + 1], |row| listed(&mut Columns::of(row)))?
        .collect::<Result<_, _>>()?;
    Ok(Slice::of(rows, limit, |listed| listed.comment.by_id()))
}

/// A comment as lists show it; `None`: it is not there, or hidden.
fn find(connection: &Connection, id: CommentId) -> rusqlite::Result<Option<ListedComment>> {
    let sql = concat!("SELECT ", listed_columns!(), joins!(), "comments.id = ?1 AND ", listed!("comments"));
    connection.prepare_cached(sql)?.query_row([id], |row| listed(&mut Columns::of(row))).optional()
}

/// The comments of the users whom a user follows, newest first, from `after` on. Each of these users costs a search of the
/// index, at most [`MAX_FOLLOWED`](follow::MAX_FOLLOWED) of them; the fuller the page, the fewer comments are read.
pub fn of_followed(
    connection: &Connection,
    user_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<ListedComment>> {
    let mut of_author = connection.prepare_cached(concat!(
        "SELECT created_at, id FROM comments WHERE user_id = ?1 AND (created_at, id) < (?2, ?3) \
         AND (created_at, id) > (?4, ?5) AND ",
        listed!("comments"),
        " ORDER BY created_at DESC, id DESC LIMIT ?6"
    ))?;
    let max_rows = limit as usize + 1;
    let mut newest: Vec<(i64, i64)> = Vec::new();
    for author in follow::sql::followed(connection, user_id)? {
        let (time, id) = newest.get(max_rows - 1).copied().unwrap_or((i64::MIN, i64::MIN));
        let parameters = params![author, after.key, after.id, time, id, limit + 1];
        for key in of_author.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))? {
            newest.push(key?);
        }
        newest.sort_unstable_by(|one, other| other.cmp(one));
        newest.truncate(max_rows);
    }
    let found = newest.into_iter().map(|(_, id)| find(connection, CommentId::new(id)));
    let rows = found.filter_map(Result::transpose).collect::<rusqlite::Result<_>>()?;
    Ok(Slice::of(rows, limit, |listed| listed.comment.by_age()))
}
