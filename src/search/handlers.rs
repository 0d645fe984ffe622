//! The search page.

use horrorshow::Template;

use super::query::{Kind, Query};
use super::sql::find::find;
use super::{Order, Outcome, PAGE_SIZE, Refusal, Results, sql, views};
use crate::auth;
use crate::changes::Topic;
use crate::types::id::number_from_path;
use crate::ui::layout::{self, Page};
use crate::web::reply::{self, Change};
use crate::web::{Cx, Result, paths};

/// `GET /search`: the form and the results, as a page; while a user types, htmx requests only the results.
/// The response states the result of every query, also of an invalid one.
///
/// # Errors
/// [`Error::Unavailable`](crate::web::Error::Unavailable) or [`Error::Internal`](crate::web::Error::Internal)
/// when the database fails.
pub fn show(cx: &Cx) -> Result {
    let results = results(cx)?;
    let page = Page::new(cx, "Search")?;
    if reply::wants_fragments(cx) {
        let changes = [
            Change::fill("#found", views::summary(&results).into_string()?),
            Change::fill("#results", views::results(&results, page.viewer, &cx.clock).into_string()?),
            // This link belongs to the query before. The results contain the link to their own feed.
            Change::remove("#feed"),
        ];
        return Ok(reply::changes(cx, &changes));
    }
    let feed = matches!(results.outcome, Some(Ok(_))).then(|| paths::search_feed(&results.text).into());
    let description = format!("Search the posts and comments on {}.", cx.site_name());
    let page = Page { description: &description, feed, ..page };
    Ok(reply::page(cx, layout::render(&page, views::show(&results, page.viewer, &cx.clock))?))
}

fn results(cx: &Cx) -> Result<Results> {
    let text = cx.query("q").unwrap_or_default();
    let order = if cx.query("order").as_deref() == Some("date") { Order::Date } else { Order::Relevance };
    let outcome = match Query::parse(&text) {
        _ if text.trim().is_empty() => None,
        Ok(query) => Some(search(cx, &Query { own_page: own_page(cx, &text), ..query }, order)?),
        Err(error) => Some(Err(Refusal::InvalidQuery(error))),
    };
    // A member's results also change with their visits.
    if auth::viewer(cx)?.is_none() {
        cx.shows(&[Topic::Public], None);
    }
    Ok(Results { text, order, outcome })
}

/// The post or comment of this site with the page at `url`; `None` if the URL is none of such a page.
fn own_page(cx: &Cx, url: &str) -> Option<(Kind, i64)> {
    let without_scheme = |url: &str| url.split_once("://").map(|(_, rest)| rest.to_owned());
    let origin = without_scheme(&cx.origin()?.to_string())?;
    let path = without_scheme(url.trim())?.strip_prefix(&origin)?.to_owned();
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    [(Kind::Post, paths::POSTS), (Kind::Comment, paths::COMMENTS)].into_iter().find_map(|(kind, folder)| {
        let id = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((kind, number_from_path(id)?))
    })
}

fn search(cx: &Cx, query: &Query, order: Order) -> Result<std::result::Result<Outcome, Refusal>> {
    let viewer_id = auth::viewer_id(cx)?;
    // At most MAX_MATCHES matches are ranked, so there are no pages beyond.
    let page =
        cx.query("page").and_then(|page| page.parse().ok()).unwrap_or(1_usize).clamp(1, super::MAX_PAGES) - 1;
    let outcome = cx.read(|connection| {
        let Some(found) = find(connection, query, order, &cx.clock)? else {
            return Ok(Err(Refusal::UnknownAuthor(query.by.clone().unwrap_or_default())));
        };
        let shown = found.matches.iter().skip(page * PAGE_SIZE).take(PAGE_SIZE);
        let hits = shown.filter_map(|found| sql::hit(connection, viewer_id, found).transpose());
        let hits = hits.collect::<rusqlite::Result<_>>()?;
        Ok(Ok(Outcome { found, hits, query: query.clone(), page }))
    })?;
    Ok(outcome)
}
