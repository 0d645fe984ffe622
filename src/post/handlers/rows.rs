//! The rows of lists of posts: for all readers a piece, with the viewer's part beside it.

use rusqlite::Connection;

use super::super::{ListedPost, ListedRow, Post, Relation, Row, sql, views};
use crate::changes::Topic;
use crate::hiding::{self, Hidden};
use crate::site::kept_pieces::Piece;
use crate::types::cursor::{Cursor, PAGE_SIZE, Slice};
use crate::types::id::{PostId, UserId};
use crate::web::pieces::{Pieces, Shows};
use crate::web::{Cx, Result, Viewer};

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

/// A page of a list from `after` on whose keys `list` reads, at most the given number: without what the viewer hides, and
/// with a button to hide each post. The posts of the site or tag `shown` are not left out for it.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn read_visible(
    pieces: &Pieces,
    viewer: Option<&Viewer>,
    (after, shown): (Cursor, Option<&Hidden>),
    list: impl Fn(&Connection, Cursor, u32) -> rusqlite::Result<Slice<Cursor>>,
) -> rusqlite::Result<Slice<ListedPost>> {
    let Some(viewer) = viewer else {
        return read(pieces, None, |connection| list(connection, after, PAGE_SIZE));
    };
    let visible = |connection: &Connection| visible(connection, viewer, (after, shown), list);
    let mut page = read(pieces, Some(viewer.id), visible)?;
    page.rows.iter_mut().for_each(|listed| listed.relation.is_hidden = Some(false));
    Ok(page)
}

/// The keys of a page of a list without what the viewer hides, as [`read_visible`] has it.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn visible(
    connection: &Connection,
    viewer: &Viewer,
    (after, shown): (Cursor, Option<&Hidden>),
    list: impl Fn(&Connection, Cursor, u32) -> rusqlite::Result<Slice<Cursor>>,
) -> rusqlite::Result<Slice<Cursor>> {
    let seen = |keys: Vec<Cursor>| {
        let ids: Vec<PostId> = keys.iter().map(|key| PostId::new(key.id)).collect();
        let hidden = hiding::sql::posts_among(connection, viewer.id, &ids, shown)?;
        Ok(keys.into_iter().filter(|key| !hidden.contains(&PostId::new(key.id))).collect())
    };
    match viewer.hides_count {
        0 => list(connection, after, PAGE_SIZE),
        _ => {
            hiding::full_page(after, PAGE_SIZE, |key| *key, |from, limit| list(connection, from, limit), seen)
        }
    }
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
    let ids: Vec<PostId> = ids.collect();
    let mut rows: Vec<Option<ListedRow>> =
        ids.iter().map(|id| pieces.find(id.get()).map(ListedRow::Kept)).collect();
    let missing = ids.iter().zip(&rows).filter(|(_, row)| row.is_none()).map(|(id, _)| *id);
    let missing: Vec<PostId> = missing.collect();
    if !missing.is_empty() {
        // What is read has the order of the ids.
        let mut places = 0..ids.len();
        for post in sql::listed(pieces.connection(), &missing)? {
            if let Some(at) = places.find(|at| ids[*at] == post.id) {
                rows[at] = Some(read_row(pieces, post)?);
            }
        }
    }
    let rows: Vec<ListedRow> = rows.into_iter().flatten().collect();
    let relations = match viewer_id {
        Some(viewer_id) => sql::relations(pieces.connection(), viewer_id, &rows)?,
        None => vec![Relation::default(); rows.len()],
    };
    let listed = |(row, relation)| ListedPost { row, relation };
    Ok(rows.into_iter().zip(relations).map(listed).collect())
}

/// The row of a post that was read.
fn read_row(pieces: &Pieces, post: Post) -> rusqlite::Result<ListedRow> {
    let about = Topic::Post(post.id);
    let kept = pieces.keep_if_asked_again(post.id.get(), about, |_, clock| {
        Ok(Some(Shows { piece: views::shared_row(&post, clock), topics: vec![about] }))
    })?;
    Ok(kept.map_or(ListedRow::Read(post), ListedRow::Kept))
}
