//! What a user cannot do yet whose account is new, where the site's admins have set that.

use horrorshow::Template;
use rusqlite::Connection;

use crate::post;
use crate::types::id::UserId;
use crate::types::time::{DAY, Timestamp};
use crate::ui::time::DateAndTime;
use crate::user;
use crate::web::{Cx, Error, Result, Viewer};

/// The most links that a newcomer may post within 24 hours.
pub const MAX_LINKS: u32 = 2;

/// The end of the time in which the viewer is a newcomer; `None`: they are none, as every admin, and as everybody where
/// the setting is 0.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn until(cx: &Cx, viewer: &Viewer) -> Result<Option<Timestamp>> {
    let (days, id) = (cx.settings_of_now()?.new_user_days(), viewer.id);
    if days == 0 {
        return Ok(None);
    }
    Ok(cx.read(|connection| user::sql::newcomer_until(connection, id, days, cx.now))?)
}

/// Refuses what newcomers cannot do yet: `what` follows "you can".
///
/// # Errors
/// [`Error::Newcomer`]; those of [`until`].
pub fn refuse(cx: &Cx, viewer: &Viewer, what: &'static str) -> Result<()> {
    match until(cx, viewer)? {
        None => Ok(()),
        Some(until) => Err(Error::Newcomer {
            why: format!("You are new here: you can {what} from {} on.", DateAndTime(until).into_string()?),
            typed: cx.typed(),
        }),
    }
}

/// The mistake in a newcomer's link beyond [`MAX_LINKS`] in the 24 hours before `now`; `None`: there is none.
///
/// # Errors
/// SQLite's.
pub fn mistake(
    connection: &Connection,
    id: UserId,
    now: Timestamp,
) -> rusqlite::Result<Option<&'static str>> {
    let links = post::sql::links_since(connection, id, now - DAY)?;
    Ok((links >= MAX_LINKS).then_some("URL has to wait: a new user can post two links a day"))
}
