//! Requests about dead things: the list of them, and the button that vouches.

use horrorshow::Template;

use super::{Outcome, Rules, sql, views};
use crate::auth::{self, Standing};
use crate::moderation::Subject;
use crate::site::limiter::Action;
use crate::types::cursor::PAGE_SIZE;
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::user::handlers::newcomer;
use crate::vote::Target;
use crate::web::flash::Flash;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, paths};

const OWN_CONTENT: Error = Error::Forbidden("It is your own: others can vouch for it.");
const HAS_FLAGGED: Error = Error::Forbidden("You have flagged it: others can vouch for it.");

/// The rules of the site now.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the settings cannot be read.
pub fn rules(cx: &Cx) -> Result<Rules> {
    let settings = cx.settings_of_now()?;
    Ok(Rules {
        flags_to_hide: settings.flags_to_hide(),
        new_user_days: settings.new_user_days(),
        now: cx.now,
    })
}

/// `GET /dead`: what flags have hidden.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Newcomer`] for a new one;
/// [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn list(cx: &Cx) -> Result {
    let viewer = auth::require_active_user(cx)?;
    newcomer::refuse(cx, viewer, "see what flags have hidden")?;
    let (user_id, after) = (viewer.id, cx.cursor("after")?);
    let newest = rules(cx)?.newest_old_user();
    let items = cx.read(|connection| sql::list(connection, (user_id, newest), after, PAGE_SIZE))?;
    let page = Page::new(cx, message::DEAD)?;
    Ok(reply::page(cx, layout::render(&page, views::list(viewer, &items, &cx.clock))?))
}

/// `POST /posts/:id/vouch`, `POST /comments/:id/vouch`. A repeated request changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Newcomer`] for a new one;
/// [`Error::Forbidden`] for the author and for a user who has flagged it; [`Error::NotFound`] for what is not dead;
/// [`Error::RateLimited`], in one limit with votes; [`Error::Unavailable`] or [`Error::Internal`] when the database
/// fails.
pub fn vouch(cx: &Cx, target: Target) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::DEAD)?;
    newcomer::refuse(cx, viewer, "vouch")?;
    cx.site.limiter.check_and_record(Action::VoteBy(viewer.id))?;
    let (user_id, rules) = (viewer.id, rules(cx)?);
    let outcome = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        sql::acts::vouch(connection, user_id, target, &rules)
    })?;
    let flash = match outcome {
        None => return Err(Error::sign_in(paths::DEAD)),
        Some(Outcome::Counted) => Flash::Vouched,
        Some(Outcome::Back) => Flash::VouchedBack,
        Some(Outcome::OwnContent) => return Err(OWN_CONTENT),
        Some(Outcome::HasFlagged) => return Err(HAS_FLAGGED),
        Some(Outcome::NotFound) => return Err(Error::NotFound),
    };
    if reply::wants_fragments(cx) {
        let link = views::vouched(target).into_string()?;
        let change = Change::replace(views::selector(target), link);
        return Ok(reply::changes(cx, &[change, message::show_notice(cx, flash)]));
    }
    match flash {
        Flash::VouchedBack => Ok(reply::done(cx, Subject::from(target).address(), flash)),
        _ => Ok(reply::done(cx, paths::DEAD, flash)),
    }
}
