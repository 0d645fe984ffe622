//! Saving posts, by a form of one button on their pages, and the list of them.

use horrorshow::Template;

use super::{Changed, Wish, sql, views};
use crate::post;
use crate::session;
use crate::ui::layout::{self, Page};
use crate::ui::pager::{Cursor, ROWS};
use crate::web::flash::Flash;
use crate::web::rate::Act;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};

/// `GET /saved`: one's own, last saved first.
///
/// # Errors
/// [`Error::SignIn`]; a cursor that is none; the database's.
pub fn list(cx: &Cx) -> Result {
    let (user_id, after) = (cx.member()?.id, Cursor::from_query(cx, "after")?);
    let posts = cx.read(|connection| post::sql::saved_by(connection, user_id, after, ROWS))?;
    let page = Page::new(cx, "Saved posts")?;
    Ok(reply::page(cx, layout::render(&page, views::list(cx, page.viewer, &posts))?))
}

/// `POST /posts/:id/save` and `/unsave`: sent twice it changes nothing more.
///
/// # Errors
/// [`Error::SignIn`], [`Error::NotFound`], [`Error::TooMany`] together with votes; the database's.
pub fn change(cx: &Cx, post_id: i64, wish: Wish) -> Result {
    let viewer = cx.member_or(place(cx, post_id))?;
    cx.app.rates.take(Act::VoteBy(viewer.id))?;
    let (user_id, session_id, now) = (viewer.id, viewer.session_id, cx.now);
    let changed = cx.write(move |connection| {
        if !session::sql::exists(connection, session_id)? {
            return Ok(Changed::SignedOut);
        }
        let is_there = sql::change(connection, user_id, post_id, wish, now)?;
        Ok(if is_there { Changed::Done } else { Changed::Gone })
    })?;
    let flash = if wish == Wish::Save { Flash::PostSaved } else { Flash::PostUnsaved };
    match changed {
        Changed::Done if reply::wants_changes(cx) => {
            let button = views::button(post_id, wish == Wish::Save).into_string()?;
            let button = Change::replace(format_args!("#post_save_{post_id}"), button);
            Ok(reply::changes(cx, &[button, Change::notice(flash)]))
        }
        Changed::Done => Ok(reply::done(cx, place(cx, post_id), flash)),
        Changed::Gone => Err(Error::NotFound),
        Changed::SignedOut => Err(Error::SignIn { return_to: place(cx, post_id), cookie: None }),
    }
}

/// Where the reader was: the page that the form was on.
fn place(cx: &Cx, post_id: i64) -> String {
    cx.referrer().map_or_else(|| paths::post(post_id).to_string(), str::to_owned)
}
