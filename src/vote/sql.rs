//! All SQL about votes.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Target, Vote, VoteOutcome};
use crate::rank;
use crate::sql::{Columns, for_each_of_user, row};
use crate::types::id::{CommentId, PostId, UserId};
use crate::types::time::Timestamp;

/// Makes a user's vote as requested. If that changes it, updates the score, a post's hotness, and the
/// author's karma, too.
pub fn change(
    connection: &Connection,
    user_id: UserId,
    target: Target,
    vote: Vote,
    now: Timestamp,
) -> rusqlite::Result<VoteOutcome> {
    let Some(found) = find(connection, target)?.filter(|found| !found.is_removed) else {
        return Ok(VoteOutcome::NotFound);
    };
    if found.author == Some(user_id) {
        return Ok(VoteOutcome::Own);
    }
    apply(connection, user_id, target, &found, vote, now).map(VoteOutcome::Score)
}

/// Votes for a target that was read and is not the user's own; returns the score.
fn apply(
    connection: &Connection,
    user_id: UserId,
    target: Target,
    found: &VoteTarget,
    vote: Vote,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    if !write_row(connection, user_id, target, vote, now)? {
        return Ok(found.score);
    }
    let by = if vote == Vote::Cast { 1 } else { -1 };
    let score = found.score + by;
    set_score(connection, target, score, found.created_at)?;
    found.add_karma(connection, by)?;
    Ok(score)
}

