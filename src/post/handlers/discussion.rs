//! A page of a post's discussion. What all members see of the first page is a piece, beside which the viewer's part is
//! read. Guests all get one page, of which whole copies are kept.

use std::sync::Arc;

use rusqlite::Connection;

use super::super::{DetailHtml, PostDetail, sql, views};
use crate::changes::Topic;
use crate::comment;
use crate::comment::sql::discussion::{self, Discussion, Page};
use crate::comment::{SharedItem, SharedList, Thread};
use crate::site::kept_pieces::Piece;
use crate::types::cursor::{Cursor, START};
use crate::types::id::PostId;
use crate::types::time::Clock;
use crate::web::Viewer;
use crate::web::pieces::{Pieces, Shows};

/// The first page for members who have nothing to do with it.
struct FirstPage {
    detail: PostDetail,
    /// `None`: it is too large to be shared.
    list: Option<Arc<SharedList>>,
}

impl Piece for FirstPage {
    fn bytes(&self) -> usize {
        let FirstPage { detail, list } = self;
        let html = detail.html.as_ref().map_or(0, |html| html.preview.len() + html.text.bytes());
        let list =
            list.as_ref().map_or(0, |list| list.html.bytes() + list.items.len() * size_of::<SharedItem>());
        size_of::<FirstPage>() + size_of::<DetailHtml>() + html + detail.description.len() + list
    }
}

/// A post with the page of its discussion from `after` on, as a viewer sees it; `None` when there is no such post.
///
/// # Errors
/// [`rusqlite::Error`] when SQLite fails.
pub fn find(
    pieces: &Pieces,
    viewer: Option<&Viewer>,
    id: PostId,
    after: Cursor,
) -> rusqlite::Result<Option<(PostDetail, Thread)>> {
    let connection = pieces.connection();
    let is_shared = |viewer: &&Viewer| after == START && !viewer.is_admin && !viewer.is_banned;
    if let Some(viewer) = viewer.filter(is_shared)
        && let Some(page) = shared(pieces, id)?
        && let Some(list) = &page.list
    {
        let mut detail = page.detail.clone();
        sql::add_viewer(connection, viewer.id, &mut detail)?;
        let thread = discussion::of_shared(connection, viewer.id, &detail, Arc::clone(list))?;
        return Ok(Some((detail, thread)));
    }
    let viewer_id = viewer.map(|viewer| viewer.id);
    let Some(detail) = sql::find(connection, viewer_id, id)? else {
        return Ok(None);
    };
    let thread = page(connection, &detail, after)?.for_viewer(connection, viewer_id, &detail)?;
    Ok(Some((detail, thread)))
}

/// The first page, if it is worth keeping.
fn shared(pieces: &Pieces, id: PostId) -> rusqlite::Result<Option<Arc<FirstPage>>> {
    if let Some(page) = pieces.find(id.get()) {
        return Ok(Some(page));
    }
    if !pieces.is_asked_for_again::<FirstPage>(id.get(), Topic::Post(id)) {
        return Ok(None);
    }
    pieces.make(id.get(), |connection, clock| first_page(connection, clock, id))
}

fn page(connection: &Connection, detail: &PostDetail, after: Cursor) -> rusqlite::Result<Page> {
    Discussion::of(connection, &detail.post, None)?.page(connection, None, after)
}

fn first_page(
    connection: &Connection,
    clock: &Clock,
    id: PostId,
) -> rusqlite::Result<Option<Shows<FirstPage>>> {
    let Some(mut detail) = sql::find_shared(connection, id)? else {
        return Ok(None);
    };
    let Page { rows, next, is_truncated } = page(connection, &detail, START)?;
    let list = comment::views::shared_list(&detail, &rows, clock)
        .map(|(html, items)| Arc::new(SharedList { html, items, next, is_truncated }));
    detail.html = Some(Arc::new(views::shared_detail(&detail)));
    Ok(Some(Shows { piece: FirstPage { detail, list }, topics: vec![Topic::Post(id)] }))
}
