//! Whether the site is up, and how its replica is.

use super::watch::Health;
use super::{sql, views};
use crate::types::time::rfc_3339;
use crate::ui::layout::{self, Page};
use crate::web::{Cx, Result, reply};
use serde_json::{Value, json};

/// `GET /up`, the health check: 200 while the database can be read, green as in Rails; for programs that ask
/// for JSON with what is known of the replica. A replica that is not well does not make the site be down.
///
/// # Errors
/// The database's.
pub fn up(cx: &Cx) -> Result {
    cx.site.db.check()?;
    if wants_json(cx) {
        let replica = health(cx)?.map_or(Value::Null, |health| machine_readable(&health));
        return Ok(reply::json(cx, &json!({ "ok": true, "replica": replica })));
    }
    let green = r#"<!DOCTYPE html><html lang="en"><title>Up</title><body bgcolor="green"></body></html>"#;
    Ok(reply::html(cx, green.to_owned()))
}

/// `GET /status`: the same for people. Where the replica is, and what exactly is wrong with it, is for admins:
/// the names of folders and machines may be in it.
///
/// # Errors
/// The database's.
pub fn status(cx: &Cx) -> Result {
    let page = Page { description: "Whether there is a backup of Lorem News.", ..Page::new(cx, "Status")? };
    let is_admin = page.viewer.is_some_and(|viewer| viewer.is_admin);
    let shown = cx.site.replica.as_ref().zip(health(cx)?).map(|(replica, health)| {
        let place = &replica.settings.place;
        let is_on_same_disk = place.is_on_the_disk_of(replica.folder.database());
        views::Shown { place, health, is_on_same_disk, is_admin }
    });
    Ok(reply::page(cx, layout::render(&page, views::status(shown.as_ref(), cx.now))?))
}

/// How the replica is, if there is one.
///
/// # Errors
/// The database's.
pub fn health(cx: &Cx) -> Result<Option<Health>> {
    let Some(replica) = &cx.site.replica else { return Ok(None) };
    let verification = cx.site.db.read(sql::last_verification)?;
    Ok(Some(replica.watch.health(verification)))
}

fn machine_readable(health: &Health) -> Value {
    json!({
        "last_sync_age": health.last_sync_age.map(|age| age.as_secs()),
        "last_verified": health.verification.as_ref().map(|last| rfc_3339(last.at)),
        "ok": health.is_ok(),
    })
}

/// Whether JSON is asked for by name; a browser, and a check that takes anything, gets the page.
fn wants_json(cx: &Cx) -> bool {
    let accepted = cx.request.header("Accept").unwrap_or_default();
    accepted.split(',').any(|kind| kind.split(';').next().map(str::trim) == Some("application/json"))
}
