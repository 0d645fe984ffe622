//! The SQL of the API that no noun has.

use rusqlite::{Connection, Row, params};

use super::MAX_UPDATES;
use crate::search::query::Kind;
use crate::search::sql::max_id;
use crate::types::cursor::Cursor;
use crate::types::id::{CommentId, PostId, UserId};
use crate::visibility::sql::{comment_author, listed, on_page};
use crate::vote::Target;

/// The newest post and the newest comment; `None` where there is none.
pub fn newest(connection: &Connection) -> rusqlite::Result<[Option<Target>; 2]> {
    let (post, comment) = (max_id(connection, Kind::Post)?, max_id(connection, Kind::Comment)?);
    let present = |id: i64, target: Target| (id > 0).then_some(target);
    Ok([
        present(post, Target::Post(PostId::new(post))),
        present(comment, Target::Comment(CommentId::new(comment))),
    ])
}

/// The newest comments of a user, at most `limit`, each with the time of its creation.
pub fn comments_of_user(
    connection: &Connection,
    user_id: UserId,
    limit: u32,
) -> rusqlite::Result<Vec<Cursor>> {
    let sql = concat!(
        "SELECT created_at, id FROM comments WHERE user_id = ?1 AND ",
        listed!("comments"),
        " ORDER BY created_at DESC, id DESC LIMIT ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![user_id, limit], |row| Ok(Cursor { key: row.get(0)?, id: row.get(1)? }))?
        .collect()
}

/// Something that has changed lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The posts and comments that it changed: itself, and those that have it among their comments.
    pub targets: Vec<Target>,
    /// The name of the user whose profile it changed.
    pub profile: Option<String>,
}

/// The newest posts, then the newest comments, then the newest acts of admins, at most [`MAX_UPDATES`] of each.
pub fn updates(connection: &Connection) -> rusqlite::Result<Vec<Update>> {
    let posts = concat!(
        "SELECT posts.id, NULL, NULL, users.screen_name FROM posts \
         LEFT JOIN users ON users.id = posts.user_id AND posts.removed_at IS NULL WHERE posts.id < ?1 AND ",
        on_page!("posts"),
        " ORDER BY posts.id DESC LIMIT ?2"
    );
    let comments = concat!(
        "SELECT comments.post_id, comments.parent_id, comments.id, users.screen_name FROM comments",
        comment_author!(on_page),
        "WHERE comments.id < ?1 AND ",
        on_page!("comments"),
        " ORDER BY comments.id DESC LIMIT ?2"
    );
    let acts = concat!(
        "SELECT posts.id, NULL, comments.id, users.screen_name FROM acts \
         LEFT JOIN posts ON posts.id = acts.post_id AND ",
        on_page!("posts"),
        " LEFT JOIN comments ON comments.id = acts.comment_id AND ",
        on_page!("comments"),
        " LEFT JOIN users ON users.id = acts.user_id WHERE acts.id < ?1 ORDER BY acts.id DESC LIMIT ?2"
    );
    let mut updates = Vec::new();
    for sql in [posts, comments, acts] {
        let mut statement = connection.prepare_cached(sql)?;
        for update in statement.query_map(params![i64::MAX, MAX_UPDATES], update)? {
            updates.push(update?);
        }
    }
    Ok(updates)
}

fn update(row: &Row) -> rusqlite::Result<Update> {
    let post: Option<PostId> = row.get(0)?;
    let comments: [Option<CommentId>; 2] = [row.get(1)?, row.get(2)?];
    let comments = comments.into_iter().flatten().map(Target::Comment);
    Ok(Update { targets: post.map(Target::Post).into_iter().chain(comments).collect(), profile: row.get(3)? })
}
