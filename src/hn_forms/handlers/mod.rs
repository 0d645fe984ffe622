//! Handlers of the forms. What the site's own handler answers with a redirect is answered with 302 and the place to which
//! Hacker News leads, since programs compare it; all other answers are the site's own.

pub mod login;

use rouille::Response;

use self::login::Login;
use super::{Purpose, views};
use crate::auth;
use crate::comment::{self, ReplyTarget};
use crate::hn_api::ItemNumber;
use crate::hn_api::handlers::user_named;
use crate::post;
use crate::saved::SaveAction;
use crate::types::id::number_from_path;
use crate::vote::{self, Target, Vote};
use crate::web::form::{Form, local_path};
use crate::web::reply;
use crate::web::{Cx, Error, Result, paths};
use crate::{flag, saved, user};

/// `POST /login`: signs in, or with `creating` up, and leads to `goto`.
///
/// # Errors
/// Those of [`login::log_in`]; with `creating` those of [`user::handlers::sign_up::create`].
pub fn log_in(cx: &Cx) -> Result {
    let form = cx.form()?;
    let to = goto(form, paths::HN_NEWS);
    if form.get("creating").is_some() {
        return sign_up(cx, form, &to);
    }
    let login = match login::log_in(cx, &with_name(form))? {
        Ok(login) => login,
        Err(refused) => return Ok(refused),
    };
    Ok(with_session(cx, reply::found(cx, &to), &login))
}

/// The form with a name, if only an empty one: a form without is not that of the cookie's user.
fn with_name(form: &Form) -> Form {
    let field = |name: &'static str| (name, form.get(name).unwrap_or_default().to_owned());
    Form::of(&[field("acct"), field("pw")])
}

fn sign_up(cx: &Cx, form: &Form, to: &str) -> Result {
    let typed = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let [name, password] = [typed("acct"), typed("pw")];
    let own = [("screen_name", name), ("password", password.clone()), ("password_confirmation", password)];
    let created = cx.with_form(None, Form::of(&own), user::handlers::sign_up::create)?;
    if created.status_code != 303 {
        return Ok(created);
    }
    let mut response = reply::found(cx, to);
    response.headers.extend(created.headers.into_iter().filter(|(name, _)| name == "Set-Cookie"));
    Ok(response)
}

/// `GET /submit`, `GET /submitlink`: the form for a new post.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn submit_form(cx: &Cx) -> Result {
    let login = login::of_cookie(cx)?.ok_or_else(|| Error::sign_in(cx.request.raw_url()))?;
    Ok(reply::uncacheable_html(cx, views::submit(&Purpose::Submit.token(&login.token))))
}

/// `POST /submit`, `POST /submitlink`: signs in and shows the form for a new post.
///
/// # Errors
/// Those of [`login::log_in`].
pub fn submit(cx: &Cx) -> Result {
    let login = match login::log_in(cx, &with_name(cx.form()?))? {
        Ok(login) => login,
        Err(refused) => return Ok(refused),
    };
    let page = reply::uncacheable_html(cx, views::submit(&Purpose::Submit.token(&login.token)));
    Ok(with_session(cx, page, &login))
}

/// `POST /r`: creates the post of the form of [`submit`], and leads to the newest; to the post that has its link already.
///
/// # Errors
/// [`Error::Forbidden`] for a form of another session; those of [`post::handlers::create`].
pub fn create_post(cx: &Cx) -> Result {
    let form = cx.form()?;
    let Some(login) = login::of_cookie(cx)? else { return Err(Error::sign_in(paths::HN_SUBMIT)) };
    login::check_token(&login, form.get("fnid"), Purpose::Submit)?;
    let own = translated(form, &[("title", "title"), ("url", "url"), ("text", "description")]);
    let answer = cx.with_form(Some(login.viewer), own, post::handlers::create)?;
    Ok(redirected(cx, answer, |place| match paths::post_at(place) {
        // The place for a comment on the post that has the link already.
        Some((id, "#comment")) => paths::hn_item(ItemNumber::of(Target::Post(id)).get()),
        _ => paths::HN_NEWEST.to_owned(),
    }))
}

