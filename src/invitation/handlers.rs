//! Handlers of invitations. The page that makes a link is the only one that shows it.

use horrorshow::Template;

use super::{Invitation, MAX_OPEN, Top, Withdrawal, sql, views};
use crate::auth;
use crate::auth::Standing;
use crate::auth::token::{Secret, Token};
use crate::site::limiter::Action;
use crate::site::settings::SignUp;
use crate::types::cursor::{PAGE_SIZE, START, Slice};
use crate::types::id::{InvitationId, UserId};
use crate::ui::layout::{self, Page};
use crate::ui::message;
use crate::user::handlers::newcomer;
use crate::user::{self, Author};
use crate::web::account::Account;
use crate::web::error::NO_HOST;
use crate::web::flash::Flash;
use crate::web::reply::{self, Change};
use crate::web::{Cx, Error, Result, Viewer, paths};

const NOT_NEEDED: &str = "Everybody can sign up on this site; no invitation is needed.";
const CLOSED: &str = "This site takes no new users at present.";
const TOO_MANY: &str =
    "You have 5 open invitations, which is the most. Withdraw one, or wait until one is used.";
/// What newcomers cannot do, after "you can".
const INVITE: &str = "invite people";

/// `GET /invitations`: the viewer's invitations.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::BadRequest`] for a malformed cursor;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn list(cx: &Cx) -> Result {
    auth::require_active_user(cx)?;
    Ok(reply::page(cx, page(cx, None)?))
}

fn page(cx: &Cx, link: Option<&str>) -> Result<String> {
    let page =
        Page { aside: Some((paths::ACCOUNT, "← Back to your page")), ..Page::new(cx, "Invitations")? };
    let own = Own::read(cx)?;
    Ok(layout::render(&page, views::list(own.view(cx, link)))?)
}

/// The content of the page, which changes by htmx.
fn section(cx: &Cx, link: Option<&str>) -> Result<Change> {
    let own = Own::read(cx)?;
    Ok(Change::replace("#invitations", views::list(own.view(cx, link)).into_string()?))
}

/// What the page says about the viewer.
struct Own {
    account: Account,
    invitations: Slice<Invitation>,
    why_not: Option<String>,
}

impl Own {
    fn read(cx: &Cx) -> Result<Own> {
        let viewer = auth::require_user(cx)?;
        // A form's address has no cursor.
        let after = if cx.method() == "GET" { cx.cursor("after")? } else { START };
        let why_not = why_not(cx, viewer)?;
        let (invitations, open) = cx.read(|connection| {
            let open = sql::count_open(connection, viewer.id, cx.now)?;
            Ok((sql::of_user(connection, viewer.id, after, PAGE_SIZE)?, open))
        })?;
        let has_too_many = !viewer.is_admin && open >= MAX_OPEN;
        let why_not = why_not.or_else(|| has_too_many.then(|| TOO_MANY.to_owned()));
        Ok(Own { account: Account::of(Some(viewer)), invitations, why_not })
    }

    fn view<'o>(&'o self, cx: &'o Cx, link: Option<&'o str>) -> views::List<'o> {
        let Own { account, invitations, why_not } = self;
        views::List { account: *account, invitations, why_not: why_not.as_deref(), link, clock: &cx.clock }
    }
}

/// Why the viewer cannot invite people at all now.
fn why_not(cx: &Cx, viewer: &Viewer) -> Result<Option<String>> {
    match (refusal(cx)?, newcomer::refuse(cx, viewer, INVITE)) {
        (Some(why), _) => Ok(Some(why.to_owned())),
        (None, Err(Error::Newcomer { why, .. })) => Ok(Some(why)),
        (None, other) => other.map(|()| None),
    }
}

/// Why nobody can invite people now.
fn refusal(cx: &Cx) -> Result<Option<&'static str>> {
    Ok(match cx.settings_of_now()?.sign_up() {
        SignUp::Open => Some(NOT_NEEDED),
        SignUp::Invited => None,
        SignUp::Closed => Some(CLOSED),
    })
}

