//! Pages that are kept, for all guests or for one member: a copy is sent while it is what rendering the page would give.

use std::io::Read;
use std::sync::Arc;

use rouille::{Response, ResponseBody};

use crate::metrics::requests::Copied;
use crate::site::Kept;
use crate::site::kept_pages::{KeptPage, KeptPages, Page, PageKey};
use crate::web::flash::Notice;
use crate::web::list_header::AcceptedCodings;
use crate::web::preferences::Preferences;
use crate::web::route::Route;
use crate::web::timing::Phase;
use crate::web::{Cx, Error, Result, reply};
use crate::{auth, draft};

/// Answers with a copy of the page, or by `handler`, whose page is kept if it has said what it
/// [shows](Cx::shows). A page is for all guests, or for one session of a member, with their preferences.
///
/// # Errors
/// Those of `handler`; [`Error::Unavailable`] or [`Error::Internal`] when the database fails at looking up the viewer,
/// or no permit to compute comes in time.
pub fn page(cx: &Cx, handler: impl FnOnce(&Cx) -> Result) -> Result {
    keep(cx, Readers::OfPages, handler)
}

/// Does what [`page`] does for a document that is one for all readers: nothing of theirs is looked at.
///
/// # Errors
/// Those of [`page`].
pub fn document(cx: &Cx, handler: impl FnOnce(&Cx) -> Result) -> Result {
    keep(cx, Readers::OfDocuments, handler)
}

/// Those for whom a copy can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    OfPages,
    OfDocuments,
}

fn keep(cx: &Cx, readers: Readers, handler: impl FnOnce(&Cx) -> Result) -> Result {
    let Some(Kept { pages, .. }) = &cx.site.kept else {
        return handler(cx);
    };
    let (response, outcome) = if cx.method() == "GET" && (readers == Readers::OfDocuments || is_plain(cx)) {
        find_or_make(cx, pages, readers, handler)?
    } else {
        (handler(cx)?, Copied::Pass)
    };
    if let Some(Route(route)) = cx.route.get() {
        cx.site.requests.observe_copy(route, outcome);
    }
    Ok(response)
}

fn find_or_make(
    cx: &Cx,
    pages: &KeptPages,
    readers: Readers,
    handler: impl FnOnce(&Cx) -> Result,
) -> Result<(Response, Copied)> {
    // Before anything is read, the viewer included.
    let since = cx.site.changes.since_now();
    let key = key(cx, readers)?;
    if let Some(page) = find(cx, pages, &key) {
        return Ok((respond(cx, &page), Copied::Hit));
    }
    // Who waited for a permit finds the page that another request has made in the meantime.
    cx.acquire_permit()?;
    // Of a page for all nothing has been read yet.
    let since = if key.member.is_none() { cx.site.changes.since_now() } else { since };
    if let Some(page) = find(cx, pages, &key) {
        return Ok((respond(cx, &page), Copied::Hit));
    }
    cx.is_to_keep.set(true);
    cx.clock.watch();
    let response = handler(cx)?;
    let Some(shown) = cx.take_shown().filter(|_| response.status_code == 200) else {
        return Ok((reply::unless_known(cx, response), Copied::Pass));
    };
    let times = cx.now..cx.clock.right_until();
    let value = Page { headers: response.headers, body: body(response.data)? };
    let page = Arc::new(KeptPage { value, shown, since, times });
    let is_kept = cx.site.db.commits_are_told() && pages.keep((&key).into(), &page, &cx.site.changes, cx.now);
    Ok((respond(cx, &page), if is_kept { Copied::Miss } else { Copied::Pass }))
}

/// Whether the page has nothing that is sent once: a notice, the draft of a guest, a part for htmx.
fn is_plain(cx: &Cx) -> bool {
    !reply::wants_fragments(cx) && Notice::of(cx).is_none() && draft::handlers::token(cx).is_none()
}

fn key<'r>(cx: &Cx<'r>, readers: Readers) -> Result<PageKey<'r>> {
    let (member, Preferences { theme, keys }) = match readers {
        Readers::OfPages => {
            let viewer = auth::viewer(cx)?;
            (viewer.map(|viewer| (viewer.id, viewer.session_id)), Preferences::of(cx))
        }
        Readers::OfDocuments => (None, Preferences::default()),
    };
    let AcceptedCodings { gzip, identity } = AcceptedCodings::of(cx.request);
    let host = if cx.site.config.base_url.is_none() { cx.request.header("Host") } else { None };
    let choices = [cx.request.is_secure().into(), gzip.into(), identity.into(), theme as u8, keys as u8];
    Ok(PageKey { target: cx.request.raw_url(), host, member, choices })
}

/// The copy, if no process has changed anything that it shows. What others have committed is told before it is known, so
/// it is asked for first.
fn find(cx: &Cx, pages: &KeptPages, key: &PageKey) -> Option<Arc<KeptPage>> {
    cx.timing.during(Phase::Cache, || {
        let are_told = cx.site.db.commits_are_told();
        pages.find(key, &cx.site.changes, cx.now).filter(|_| are_told)
    })
}

fn respond(cx: &Cx, page: &KeptPage) -> Response {
    let Page { headers, body } = &page.value;
    let data = ResponseBody::from_data(body.clone());
    reply::unless_known(cx, Response { status_code: 200, headers: headers.clone(), data, upgrade: None })
}

fn body(data: ResponseBody) -> Result<Vec<u8>> {
    let (mut reader, _) = data.into_reader_and_size();
    let mut body = Vec::new();
    reader.read_to_end(&mut body).map_err(|error| Error::Internal(error.into()))?;
    body.shrink_to_fit();
    Ok(body)
}
