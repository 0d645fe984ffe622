//! Requests for the health check and the status page.

use serde_json::{Value, json};

use super::views;
use crate::auth;
use crate::replica::status::Health;
use crate::ui::layout::{self, Page};
use crate::web::{Cx, Result, Viewer, list_header, observer, reply};

/// `GET /up`, the health check: 200 while the database can be read. It is a green page, as in Rails, or, for
/// clients that ask for JSON, an object, in which observers and admins also get the replica's health. A fault of
/// the replica does not change the status code.
///
/// # Errors
/// [`Unavailable`](crate::web::Error::Unavailable) or [`Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn up(cx: &Cx) -> Result {
    cx.site.db.check()?;
    if wants_json(cx) {
        let mut answer = json!({ "ok": true });
        if observer::may_observe(cx) || is_admin(auth::viewer(cx)?) {
            answer["replica"] = health(cx)?.map_or(Value::Null, |health| health_json(&health));
        }
        return Ok(reply::json(cx, &answer));
    }
    let green = r#"<!DOCTYPE html><html lang="en"><title>Up</title><body bgcolor="green"></body></html>"#;
    Ok(reply::html(cx, green.to_owned()))
}

/// `GET /status`: whether the site is up, as a page. Observers and admins see the replica's health, and only
/// admins the location and the faults, which may name folders and machines.
///
/// # Errors
/// [`Unavailable`](crate::web::Error::Unavailable) or [`Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn status(cx: &Cx) -> Result {
    let page = Page { description: "Whether the site is up.", ..Page::new(cx, "Status")? };
    let is_admin = is_admin(page.viewer);
    if !is_admin && !observer::may_observe(cx) {
        return Ok(reply::page(cx, layout::render(&page, views::up())?));
    }
    let replica = view(cx, is_admin)?;
    Ok(reply::page(cx, layout::render(&page, views::status(replica.as_ref(), &cx.clock))?))
}

/// The replica as pages show it; `None`: there is none.
///
/// # Errors
/// [`Unavailable`](crate::web::Error::Unavailable) or [`Internal`](crate::web::Error::Internal) when the
/// database fails.
pub fn view<'s>(cx: &Cx<'s>, is_admin: bool) -> Result<Option<views::StatusView<'s>>> {
    Ok(cx.site.replica.as_ref().zip(health(cx)?).map(|(status, health)| views::StatusView {
        location: status.location(),
        health,
        is_on_same_disk: status.is_on_database_disk(),
        is_admin,
    }))
}

fn is_admin(viewer: Option<&Viewer>) -> bool {
    viewer.is_some_and(|viewer| viewer.is_admin)
}

/// The replica's health; `None`: there is no replica.
fn health(cx: &Cx) -> Result<Option<Health>> {
    let status = cx.site.replica.as_ref();
    Ok(status.map(|status| status.health(&cx.site.db)).transpose()?)
}

fn health_json(health: &Health) -> Value {
    json!({
        "last_sync_age": health.last_sync_age.map(|age| age.as_secs()),
        "last_verified": health.verification.as_ref().map(|last| last.at.rfc_3339()),
        "ok": health.is_ok(),
    })
}

/// Whether the client accepts JSON by name. Browsers, and checks that accept anything, get the page.
fn wants_json(cx: &Cx) -> bool {
    let mut accepted = list_header::members(cx.request, "Accept").map(list_header::weighted);
    accepted.any(|(kind, weight)| kind.eq_ignore_ascii_case("application/json") && weight > 0.0)
}