/// `POST /invitations`: makes an invitation, and shows its link, this once.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Newcomer`]; [`Error::Forbidden`] where
/// sign-up is not by invitation; [`Error::Conflict`] beyond [`MAX_OPEN`]; [`Error::RateLimited`], in one limit with posts and
/// comments; [`Error::BadRequest`] for a request without a valid `Host`, where the operator has set no address;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn create(cx: &Cx) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::INVITATIONS)?;
    if let Some(why) = refusal(cx)? {
        return Err(Error::Forbidden(why));
    }
    newcomer::refuse(cx, viewer, INVITE)?;
    let origin = cx.origin().ok_or(NO_HOST)?;
    cx.site.limiter.check_and_record(Action::WriteBy(viewer.id))?;
    let (id, now, secret) = (viewer.id, cx.now, Secret::random());
    let made = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        sql::create(connection, id, &secret, now)
    })?;
    let Some(made) = made else { return Err(Error::sign_in(paths::INVITATIONS)) };
    let token: Token = made.ok_or(Error::Conflict(TOO_MANY))?;
    let link = format!("{origin}{}", paths::invitation(&token));
    if reply::wants_fragments(cx) {
        let changes = [section(cx, Some(&link))?, message::show_notice(cx, Flash::InvitationMade)];
        return Ok(reply::secret(reply::changes(cx, &changes)));
    }
    Ok(reply::secret_form(reply::html(cx, page(cx, Some(&link))?)))
}

/// `POST /invitations/:id/withdraw`: withdraws an invitation of the viewer. Repeating it changes nothing.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::NotFound`] for that of another user;
/// [`Error::Conflict`] for one that was used; [`Error::RateLimited`]; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn withdraw(cx: &Cx, id: InvitationId) -> Result {
    let viewer = auth::require_user_or_return(cx, paths::INVITATIONS)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let (user_id, now) = (viewer.id, cx.now);
    let withdrawn = auth::write_as(cx, viewer, Standing::Active, move |connection| {
        sql::withdraw(connection, user_id, id, now)
    })?;
    match withdrawn {
        None => Err(Error::sign_in(paths::INVITATIONS)),
        Some(Withdrawal::NotFound) => Err(Error::NotFound),
        Some(Withdrawal::Used) => {
            Err(Error::Conflict("A person has signed up with that invitation already."))
        }
        Some(Withdrawal::Done) if reply::wants_fragments(cx) => {
            let changes = [section(cx, None)?, message::show_notice(cx, Flash::InvitationWithdrawn)];
            Ok(reply::changes(cx, &changes))
        }
        Some(Withdrawal::Done) => Ok(reply::done(cx, paths::INVITATIONS, Flash::InvitationWithdrawn)),
    }
}

/// `GET /invitations/tree`: who invited whom. With `?of=ID`, the part below that user.
///
/// # Errors
/// [`Error::NotFound`] for a user that there is not; [`Error::BadRequest`] for a malformed cursor; [`Error::Unavailable`] or
/// [`Error::Internal`] when the database fails.
pub fn tree(cx: &Cx) -> Result {
    let of = match cx.query("of") {
        Some(id) => Some(UserId::from_path(&id).ok_or(Error::NotFound)?),
        None => None,
    };
    let after = cx.cursor("after")?;
    let top = of.map_or(Top::Roots, Top::InvitedBy);
    let (author, nodes) = cx.read(|connection| {
        let author = of.map(|id| user::sql::find_author(connection, id)).transpose()?.flatten();
        Ok((author, sql::tree(connection, top, after, PAGE_SIZE)?))
    })?;
    let author: Option<Author> = match of {
        Some(_) => Some(author.ok_or(Error::NotFound)?),
        None => None,
    };
    let description = format!("Who invited whom to {}.", cx.site_name());
    let page = Page { description: &description, ..Page::new(cx, "Who invited whom")? };
    Ok(reply::page(cx, layout::render(&page, views::tree(author.as_ref(), &nodes))?))
}
