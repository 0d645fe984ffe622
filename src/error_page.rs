//! The response to an [`Error`]: a page, or for htmx an alert above the present page.

use std::sync::Arc;

use horrorshow::owned_html;
use horrorshow::prelude::*;
use rouille::Response;

use crate::auth;
use crate::errors::with_causes;
use crate::html::text::Text;
use crate::site::error_log::{Kind, NewError};
use crate::ui::layout::{self, Page};
use crate::ui::{button, field, message};
use crate::web::account::Account;
use crate::web::cookie::Header;
use crate::web::panics::Panicked;
use crate::web::preferences::Preferences;
use crate::web::{Cx, Error, paths, reply};

/// The response to `error`. Errors of status 5xx are logged.
#[must_use]
pub fn respond(cx: &Cx, error: &Error) -> Response {
    log(cx, error);
    let mut response = match error {
        Error::SignIn { return_to, cookie } => sign_in_first(cx, return_to, cookie.clone()),
        _ if reply::wants_fragments(cx) => {
            let (heading, sentence) = error.texts(cx.method());
            let sentence = format!("{heading} {sentence}");
            let change = match error {
                Error::Moderated { .. } => message::show_logged_alert(&sentence),
                _ => message::show_alert(&sentence),
            };
            reply::changes(cx, &[change]).with_status_code(error.status())
        }
        _ => page(cx, error),
    };
    if let Error::MethodNotAllowed(allowed) = error {
        response.headers.push(("Allow".into(), (*allowed).into()));
    }
    let retry_after = error.retry_after().map(|seconds| ("Retry-After".into(), seconds.to_string().into()));
    response.headers.extend(retry_after);
    response
}

/// Logs an error of status 5xx with the request's id: a fault of the program each time, overload and a failing
/// disk, which every request meets, once a second with a count.
pub fn log(cx: &Cx, error: &Error) {
    let id = cx.request.header("X-Request-Id").unwrap_or("-");
    let (method, path) = (cx.request.method(), lorem_http::loggable(cx.path()));
    match error {
        Error::Unavailable(cause) | Error::UnavailableAfterWrite(cause) if cause.is_storage_failure() => {
            lorem_counted_log::error!("{id} {method} {path}: {error}");
        }
        Error::Unavailable(_) | Error::UnavailableAfterWrite(_) => {
            lorem_counted_log::warn!("{id} {method} {path}: {error}");
        }
        _ if error.status() >= 500 => {
            log::error!("{id} {method} {path}: {error}");
            record(cx, error, id);
        }
        _ => {}
    }
}

/// Records an error for the admins, without anything that the client has sent.
fn record(cx: &Cx, error: &Error, request_id: &str) {
    let panicked = matches!(error, Error::Internal(source) if source.is::<Panicked>());
    let route = cx.site.requests.name_of(cx.route.get().map(|route| route.0));
    cx.site.error_log.record(NewError {
        kind: if panicked { Kind::Panicked } else { Kind::Returned },
        at: cx.now,
        place: format!("{} {route}", cx.method()),
        cause: with_causes(error),
        request_id: request_id.to_owned(),
    });
}

fn page(cx: &Cx, error: &Error) -> Response {
    let (heading, sentence) = error.texts(cx.method());
    // Finding the viewer may be what failed: the page is a guest's then. An overloaded database is not asked
    // at all. A flash waits for the next page that is no error.
    let viewer = if error.status() == 503 { None } else { auth::viewer(cx).ok().flatten() };
    let settings = if error.status() == 503 { cx.site.settings.last() } else { Arc::clone(cx.settings()) };
    let page = Page { heading, viewer, preferences: Preferences::of(cx), ..Page::of(settings) };
    let typed = match error {
        Error::Moderated { typed, .. }
        | Error::Newcomer { typed, .. }
        | Error::TargetDeleted { typed, .. }
        | Error::OtherAccount { typed, .. }
        | Error::PerhapsOwn { typed, .. } => typed.as_str(),
        _ => "",
    };
    let draft = if let Error::TargetDeleted { draft, .. } = error { *draft } else { None };
    let account = Account::of(viewer);
    let back = cx.referrer().filter(|_| matches!(error, Error::OtherAccount { .. }));
    let main = horrorshow::html! {
        @ if let Error::Moderated { why, .. } = error { : decision(why) } else { p { : &*sentence } }
        : field::unsent_text(typed);
        @ if let Some((id, post_id)) = draft {
            : button::delete(account, paths::draft(id), "button", "Discard");
            p { a(href=paths::repost(post_id)) { : message::REPOST } }
        }
        @ if let Some(page) = back { p { a(href=page) { : "Back to the page" } } }
    };
    match layout::render(&page, main) {
        Ok(html) => reply::html(cx, html).with_status_code(error.status()),
        Err(error) => {
            log::error!("rendering the error page: {error}");
            Response::text(format!("{heading}\n{sentence}\n")).with_status_code(500)
        }
    }
}

/// The admin's decision, and a link to the moderation log.
fn decision(why: &str) -> impl Render + '_ {
    owned_html! {
        div(class="prose") {
            p(dir="auto") { : Text(why) }
            p { a(href=paths::LOG) { : message::LOG } }
        }
    }
}

fn sign_in_first(cx: &Cx, return_to: &str, cookie: Option<Header>) -> Response {
    let mut response = reply::redirect(cx, &paths::with_return_to(paths::SIGN_IN, return_to), 401);
    response.headers.extend(cookie);
    response
}
