//! All SQL about comments.

mod deletion;
pub mod discussion;
pub mod lists;
pub mod moving;

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

pub use self::deletion::{Deletion, bury, delete, delete_with_account, destroy, restore};
pub use self::lists::of_user;
use super::tree::{Node, Row};
use super::{Comment, CommentStatus, DUPLICATE_WINDOW, LocatedComment, NewComment, ReplyTarget};
use crate::flag;
use crate::flag::sql::flagged_by;
use crate::hiding;
use crate::inbox;
use crate::post;
use crate::sql::{Columns, random_id, row};
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::sql::author_columns;
use crate::version;
use crate::visibility::sql::{comment_author, comment_text, on_page, remover};
use crate::vote::{self, Target};
use crate::web::Viewer;

row! {
    /// A comment as a guest sees it. A comment that was removed has no author and no text.
    fn comment() -> Comment, columns comment_columns {
        id: "comments.id",
        body: comment_text!(on_page),
        created_at: "comments.created_at",
        edited_at: "iif(comments.updated_at > comments.created_at, comments.updated_at, NULL)",
        author: author_columns!("users") => user::sql::author,
        score: "comments.score",
        parent_id: "comments.parent_id",
        remover: remover!(comment),
    } with { is_voted: false, is_flagged: false, is_muted: false }
}

row! {
    /// A comment and its post.
    fn located() -> LocatedComment, columns located_columns {
        comment: comment_columns!() => comment,
        post_id: "comments.post_id",
        is_deleted: "comments.deleted_at IS NOT NULL",
    }
}

row! {
    /// The values by which a discussion is sorted.
    fn node() -> Node, columns node_columns {
        id: "id",
        parent_id: "parent_id",
        score: "score",
        created_at: "created_at",
        // `octet_length` is read from the record's header: no text is read for it.
        bytes: "iif(removed_at IS NULL, octet_length(body), 0)",
    }
}

/// The tables to which [`comment_columns`] refers.
macro_rules! joins {
    () => {
        concat!(" FROM comments", comment_author!(on_page))
    };
}