/// `POST /edit`: signs in and shows the form for changing a comment, or the text of a post.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Forbidden`] when the user is not the author; those of [`login::log_in`].
pub fn edit(cx: &Cx) -> Result {
    let form = cx.form()?;
    let id = form.get("id").filter(|id| !id.is_empty()).map(str::to_owned).or_else(|| cx.query("id"));
    let item = number(id.as_deref())?;
    let login = match login::log_in(cx, &with_name(form))? {
        Ok(login) => login,
        Err(refused) => return Ok(refused),
    };
    let viewer = login.viewer.clone();
    let text = cx.with_form(Some(viewer), Form::default(), |cx| match item.target() {
        Target::Post(id) => post::handlers::own_text(cx, id),
        Target::Comment(id) => comment::handlers::own_text(cx, id),
    });
    if text.is_err() {
        login::end(cx, &login)?;
    }
    let html = views::edit(&Purpose::Edit(item).token(&login.token), item, &text?);
    Ok(with_session(cx, reply::uncacheable_html(cx, html), &login))
}

/// `GET /edit?id=N`: leads to the site's form.
///
/// # Errors
/// [`Error::NotFound`] for what is no number.
pub fn edit_form(cx: &Cx) -> Result {
    let item = number(cx.query("id").as_deref())?;
    Ok(match item.target() {
        Target::Post(id) => reply::see_other(cx, paths::edit_post(id)),
        Target::Comment(id) => reply::see_other(cx, paths::edit_comment(id)),
    })
}

/// `POST /xedit`: changes a comment or a post by the form of [`edit`], and leads to it.
///
/// # Errors
/// [`Error::Forbidden`] for a form of another session or item; those of [`post::handlers::update`] and
/// [`comment::handlers::update`].
pub fn update(cx: &Cx) -> Result {
    let form = cx.form()?;
    let item = number(form.get("id"))?;
    let Some(login) = login::of_cookie(cx)? else { return Err(Error::sign_in(paths::hn_item(item.get()))) };
    login::check_token(&login, form.get("hmac"), Purpose::Edit(item))?;
    let viewer = Some(login.viewer);
    let answer = match item.target() {
        Target::Post(id) => {
            let own = translated(form, &[("title", "title"), ("url", "url"), ("text", "description")]);
            cx.with_form(viewer, own, |cx| post::handlers::update(cx, id))
        }
        Target::Comment(id) => {
            let own = translated(form, &[("text", "body")]);
            cx.with_form(viewer, own, |cx| comment::handlers::update(cx, id))
        }
    };
    Ok(redirected(cx, answer?, |_| paths::hn_item(item.get())))
}

/// `POST /comment`: a comment on the item `parent`.
///
/// # Errors
/// Those of `act` and [`comment::handlers::create`].
pub fn comment(cx: &Cx) -> Result {
    let form = cx.form()?;
    let item = number(form.get("parent"))?;
    let to = match item.target() {
        Target::Post(id) => ReplyTarget::Post(id),
        Target::Comment(id) => ReplyTarget::Comment(id),
    };
    let own = translated(form, &[("text", "body")]);
    act(cx, item, "hmac", own, |cx| comment::handlers::create(cx, to))
}

/// `POST /vote`: a vote for an item, or with `how=un` its withdrawal.
///
/// # Errors
/// [`Error::Forbidden`] for a vote against an item, which this site does not have; those of `act` and
/// [`vote::handlers::change`].
pub fn vote(cx: &Cx) -> Result {
    let form = cx.form()?;
    let item = number(form.get("id"))?;
    let vote = match form.get("how") {
        Some("up") => Vote::Cast,
        Some("un") => Vote::Withdrawn,
        Some("down") => return Err(Error::Forbidden("This site has no votes against a post or comment.")),
        _ => return Err(Error::BadRequest("A vote is up or un.")),
    };
    act(cx, item, "auth", Form::default(), |cx| vote::handlers::change(cx, item.target(), vote))
}

/// `POST /fave`: saves an item, or with `un=t` no longer.
///
/// # Errors
/// Those of `act` and [`saved::handlers::change`].
pub fn fave(cx: &Cx) -> Result {
    let form = cx.form()?;
    let item = number(form.get("id"))?;
    let action = if is_undone(form) { SaveAction::Unsave } else { SaveAction::Save };
    act(cx, item, "auth", Form::default(), |cx| saved::handlers::change(cx, item.target(), action))
}

