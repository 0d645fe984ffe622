//! All SQL about invitations.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Found, Invitation, Invited, LIFETIME, MAX_CHILDREN, MAX_ENDED, MAX_LEVELS, MAX_NODES, MAX_OPEN, Node,
    Top, Withdrawal,
};
use crate::auth::token::{Secret, Token};
use crate::sql::{Columns, delete_some_of_user, row};
use crate::types::cursor::{Cursor, START, Slice};
use crate::types::id::{InvitationId, UserId};
use crate::types::time::Timestamp;
use crate::user;
use crate::user::Author;
use crate::user::sql::author_columns;

/// Makes an invitation; its token. `None`: the user has [`MAX_OPEN`] open ones, and is no admin. Removes all but the newest
/// [`MAX_ENDED`] of those that ended unused.
pub fn create(
    connection: &Connection,
    inviter_id: UserId,
    secret: &Secret,
    now: Timestamp,
) -> rusqlite::Result<Option<Token>> {
    let is_admin: bool = connection
        .prepare_cached("SELECT is_admin FROM users WHERE id = ?1")?
        .query_row([inviter_id], |row| row.get(0))?;
    if !is_admin && count_open(connection, inviter_id, now)? >= MAX_OPEN {
        return Ok(None);
    }
    let sql = "DELETE FROM invitations WHERE id IN (SELECT id FROM invitations WHERE inviter_id = ?1 AND used_at IS NULL \
               AND (withdrawn_at IS NOT NULL OR created_at <= ?2) ORDER BY id DESC LIMIT -1 OFFSET ?3)";
    connection.prepare_cached(sql)?.execute(params![inviter_id, now - LIFETIME, MAX_ENDED])?;
    connection
        .prepare_cached("INSERT INTO invitations (inviter_id, secret_hash, created_at) VALUES (?1, ?2, ?3)")?
        .execute(params![inviter_id, secret.hash(), now])?;
    Ok(Some(secret.clone().of(connection.last_insert_rowid())))
}

/// The number of a user's open invitations. Those of a banned user count, although they do not work.
pub fn count_open(connection: &Connection, inviter_id: UserId, now: Timestamp) -> rusqlite::Result<u32> {
    let sql = "SELECT count(*) FROM invitations WHERE inviter_id = ?1 AND used_at IS NULL AND withdrawn_at IS NULL \
               AND created_at > ?2";
    connection.prepare_cached(sql)?.query_row(params![inviter_id, now - LIFETIME], |row| row.get(0))
}

/// The invitation with this token. `None`: it is unknown, used, withdrawn or expired, or its maker is banned.
pub fn find(connection: &Connection, token: &Token, now: Timestamp) -> rusqlite::Result<Option<Found>> {
    let sql = concat!(
        "SELECT invitations.secret_hash, ",
        author_columns!("users"),
        " FROM invitations JOIN users ON users.id = invitations.inviter_id \
         WHERE invitations.id = ?1 AND invitations.created_at > ?2 AND used_at IS NULL AND withdrawn_at IS NULL \
         AND users.banned_at IS NULL"
    );
    let found = connection.prepare_cached(sql)?.query_row(params![token.id, now - LIFETIME], |row| {
        let mut columns = Columns::of(row);
        let is_right = token.matches(columns.read_ref()?.as_blob()?);
        let inviter = user::sql::author(&mut columns)?.filter(|_| is_right);
        Ok(inviter.map(|inviter| Found { id: InvitationId::new(token.id), inviter }))
    });
    Ok(found.optional()?.flatten())
}

/// Records that a new user has signed up with an invitation that [`find`] has found in this transaction.
pub fn accept(
    connection: &Connection,
    id: InvitationId,
    invited_id: UserId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE invitations SET used_at = ?3, invited_id = ?2 WHERE id = ?1")?
        .execute(params![id, invited_id, now])?;
    Ok(())
}

row! {
    /// An invitation of the user who looks at it.
    fn invitation() -> Invitation, columns invitation_columns {
        id: "invitations.id",
        created_at: "invitations.created_at",
        used_at: "used_at",
        invited: author_columns!("users") => user::sql::author,
        withdrawn_at: "withdrawn_at",
    }
}

