//! Deletion of an account, its posts and its comments, in steps.

use rusqlite::Connection;

use super::super::sql;
use crate::dead;
use crate::deletion::sql::burial;
use crate::types::id::UserId;
use crate::types::time::Timestamp;
use crate::{
    api_token, comment, device, flag, follow, hiding, inbox, invitation, mail, post, reset, saved, session,
    visit, vote,
};

/// One step of deleting a user: at most `number` rows of one kind. Returns whether there is more to delete. A
/// post or comment to which other users replied stays, without its author and its text.
///
/// # Errors
/// Those of the statements.
pub fn destroy_some(
    connection: &Connection,
    id: UserId,
    now: Timestamp,
    number: u32,
) -> rusqlite::Result<bool> {
    // The sessions and the tokens go first, and the links and the mail address that lead to new ones: a user who could still write might keep the deletion
    // from ending.
    reset::sql::end(connection, id)?;
    mail::sql::forget(connection, id)?;
    api_token::sql::revoke_all(connection, id)?;
    if session::sql::destroy_some(connection, id, number)? {
        return Ok(true);
    }
    if burial::end_some(connection, id, number)? {
        return Ok(true);
    }
    let posts = post::sql::ids_of_user(connection, id, number)?;
    for post_id in &posts {
        post::sql::delete_or_anonymize(connection, *post_id, id, now)?;
    }
    if !posts.is_empty() {
        return Ok(true);
    }
    // The youngest go first, since replies are younger than the comments that they reply to.
    let comments = comment::sql::ids_of_user(connection, id, number)?;
    for comment_id in &comments {
        comment::sql::delete_with_account(connection, *comment_id, now)?;
    }
    if !comments.is_empty()
        || vote::sql::withdraw_some(connection, id, now, number)?
        || saved::sql::delete_some(connection, id, number)?
        || flag::sql::withdraw_some(connection, id, number)?
        || dead::sql::withdraw_some(connection, id, number)?
        || visit::sql::delete_some(connection, id, number)?
        || inbox::sql::delete_some(connection, id, number)?
        || follow::sql::delete_some(connection, id, number)?
        || hiding::sql::delete_some(connection, id, number)?
        || invitation::sql::delete_some(connection, id, number)?
    {
        return Ok(true);
    }
    device::sql::forget(connection, id)?;
    sql::destroy(connection, id, now)?;
    Ok(false)
}
