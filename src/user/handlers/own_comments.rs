//! The list of a user's comments on their page: its first page is a piece for all readers.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::Connection;

use super::super::views::CommentList;
use crate::changes::Topic;
use crate::comment;
use crate::html::text::Rendered;
use crate::site::kept_pieces::Piece;
use crate::types::cursor::{Cursor, PAGE_SIZE, START};
use crate::types::id::{PostId, UserId};
use crate::types::time::Clock;
use crate::web::pieces::{Pieces, Shows};

impl Piece for CommentList {
    fn bytes(&self) -> usize {
        size_of::<CommentList>() + self.html.bytes()
    }
}

/// The page of the list from `after` on.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub(super) fn read(pieces: &Pieces, id: UserId, after: Cursor) -> rusqlite::Result<Arc<CommentList>> {
    if after != START {
        return Ok(Arc::new(list(pieces.connection(), pieces.clock(), id, after)?.piece));
    }
    pieces.get(id.get(), Topic::Author(id), |connection, clock| list(connection, clock, id, START))
}

fn list(
    connection: &Connection,
    clock: &Clock,
    id: UserId,
    after: Cursor,
) -> rusqlite::Result<Shows<CommentList>> {
    let comments = comment::sql::of_user(connection, id, after, PAGE_SIZE)?;
    let posts: BTreeSet<PostId> = comments.rows.iter().map(|comment| comment.post_id).collect();
    let topics = posts.into_iter().map(Topic::Post).chain([Topic::Author(id)]).collect();
    let html = Rendered::of(comment::views::text::own(&comments.rows, clock));
    Ok(Shows { piece: CommentList { html, next: comments.next }, topics })
}