/// A page of a user's invitations, the newest first.
pub fn of_user(
    connection: &Connection,
    inviter_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Slice<Invitation>> {
    let sql = concat!(
        "SELECT ",
        invitation_columns!(),
        " FROM invitations LEFT JOIN users ON users.id = invitations.invited_id \
         WHERE invitations.inviter_id = ?1 AND invitations.id < ?2 ORDER BY invitations.id DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map(params![inviter_id, after.id, limit + 1], |row| invitation(&mut Columns::of(row)))?;
    Ok(Slice::of(rows.collect::<Result<_, _>>()?, limit, Invitation::cursor))
}

/// Withdraws an invitation of a user. Repeating it changes nothing.
pub fn withdraw(
    connection: &Connection,
    inviter_id: UserId,
    id: InvitationId,
    now: Timestamp,
) -> rusqlite::Result<Withdrawal> {
    let sql = "SELECT used_at IS NOT NULL FROM invitations WHERE id = ?1 AND inviter_id = ?2";
    let is_used: Option<bool> =
        connection.prepare_cached(sql)?.query_row(params![id, inviter_id], |row| row.get(0)).optional()?;
    match is_used {
        None => Ok(Withdrawal::NotFound),
        Some(true) => Ok(Withdrawal::Used),
        Some(false) => {
            // One that has expired stays so.
            let sql = "UPDATE invitations SET withdrawn_at = ?2 \
                       WHERE id = ?1 AND withdrawn_at IS NULL AND created_at > ?3";
            connection.prepare_cached(sql)?.execute(params![id, now, now - LIFETIME])?;
            Ok(Withdrawal::Done)
        }
    }
}

/// Withdraws all open invitations of a user; their number.
pub fn withdraw_all(connection: &Connection, inviter_id: UserId, now: Timestamp) -> rusqlite::Result<usize> {
    let sql = "UPDATE invitations SET withdrawn_at = ?2 WHERE inviter_id = ?1 AND used_at IS NULL \
               AND withdrawn_at IS NULL AND created_at > ?3";
    connection.prepare_cached(sql)?.execute(params![inviter_id, now, now - LIFETIME])
}

/// How a user was invited; `None`: nobody invited them.
pub fn invited(connection: &Connection, user_id: UserId) -> rusqlite::Result<Option<Invited>> {
    let sql = concat!(
        "SELECT ",
        author_columns!("users"),
        " FROM invitations LEFT JOIN users ON users.id = invitations.inviter_id WHERE invitations.invited_id = ?1"
    );
    connection
        .prepare_cached(sql)?
        .query_row([user_id], |row| Ok(Invited { by: user::sql::author(&mut Columns::of(row))? }))
        .optional()
}

/// The users whom a user invited, the newest first, from those with lesser ids than the cursor's on.
pub fn invited_by(
    connection: &Connection,
    inviter_id: UserId,
    after: Cursor,
    limit: u32,
) -> rusqlite::Result<Vec<Author>> {
    let sql = concat!(
        "SELECT ",
        author_columns!("users"),
        " FROM invitations CROSS JOIN users ON users.id = invitations.invited_id \
         WHERE invitations.inviter_id = ?1 AND invitations.invited_id < ?2 \
         ORDER BY invitations.invited_id DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_map(params![inviter_id, after.id, limit], |row| user::sql::author(&mut Columns::of(row)))?;
    found.filter_map(Result::transpose).collect()
}

fn roots(connection: &Connection, after: Cursor, limit: u32) -> rusqlite::Result<Vec<Author>> {
    let sql = concat!(
        "SELECT ",
        author_columns!("users"),
        " FROM invitation_roots CROSS JOIN users ON users.id = invitation_roots.user_id \
         WHERE invitation_roots.user_id < ?1 ORDER BY invitation_roots.user_id DESC LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let found =
        statement.query_map(params![after.id, limit], |row| user::sql::author(&mut Columns::of(row)))?;
    found.filter_map(Result::transpose).collect()
}

/// A page of the tree: at most `limit` users after the cursor at whom it begins, with those below them within
/// [`MAX_LEVELS`], [`MAX_CHILDREN`] and [`MAX_NODES`].
pub fn tree(connection: &Connection, top: Top, after: Cursor, limit: u32) -> rusqlite::Result<Slice<Node>> {
    let authors = match top {
        Top::Roots => roots(connection, after, limit + 1)?,
        Top::InvitedBy(id) => invited_by(connection, id, after, limit + 1)?,
    };
    let alone = |author| Node { author, invited: Vec::new(), has_more: false };
    let mut slice = Slice::of(authors.into_iter().map(alone).collect(), limit, Node::cursor);
    let mut room = MAX_NODES;
    for node in &mut slice.rows {
        fill(connection, node, MAX_LEVELS - 1, &mut room)?;
    }
    Ok(slice)
}

/// Adds the users below a node, of at most this number of levels, as long as there is room.
fn fill(connection: &Connection, node: &mut Node, levels: u32, room: &mut u32) -> rusqlite::Result<()> {
    let limit = if levels == 0 { 0 } else { MAX_CHILDREN.min(*room) };
    let mut authors = invited_by(connection, node.author.id, START, limit + 1)?;
    node.has_more = authors.len() > limit as usize;
    authors.truncate(limit as usize);
    *room -= u32::try_from(authors.len()).unwrap_or(*room);
    for author in authors {
        let mut below = Node { author, invited: Vec::new(), has_more: false };
        fill(connection, &mut below, levels - 1, room)?;
        node.invited.push(below);
    }
    Ok(())
}

/// Deletes at most `number` of a user's unused invitations, and takes their name from as many of the used ones, for the
/// deletion of the account; whether there were any. Those whom they invited stay.
pub fn delete_some(connection: &Connection, user_id: UserId, number: u32) -> rusqlite::Result<bool> {
    // Of two deleted accounts nothing is left to know.
    let unused = "DELETE FROM invitations WHERE id IN \
                  (SELECT id FROM invitations WHERE inviter_id = ?1 AND invited_id IS NULL LIMIT ?2)";
    let used = "UPDATE invitations SET inviter_id = NULL WHERE id IN \
                (SELECT id FROM invitations WHERE inviter_id = ?1 AND invited_id IS NOT NULL LIMIT ?2)";
    let own = "DELETE FROM invitations WHERE id IN \
               (SELECT id FROM invitations WHERE invited_id = ?1 AND inviter_id IS NULL LIMIT ?2)";
    delete_some_of_user(connection, &[unused, used, own], user_id, number)
}
