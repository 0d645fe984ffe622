//! The rows of lists of posts: for all readers a piece, with the viewer's part beside it.

use rusqlite::Connection;

use super::super::{ListedPost, Post, Relation, Row, sql, views};
use crate::changes::Topic;
use crate::site::kept_pieces::Piece;
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{PostId, UserId};
use crate::types::time::Clock;
use crate::web::pieces::Pieces;
use crate::web::{Cx, Result};

impl Piece for Row {
    fn bytes(&self) -> usize {
        size_of::<Row>() + self.html.bytes()
    }
}

/// A page of a list whose keys `list` reads.
///
/// # Errors
/// [`Error::Unavailable`](crate::web::Error::Unavailable) or [`Error::Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn page(
    cx: &Cx,
    viewer_id: Option<UserId>,
    list: impl FnOnce(&Connection) -> rusqlite::Result<Slice<Cursor>>,
) -> Result<Slice<ListedPost>> {
    Ok(cx.read_pieces(|pieces| read(pieces, viewer_id, list))?)
}

/// Does what [`page`] does within a read.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn read(
    pieces: &Pieces,
    viewer_id: Option<UserId>,
    list: impl FnOnce(&Connection) -> rusqlite::Result<Slice<Cursor>>,
) -> rusqlite::Result<Slice<ListedPost>> {
    let Slice { rows, next, beyond } = list(pieces.connection())?;
    let rows = of_posts(pieces, viewer_id, rows.iter().map(|key| PostId::new(key.id)))?;
    Ok(Slice { rows, next, beyond })
}

/// The rows of these posts, which lists show, for a viewer.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn of_posts(
    pieces: &Pieces,
    viewer_id: Option<UserId>,
    ids: impl Iterator<Item = PostId>,
) -> rusqlite::Result<Vec<ListedPost>> {
    let ids: Vec<i64> = ids.map(PostId::get).collect();
    let read = |connection: &Connection, ids: &[i64]| {
        let ids: Vec<PostId> = ids.iter().copied().map(PostId::new).collect();
        sql::listed(connection, &ids)
    };
    let make = |post: Post, clock: &Clock| {
        let id = post.id;
        (id.get(), Topic::Post(id), views::shared_row(post, clock))
    };
    let rows = pieces.get_each(&ids, read, make)?;
    let relations = match viewer_id {
        Some(viewer_id) => sql::relations(pieces.connection(), viewer_id, &rows)?,
        None => vec![Relation::default(); rows.len()],
    };
    let listed = |(row, relation)| ListedPost { row, relation };
    Ok(rows.into_iter().zip(relations).map(listed).collect())
}