/// The newest comments on a post, as a guest sees them.
pub(super) fn newest(connection: &Connection, post_id: PostId, limit: u32) -> rusqlite::Result<Vec<Comment>> {
    let sql = concat!(
        "SELECT ",
        comment_columns!(),
        joins!(),
        "WHERE comments.post_id = ?1 AND ",
        on_page!("comments"),
        " ORDER BY comments.created_at DESC, comments.id DESC LIMIT ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![post_id, limit], |row| comment(&mut Columns::of(row)))?
        .collect()
}

/// Adds the viewer's votes and flags to the comments of a page, and marks those of muted users.
fn add_viewers(
    connection: &Connection,
    viewer: &Viewer,
    rows: &mut [(Row, Comment)],
) -> rusqlite::Result<()> {
    let muted = muted_by(connection, viewer)?;
    let is_muted =
        |comment: &Comment| comment.author.as_ref().is_some_and(|author| muted.contains(&author.id));
    rows.iter_mut().for_each(|(_, comment)| comment.is_muted = is_muted(comment));
    let ids = rows.iter().map(|(_, comment)| comment.id);
    let (voted, flagged) = votes_and_flags(connection, viewer.id, ids)?;
    voted.into_iter().for_each(|at| rows[at].1.is_voted = true);
    flagged.into_iter().for_each(|at| rows[at].1.is_flagged = true);
    Ok(())
}

/// The users whom the viewer has muted; most viewers hide nothing, and cost no statement.
pub fn muted_by(connection: &Connection, viewer: &Viewer) -> rusqlite::Result<BTreeSet<UserId>> {
    if viewer.hides_count > 0 { hiding::sql::muted_users(connection, viewer.id) } else { Ok(BTreeSet::new()) }
}

/// The indexes of the comments on a page for which the viewer has voted, and of those that the viewer has flagged. One
/// statement reads the votes; flags cost a statement for each comment only while the viewer has flags that no admin has
/// decided about.
fn votes_and_flags(
    connection: &Connection,
    viewer_id: UserId,
    ids: impl Iterator<Item = CommentId> + Clone,
) -> rusqlite::Result<(Vec<usize>, Vec<usize>)> {
    let voted = vote::sql::for_comments(connection, viewer_id, ids.clone().enumerate())?;
    let mut flagged = Vec::new();
    if flag::sql::any_by_user(connection, viewer_id)? {
        for (at, id) in ids.enumerate() {
            if flag::sql::is_flagged(connection, viewer_id, Target::Comment(id))? {
                flagged.push(at);
            }
        }
    }
    Ok((voted, flagged))
}

/// The sort values of the newest comments on a post, at most `limit`.
pub(super) fn newest_nodes(
    connection: &Connection,
    post_id: PostId,
    limit: u32,
) -> rusqlite::Result<Vec<Node>> {
    let sql = concat!(
        "SELECT ",
        node_columns!(),
        " FROM comments WHERE post_id = ?1 AND ",
        on_page!("comments"),
        " ORDER BY created_at DESC, id DESC LIMIT ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![post_id, limit], |row| node(&mut Columns::of(row)))?
        .collect()
}

/// The sort values of the newest replies to a comment, at most `limit`.
pub fn replies_to(connection: &Connection, id: CommentId, limit: u32) -> rusqlite::Result<Vec<Node>> {
    let sql = concat!(
        "SELECT ",
        node_columns!(),
        " FROM comments WHERE parent_id = ?1 AND ",
        on_page!("comments"),
        " ORDER BY id DESC LIMIT ?2"
    );
    connection
        .prepare_cached(sql)?
        .query_map(params![id, limit], |row| node(&mut Columns::of(row)))?
        .collect()
}

/// The oldest comments on a post that were created after `since` by anyone but `user_id`.
pub fn new_since(
    connection: &Connection,
    user_id: UserId,
    post_id: PostId,
    since: Timestamp,
    limit: u32,
) -> rusqlite::Result<Vec<CommentId>> {
    let sql = "SELECT id FROM comments WHERE post_id = ?2 AND created_at > ?3 AND deleted_at IS NULL \
               AND user_id IS NOT ?1 ORDER BY created_at, id LIMIT ?4";
    connection
        .prepare_cached(sql)?
        .query_map(params![user_id, post_id, since, limit], |row| row.get(0))?
        .collect()
}

/// Finds a comment that has a page, also a deleted one that stays for its replies.
pub fn find(
    connection: &Connection,
    viewer_id: Option<UserId>,
    id: CommentId,
) -> rusqlite::Result<Option<LocatedComment>> {
    let sql = concat!(
        "SELECT ",
        located_columns!(),
        ", comment_votes.user_id IS NOT NULL, ",
        flagged_by!("?1", "comment_id", "comments.id"),
        ", EXISTS (SELECT 1 FROM muted_users WHERE user_id = ?1 AND muted_id = comments.user_id)",
        joins!(),
        "LEFT JOIN comment_votes ON comment_votes.user_id = ?1 AND comment_votes.comment_id = comments.id \
         WHERE comments.id = ?2 AND ",
        on_page!("comments")
    );
    connection
        .prepare_cached(sql)?
        .query_row(params![viewer_id, id], |row| {
            let mut columns = Columns::of(row);
            let mut located = located(&mut columns)?;
            located.comment.is_voted = columns.read()?;
            located.comment.is_flagged = columns.read()?;
            located.comment.is_muted = columns.read()?;
            Ok(located)
        })
        .optional()
}

/// Whether a post or comment takes comments.
pub fn comment_status(connection: &Connection, to: ReplyTarget) -> rusqlite::Result<CommentStatus> {
    let (post_id, is_there) = match to {
        ReplyTarget::Post(id) => (id, true),
        ReplyTarget::Comment(id) => {
            let sql = concat!(
                "SELECT post_id, deleted_at IS NULL FROM comments WHERE id = ?1 AND ",
                on_page!("comments")
            );
            let found = connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)));
            match found.optional()? {
                Some(found) => found,
                None => return Ok(CommentStatus::NoParent(None)),
            }
        }
    };
    if let Some(reason) = post::sql::lock_reason(connection, post_id)? {
        return Ok(CommentStatus::Locked(reason));
    }
    if !post::sql::takes_comments(connection, post_id)? {
        return Ok(CommentStatus::NoPost);
    }
    Ok(if is_there { CommentStatus::Open(post_id) } else { CommentStatus::NoParent(Some(post_id)) })
}

/// The number of direct replies to a comment, with the deleted ones that stay for their replies.
pub fn reply_count(connection: &Connection, id: CommentId) -> rusqlite::Result<i64> {
    let sql = concat!("SELECT count(*) FROM comments WHERE parent_id = ?1 AND ", on_page!("comments"));
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))
}

/// The post of a comment, if it has a page, also of a comment that has none; `None` when there is no such row.
pub fn post_of(connection: &Connection, id: CommentId) -> rusqlite::Result<Option<PostId>> {
    let sql = concat!(
        "SELECT posts.id FROM comments JOIN posts ON posts.id = comments.post_id WHERE comments.id = ?1 AND ",
        on_page!("posts")
    );
    connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
}