/// Inserts or deletes the row of a vote; returns whether that changed anything.
fn write_row(
    connection: &Connection,
    user_id: UserId,
    target: Target,
    vote: Vote,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let changed = match (target, vote) {
        (Target::Post(id), Vote::Cast) => connection
            .prepare_cached(
                "INSERT INTO post_votes (user_id, post_id, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute(params![user_id, id, now])?,
        (Target::Post(id), Vote::Withdrawn) => connection
            .prepare_cached("DELETE FROM post_votes WHERE user_id = ?1 AND post_id = ?2")?
            .execute(params![user_id, id])?,
        (Target::Comment(id), Vote::Cast) => connection
            .prepare_cached(
                "INSERT INTO comment_votes (user_id, comment_id, created_at) VALUES (?1, ?2, ?3) \
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![user_id, id, now])?,
        (Target::Comment(id), Vote::Withdrawn) => connection
            .prepare_cached("DELETE FROM comment_votes WHERE user_id = ?1 AND comment_id = ?2")?
            .execute(params![user_id, id])?,
    };
    Ok(changed > 0)
}

/// The columns of a post or comment that a vote depends on.
struct VoteTarget {
    author: Option<UserId>,
    score: i64,
    created_at: Timestamp,
    /// Whether an admin removed it. Its votes stay, but count for no karma until it is restored.
    is_removed: bool,
}

impl VoteTarget {
    fn add_karma(&self, connection: &Connection, by: i64) -> rusqlite::Result<()> {
        if self.is_removed { Ok(()) } else { add_karma(connection, self.author, by) }
    }
}

row! {
    fn vote_target() -> VoteTarget, columns vote_target_columns {
        author: "user_id",
        score: "score",
        created_at: "created_at",
        is_removed: "removed_at IS NOT NULL",
    }
}

fn find(connection: &Connection, target: Target) -> rusqlite::Result<Option<VoteTarget>> {
    let (sql, id) = target.statement(
        concat!(
            "SELECT ",
            vote_target_columns!(),
            " FROM posts WHERE id = ?1 AND (deleted_at IS NULL OR removed_at IS NOT NULL)"
        ),
        concat!(
            "SELECT ",
            vote_target_columns!(),
            " FROM comments WHERE id = ?1 AND (deleted_at IS NULL OR removed_at IS NOT NULL)"
        ),
    );
    connection.prepare_cached(sql)?.query_row([id], |row| vote_target(&mut Columns::of(row))).optional()
}

fn set_score(
    connection: &Connection,
    target: Target,
    score: i64,
    created_at: Timestamp,
) -> rusqlite::Result<()> {
    match target {
        Target::Post(id) => connection
            .prepare_cached("UPDATE posts SET score = ?2, hotness = ?3 WHERE id = ?1")?
            .execute(params![id, score, rank::hotness(score, created_at)])?,
        Target::Comment(id) => connection
            .prepare_cached("UPDATE comments SET score = ?2 WHERE id = ?1")?
            .execute(params![id, score])?,
    };
    Ok(())
}

/// Adds `by` to the karma of an author; does nothing for `None`.
pub fn add_karma(connection: &Connection, author: Option<UserId>, by: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE users SET karma = karma + ?2 WHERE id = ?1")?
        .execute(params![author, by])?;
    Ok(())
}

/// The positions of the posts that a user has voted for, among `posts` with their positions.
pub fn for_posts(
    connection: &Connection,
    user_id: UserId,
    posts: impl Iterator<Item = (usize, PostId)>,
) -> rusqlite::Result<Vec<usize>> {
    let sql = "SELECT post_id FROM post_votes WHERE user_id = ?1 AND post_id BETWEEN ?2 AND ?3 \
               ORDER BY post_id LIMIT ?4";
    positions(connection, sql, user_id, posts.map(|(position, id)| (position, id.get())))
}

/// The positions of the comments that a user has voted for, among `comments` with their positions.
pub fn for_comments(
    connection: &Connection,
    user_id: UserId,
    comments: impl Iterator<Item = (usize, CommentId)>,
) -> rusqlite::Result<Vec<usize>> {
    let sql = "SELECT comment_id FROM comment_votes WHERE user_id = ?1 AND comment_id BETWEEN ?2 AND ?3 \
               ORDER BY comment_id LIMIT ?4";
    positions(connection, sql, user_id, comments.map(|(position, id)| (position, id.get())))
}

fn positions(
    connection: &Connection,
    sql: &str,
    user_id: UserId,
    rows: impl Iterator<Item = (usize, i64)>,
) -> rusqlite::Result<Vec<usize>> {
    let mut positions = Vec::new();
    for_each_of_user(connection, sql, user_id, rows, |position, _| {
        positions.push(position);
        Ok(())
    })?;
    Ok(positions)
}

/// Deletes all votes for a target that stays only for the comments below it; its author loses the karma.
pub fn delete_votes_for(connection: &Connection, target: Target) -> rusqlite::Result<()> {
    let Some(found) = find(connection, target)?.filter(|found| found.score > 1) else {
        return Ok(());
    };
    delete_rows_for(connection, target)?;
    set_score(connection, target, 1, found.created_at)?;
    found.add_karma(connection, 1 - found.score)
}

/// Deletes the votes for a deleted target, which count for no karma.
pub fn forget_votes_for(connection: &Connection, target: Target) -> rusqlite::Result<()> {
    if delete_rows_for(connection, target)? > 0 { recount(connection, target) } else { Ok(()) }
}

fn delete_rows_for(connection: &Connection, target: Target) -> rusqlite::Result<usize> {
    let (sql, id) = target.statement(
        "DELETE FROM post_votes WHERE post_id = ?1",
        "DELETE FROM comment_votes WHERE comment_id = ?1",
    );
    connection.prepare_cached(sql)?.execute([id])
}

/// Sets the score of a target, and a post's hotness, by its votes: for a deleted target, whose voters may have left.
pub fn recount(connection: &Connection, target: Target) -> rusqlite::Result<()> {
    let (sql, id) = target.statement(
        "SELECT 1 + (SELECT count(*) FROM post_votes WHERE post_id = ?1) \
         + coalesce((SELECT points FROM imported_points WHERE post_id = ?1), 0), created_at \
         FROM posts WHERE id = ?1",
        "SELECT 1 + (SELECT count(*) FROM comment_votes WHERE comment_id = ?1), created_at \
         FROM comments WHERE id = ?1",
    );
    let counted = connection.prepare_cached(sql)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)));
    match counted.optional()? {
        Some((score, created_at)) => set_score(connection, target, score, created_at),
        None => Ok(()),
    }
}

/// Takes back at most `number` votes for posts and `number` for comments, for the deletion of a user's
/// account; returns whether there were any.
pub fn withdraw_some(
    connection: &Connection,
    user_id: UserId,
    now: Timestamp,
    number: u32,
) -> rusqlite::Result<bool> {
    let votes = |sql: &str, target: fn(&Row) -> rusqlite::Result<Target>| -> rusqlite::Result<Vec<Target>> {
        connection.prepare_cached(sql)?.query_map(params![user_id, number], target)?.collect()
    };
    let posts = "SELECT post_id FROM post_votes WHERE user_id = ?1 LIMIT ?2";
    let comments = "SELECT comment_id FROM comment_votes WHERE user_id = ?1 LIMIT ?2";
    let mut targets = votes(posts, |row| row.get(0).map(Target::Post))?;
    targets.append(&mut votes(comments, |row| row.get(0).map(Target::Comment))?);
    let mut any = false;
    for target in targets {
        match find(connection, target)? {
            Some(found) => apply(connection, user_id, target, &found, Vote::Withdrawn, now).map(drop)?,
            // A deleted target has the votes of others while it can come back.
            None => {
                write_row(connection, user_id, target, Vote::Withdrawn, now)?;
                recount(connection, target)?;
            }
        }
        any = true;
    }
    Ok(any)
}