/// The reason of a flag, which these programs do not send.
const FLAG_REASON: &str = "Flagged by a program, without a reason";

/// `POST /flag`: flags an item, or with `un=t` takes the flag back.
///
/// # Errors
/// Those of `act`, [`flag::handlers::create`] and [`flag::handlers::withdraw`].
pub fn flag(cx: &Cx) -> Result {
    let form = cx.form()?;
    let item = number(form.get("id"))?;
    if is_undone(form) {
        return act(cx, item, "auth", Form::default(), |cx| flag::handlers::withdraw(cx, item.target()));
    }
    let own = Form::of(&[("words", FLAG_REASON.to_owned())]);
    act(cx, item, "auth", own, |cx| flag::handlers::create(cx, item.target()))
}

fn is_undone(form: &Form) -> bool {
    form.get("un").is_some_and(|un| !un.is_empty())
}

/// Acts on an item as the user of the form: by name and password, or by the session's cookie and the token in the field
/// `token`. A session that is made for the act ends after it.
///
/// # Errors
/// [`Error::Forbidden`] without a right token; those of [`login::log_in`] and of the act.
fn act(cx: &Cx, item: ItemNumber, token: &str, own: Form, act: impl FnOnce(&Cx) -> Result) -> Result {
    let form = cx.form()?;
    let login = match login::log_in(cx, form)? {
        Ok(login) => login,
        Err(refused) => return Ok(refused),
    };
    if form.get("acct").is_none() {
        login::check_token(&login, form.get(token), Purpose::Act(item))?;
    }
    let answer = cx.with_form(Some(login.viewer.clone()), own, act);
    login::end(cx, &login)?;
    Ok(redirected(cx, answer?, |_| goto(form, paths::FRONT)))
}

/// The page that the form names, as the path `news` or `/news`, else `default`.
fn goto(form: &Form, default: &str) -> String {
    let named = form.get("goto").filter(|to| !to.is_empty());
    let path = named.map(|to| if to.starts_with('/') { to.to_owned() } else { format!("/{to}") });
    path.as_deref().and_then(local_path).unwrap_or(default).to_owned()
}

/// The answer of the site's handler; where it leads to a page, 302 to the `place` in the manner of Hacker News.
fn redirected(cx: &Cx, answer: Response, place: impl FnOnce(&str) -> String) -> Response {
    let location = answer.headers.iter().find(|(name, _)| name == "Location").map(|(_, value)| value.clone());
    match location {
        Some(location) if answer.status_code == 303 => reply::found(cx, &place(&location)),
        _ => answer,
    }
}

/// The fields of a form by the names that the site's own form has for them. A field that is not sent is left out.
fn translated(form: &Form, names: &[(&str, &'static str)]) -> Form {
    let fields: Vec<(&str, String)> =
        names.iter().filter_map(|(theirs, own)| Some((*own, form.get(theirs)?.to_owned()))).collect();
    Form::of(&fields)
}

/// Adds the session's cookie if this request has made it. It is the only cookie: some programs read one line only.
fn with_session(cx: &Cx, mut response: Response, login: &Login) -> Response {
    if login.is_new {
        response.headers.push(auth::set_cookie(cx, &login.token));
    }
    response
}

fn number(text: Option<&str>) -> Result<ItemNumber> {
    text.and_then(number_from_path).map(ItemNumber::new).ok_or(Error::NotFound)
}

/// `GET /item?id=N`, `GET /reply?id=N`: leads to the page of a post or comment.
///
/// # Errors
/// [`Error::NotFound`] for what is no number.
pub fn item(cx: &Cx) -> Result {
    Ok(reply::see_other(cx, number(cx.query("id").as_deref())?.target().path()))
}

/// `GET /user?id=NAME`: leads to the page of a user.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn user(cx: &Cx, name: &str) -> Result {
    let found = cx.read(|connection| user_named(connection, name))?.ok_or(Error::NotFound)?;
    Ok(reply::see_other(cx, paths::user(found.id)))
}
