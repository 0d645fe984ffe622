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

/// The first page for members who have nothing to do with it; `None`: it is too large to be shared.
struct FirstPage(Option<(PostDetail, Arc<SharedList>)>);

impl Piece for FirstPage {
    fn bytes(&self) -> usize {
        let FirstPage(Some((detail, list))) = self else {
            return size_of::<FirstPage>();
        };
        let html = detail.html.as_ref().map_or(0, |html| html.preview.len() + html.text.bytes());
        let url = detail.post.link.as_ref().map_or(0, |link| link.url.len());
        let list = size_of::<SharedList>() + list.html.bytes() + list.items.len() * size_of::<SharedItem>();
        size_of::<FirstPage>() + size_of::<DetailHtml>() + html + url + detail.description.len() + list
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
    let is_usual = |viewer: &&Viewer| after == START && !viewer.is_admin && !viewer.is_banned;
    if let Some(viewer) = viewer.filter(is_usual)
        && let Some(found) = shared(pieces, viewer, id)?
    {
        return Ok(Some(found));
    }
    let viewer_id = viewer.map(|viewer| viewer.id);
    let Some(detail) = sql::find(connection, viewer_id, id)? else {
        return Ok(None);
    };
    let thread = page(connection, &detail, after)?.for_viewer(connection, viewer, &detail)?;
    Ok(Some((detail, thread)))
}

/// The first page from a piece, for a member; `None`: it is not shared, or the member has much to do with it.
fn shared(pieces: &Pieces, viewer: &Viewer, id: PostId) -> rusqlite::Result<Option<(PostDetail, Thread)>> {
    let make = |connection: &Connection, clock: &Clock| first_page(connection, clock, id);
    let page = pieces.get_if_asked_again(id.get(), Topic::Post(id), make)?;
    let Some(FirstPage(Some((detail, list)))) = page.as_deref() else {
        return Ok(None);
    };
    let mut detail = detail.clone();
    sql::add_viewer(pieces.connection(), viewer.id, &mut detail)?;
    let thread = discussion::of_shared(pieces.connection(), viewer, &detail, list)?;
    Ok(thread.map(|thread| (detail, thread)))
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
    let Some((html, items)) = comment::views::shared_list(&detail, &rows, clock) else {
        return Ok(Some(Shows { piece: FirstPage(None), topics: vec![Topic::Post(id)] }));
    };
    detail.html = Some(Arc::new(views::shared_detail(&detail)));
    let list = Arc::new(SharedList { html, items, next, is_truncated });
    Ok(Some(Shows { piece: FirstPage(Some((detail, list))), topics: vec![Topic::Post(id)] }))
}
