//! Deleting an account with all that its user wrote, step by step.

use rusqlite::Connection;

use super::super::sql;
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::{comment, flag, post, saved, session, visit, vote};

/// Removes a user with all they wrote, at most `number` rows of it at once; whether there is more. A post or
/// comment to which others replied stays, without its author and its text.
///
/// # Errors
/// The database's.
pub fn destroy_some(
    connection: &Connection,
    id: UserId,
    now: Timestamp,
    number: u32,
) -> rusqlite::Result<bool> {
    // First they are signed out everywhere: a user who still writes would never be done with.
    if session::sql::destroy_some(connection, id, number)? {
        return Ok(true);
    }
    let posts = post::sql::ids_of_user(connection, id, number)?;
    for post_id in &posts {
        post::sql::delete_or_anonymize(connection, *post_id, id, now)?;
    }
    if !posts.is_empty() {
        return Ok(true);
    }
    // Replies are younger than what they reply to: they go first.
    let comments = comment::sql::ids_of_user(connection, id, number)?;
    for comment_id in &comments {
        comment::sql::leave(connection, *comment_id, now)?;
    }
    if !comments.is_empty()
        || vote::sql::withdraw_some(connection, id, now, number)?
        || saved::sql::delete_some(connection, id, number)?
        || flag::sql::withdraw_some(connection, id, number)?
        || visit::sql::delete_some(connection, id, number)?
    {
        return Ok(true);
    }
    sql::destroy(connection, id)?;
    Ok(false)
}
