//! Handlers of the link that makes the first admin. Its address holds a secret, so no response is stored.

use horrorshow::owned_html;

use crate::auth::token::Secret;
use crate::auth::{self, Standing};
use crate::html::text::Isolated;
use crate::moderation::{self, Decision, ModerationAction, Subject};
use crate::site::Site;
use crate::site::limiter::Action;
use crate::ui::layout::{self, Page};
use crate::user;
use crate::web::flash::Flash;
use crate::web::{Cx, Error, Result, paths, reply};

/// The answer to a link that does not work, whatever the reason.
const NO_LINK: Error = Error::Gone {
    heading: "That link doesn't work.",
    why: "It makes the first admin, once. A start of the server prints another one while no user is an admin.",
};

/// Offers a link if no user is an admin: its path.
///
/// # Errors
/// [`lorem_store::Error`] when the database fails.
pub fn offer(site: &Site) -> std::result::Result<Option<String>, lorem_store::Error> {
    if !site.db.read(|connection| user::sql::admins(connection, 1))?.is_empty() {
        return Ok(None);
    }
    let secret = Secret::random();
    site.first_admin.offer(secret.hash());
    Ok(Some(paths::first_admin(&secret)))
}

/// The reason in the log.
const REASON: &str = "The first admin, by the link that the server printed.";

/// `GET /first_admin/:secret`: the button that makes the viewer an admin. A guest signs in or up first.
///
/// # Errors
/// [`Error::Gone`] for a link that does not work; [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx, secret: &str) -> Result {
    let secret = checked(cx, secret)?;
    if !cx.read(|connection| user::sql::admins(connection, 1))?.is_empty() {
        return Err(NO_LINK);
    }
    let viewer = auth::require_active_user(cx)?;
    // Nothing that the page shows may lead back to the link.
    let page = Page { path: "", return_to: "", ..Page::new(cx, "The first admin")? };
    let (account, name) = (page.account(), &viewer.screen_name);
    let main = owned_html! {
        div(class="prose") {
            p { : "No user of this site is an admin yet. You are signed in as "; : Isolated(name); : "." }
            p { : "An admin sets the site's name and rules, looks at flags, removes, locks and bans." }
        }
        form(method="post", action=paths::first_admin(&secret)) {
            : account;
            button(class="button") { : "Become the admin" }
        }
    };
    Ok(reply::secret_form(reply::html(cx, layout::render(&page, main)?)))
}

fn checked(cx: &Cx, secret: &str) -> Result<Secret> {
    Secret::parse(secret).filter(|secret| cx.site.first_admin.is(&secret.hash())).ok_or(NO_LINK)
}

/// `POST /first_admin/:secret`: makes the viewer an admin, unless a user is one by now.
///
/// # Errors
/// [`Error::Gone`] for a link that does not work; [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user;
/// [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn create(cx: &Cx, secret: &str) -> Result {
    let viewer = auth::require_user_or_return(cx, cx.path())?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    checked(cx, secret)?;
    let (id, now) = (viewer.id, cx.now);
    let is_made = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        if !user::sql::admins(connection, 1)?.is_empty() {
            return Ok(false);
        }
        moderation::sql::set_admin(connection, id, true)?;
        let (action, subject) = (ModerationAction::Appoint, Subject::User(id));
        moderation::sql::record(connection, None, &Decision { action, subject, reason: REASON, now })?;
        Ok(true)
    })?;
    match is_made {
        Some(true) => Ok(reply::secret(reply::done(cx, paths::SETTINGS, Flash::BecameAdmin))),
        Some(false) => Err(NO_LINK),
        None => Err(Error::sign_in(cx.path())),
    }
}