/// The author of a comment; `None` when there is no such comment or it is deleted.
pub fn author(connection: &Connection, id: CommentId) -> rusqlite::Result<Option<UserId>> {
    let sql = "SELECT user_id FROM comments WHERE id = ?1 AND deleted_at IS NULL";
    let found: Option<Option<UserId>> =
        connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// A comment with the text, author and target of `new`, created within [`DUPLICATE_WINDOW`] before it.
pub fn duplicate(connection: &Connection, new: &NewComment) -> rusqlite::Result<Option<CommentId>> {
    let sql = "SELECT id FROM comments WHERE user_id = ?1 AND created_at > ?2 AND post_id = ?3 AND body = ?4 \
               AND deleted_at IS NULL AND parent_id IS ?5 LIMIT 1";
    let NewComment { post_id, parent_id, user_id, body, created_at } = *new;
    connection
        .prepare_cached(sql)?
        .query_row(params![user_id, created_at - DUPLICATE_WINDOW, post_id, body, parent_id], |row| {
            row.get(0)
        })
        .optional()
}

/// The number of comments on a post; `None` when the post has no page.
pub fn count_on_post(connection: &Connection, post_id: PostId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(concat!("SELECT comments_count FROM posts WHERE id = ?1 AND ", on_page!("posts")))?
        .query_row([post_id], |row| row.get(0))
        .optional()
}

/// Inserts a comment, adds it to the counts of its post and its author, and delivers it to inboxes; the id. The insert is a constraint
/// violation when the post or author does not exist, or when the parent is deleted or on another post (a
/// reply without a parent would have no depth).
pub fn create(connection: &Connection, comment: &NewComment) -> rusqlite::Result<CommentId> {
    let NewComment { post_id, parent_id, user_id, body, created_at } = *comment;
    connection
        .prepare_cached(
            "INSERT INTO comments (post_id, user_id, created_at, updated_at, body, parent_id, depth) \
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, coalesce((SELECT parent.depth + 1 FROM comments AS parent \
             WHERE parent.id = ?5 AND parent.post_id = ?1 AND parent.deleted_at IS NULL), 0))",
        )?
        .execute(params![post_id, user_id, created_at, body, parent_id])?;
    let id = CommentId::new(connection.last_insert_rowid());
    adjust_counts(connection, post_id, Some(user_id), 1)?;
    inbox::sql::deliver(connection, id, comment)?;
    Ok(id)
}

/// Replaces the text of a comment, and keeps what it was; `false`: it is this text already, and nothing changes.
pub fn update(connection: &Connection, id: CommentId, body: &str, now: Timestamp) -> rusqlite::Result<bool> {
    if !version::sql::keep_of_comment(connection, id, body)? {
        return Ok(false);
    }
    connection
        .prepare_cached("UPDATE comments SET body = ?2, updated_at = ?3 WHERE id = ?1")?
        .execute(params![id, body, now])?;
    Ok(true)
}

/// Any comment without replies, and its post; `None` when there is none.
pub fn random_leaf(connection: &Connection) -> rusqlite::Result<Option<(CommentId, PostId)>> {
    // From a random id to the end, then from the start: the last rows may all have replies.
    let sql = concat!(
        "WITH place (id) AS MATERIALIZED (SELECT ",
        random_id!("comments"),
        "), leaf (id) AS (SELECT coalesce( \
             (SELECT id FROM comments AS c WHERE id >= (SELECT id FROM place) AND deleted_at IS NULL \
              AND NOT EXISTS (SELECT 1 FROM comments WHERE parent_id = c.id) ORDER BY id LIMIT 1), \
             (SELECT id FROM comments AS c WHERE deleted_at IS NULL \
              AND NOT EXISTS (SELECT 1 FROM comments WHERE parent_id = c.id) ORDER BY id LIMIT 1))) \
         SELECT comments.id, comments.post_id FROM leaf JOIN comments ON comments.id = leaf.id"
    );
    connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// The oldest comment on a post that has a reply.
pub fn first_with_replies(connection: &Connection, post_id: PostId) -> rusqlite::Result<Option<CommentId>> {
    connection
        .prepare_cached("SELECT min(parent_id) FROM comments WHERE post_id = ?1")?
        .query_row([post_id], |row| row.get(0))
}

/// Adds `by` to the comment counts of a post and of an author.
fn adjust_counts(
    connection: &Connection,
    post_id: PostId,
    user_id: Option<UserId>,
    by: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE posts SET comments_count = comments_count + ?2 WHERE id = ?1")?
        .execute(params![post_id, by])?;
    connection
        .prepare_cached("UPDATE users SET comments_count = comments_count + ?2 WHERE id = ?1")?
        .execute(params![user_id, by])?;
    Ok(())
}

/// The newest comments of a user, at most `limit`, with those that an admin removed.
pub fn ids_of_user(connection: &Connection, user_id: UserId, limit: u32) -> rusqlite::Result<Vec<CommentId>> {
    let sql = "SELECT id FROM comments WHERE user_id = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2";
    connection.prepare_cached(sql)?.query_map(params![user_id, limit], |row| row.get(0))?.collect()
}
