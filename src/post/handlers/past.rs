//! The handler for the posts of a day.

use super::super::day::{Day, Step};
use super::super::{sql, views};
use super::{lists, rows};
use crate::auth;
use crate::changes::{Order, Window};
use crate::ui::layout::{self, Page};
use crate::web::{Cx, Error, Result, reply};

/// `GET /past`: the posts of yesterday, in UTC, with the most points first; with `?day=2026-11-23` those of that day.
///
/// # Errors
/// [`Error::NotFound`] for what is no day, and for a day that has not begun; [`Error::BadRequest`] for a malformed cursor;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx) -> Result {
    let (after, viewer) = (cx.cursor("after")?, auth::viewer(cx)?);
    let today = Day::of(cx.now).ok_or(Error::NotFound)?;
    let shown = match cx.query("day") {
        Some(text) => Day::parse(&text).filter(|day| *day <= today),
        None => today.before(Step::Day),
    };
    let shown = shown.ok_or(Error::NotFound)?;
    let (posts, oldest) = cx.read_pieces(|pieces| {
        let oldest = sql::past::oldest(pieces.connection())?;
        let list = |connection: &_, after, limit| sql::past::of_day(connection, shown, after, limit);
        Ok((rows::read_visible(pieces, viewer, (after, None), list)?, oldest))
    })?;
    // The next day, and what is yesterday.
    cx.clock.limit(cx.now.next_midnight());
    // A post that comes or goes, or whose points change, and one that may be the oldest.
    let greatest = shown.end().as_micros() - 1;
    lists::show(cx, &posts, &[], Some(Window { order: Order::Age, least: i64::MIN, greatest }));
    let days = views::past::Days { shown, first: oldest.and_then(Day::of).unwrap_or(today), today };
    let heading = format!("Posts of {shown}");
    let description =
        format!("The posts of {shown} on {}, those with the most points first.", cx.site_name());
    let page = Page { description: &description, ..Page::new(cx, &heading)? };
    Ok(reply::page(
        cx,
        layout::render(
            &page,
            views::past::page(page.viewer, days, (&posts, lists::first_rank(cx, after)), &cx.clock),
        )?,
    ))
}
