//! The rows of lists of posts: for all readers a piece, with the viewer's part beside it.

use std::sync::Arc;

use rusqlite::Connection;

use super::super::{ListedPost, Row, sql, views};
use crate::changes::Topic;
use crate::site::kept_pieces::Piece;
use crate::types::cursor::{Cursor, Slice};
use crate::types::id::{PostId, UserId};
use crate::web::pieces::{Pieces, Shows};
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
    let rows =
        ids.filter_map(|id| row(pieces, id).transpose()).collect::<rusqlite::Result<Vec<Arc<Row>>>>()?;
    let relations = match viewer_id {
        Some(viewer_id) => sql::relations(pieces.connection(), viewer_id, &rows)?,
        None => vec![Default::default(); rows.len()],
    };
    let listed = |(row, relation)| ListedPost { row, relation };
    Ok(rows.into_iter().zip(relations).map(listed).collect())
}

fn row(pieces: &Pieces, id: PostId) -> rusqlite::Result<Option<Arc<Row>>> {
    pieces.get(id.get(), Topic::Post(id), |connection, clock| {
        let post = sql::listed(connection, id)?;
        Ok(post.map(|post| Shows { piece: views::shared_row(post, clock), topics: vec![Topic::Post(id)] }))
    })
}
