//! Every route, one line each.

use super::{Cx, Error, Result, assets, csrf, paths, reply};
use crate::comment::To;
use crate::moderation::Subject;
use crate::saved::Wish;
use crate::vote::handlers::change as vote;
use crate::vote::{Target, Vote};
use crate::{
    benchmarking, comment, feed, flag, moderation, post, preference, saved, search, session, sitemap, user,
};

/// The handler for the method among those that the path has, else 405 with their names.
macro_rules! on {
    ($cx:ident, $($method:ident => $handler:expr),+) => {
        match $cx.method() {
            $(stringify!($method) => $handler,)+
            _ => Err(Error::MethodNotAllowed(on!(@allow $($method)+))),
        }
    };
    (@allow GET) => { "GET, HEAD" };
    (@allow $method:ident) => { stringify!($method) };
    (@allow $first:ident $($rest:ident)+) => { concat!(on!(@allow $first), $(", ", on!(@allow $rest)),+) };
}

/// Finds the handler for a request and runs it.
///
/// # Errors
/// Those of the handler; [`Error::NotFound`], [`Error::MethodNotAllowed`], and
/// [`Error::Forbidden`] for a change that another site asked for.
pub fn route(cx: &Cx) -> Result {
    csrf::check(cx)?;
    let segments: Vec<&str> = cx.path().split('/').skip(1).collect();
    if !is_open_to_banned(cx.method(), &segments) {
        moderation::refuse_banned(cx)?;
    }
    match segments[..] {
        [""] => on!(cx, GET => post::handlers::front(cx)),
        [.., ""] => without_trailing_slash(cx),
        ["best"] => on!(cx, GET => post::handlers::best(cx, paths::WEEK)),
        ["best", over] => on!(cx, GET => post::handlers::best(cx, over)),
        ["from"] => on!(cx, GET => post::handlers::from(cx)),
        ["posts"] => on!(cx, GET => post::handlers::recent(cx), POST => post::handlers::create(cx)),
        ["posts.atom"] => on!(cx, GET => feed::handlers::newest(cx)),
        ["search.atom"] => on!(cx, GET => feed::handlers::of_search(cx)),
        ["front.atom"] => on!(cx, GET => feed::handlers::front(cx)),
        ["posts", file] if file.ends_with(".atom") => {
            on!(cx, GET => feed::handlers::of_post(cx, number(inside("", file, ".atom"))?))
        }
        ["users", file] if file.ends_with(".atom") => {
            on!(cx, GET => feed::handlers::of_user(cx, number(inside("", file, ".atom"))?))
        }
        ["posts", "new"] => on!(cx, GET => post::handlers::new(cx)),
        ["posts", id] => on!(cx,
            GET => post::handlers::show(cx, number(id)?),
            PATCH => post::handlers::update(cx, number(id)?),
            PUT => post::handlers::update(cx, number(id)?),
            DELETE => post::handlers::destroy(cx, number(id)?)
        ),
        ["posts", id, "edit"] => on!(cx, GET => post::handlers::edit(cx, number(id)?)),
        ["posts", id, "comments"] => on!(cx,
            GET => Ok(comment::handlers::list(cx, number(id)?)),
            POST => comment::handlers::create(cx, To::Post(number(id)?))
        ),
        ["posts", id, "flag"] => on!(cx,
            GET => flag::handlers::new(cx, Target::Post(number(id)?)),
            POST => flag::handlers::create(cx, Target::Post(number(id)?))
        ),
        ["posts", id, "moderate"] => on!(cx,
            GET => moderation::handlers::show(cx, Subject::Post(number(id)?)),
            POST => moderation::handlers::act(cx, Subject::Post(number(id)?))
        ),
        ["posts", id, "vote"] => on!(cx, POST => vote(cx, Target::Post(number(id)?), Vote::Cast)),
        ["posts", id, "unvote"] => on!(cx, POST => vote(cx, Target::Post(number(id)?), Vote::Withdrawn)),
        ["posts", id, "save"] => on!(cx, POST => saved::handlers::change(cx, number(id)?, Wish::Save)),
        ["posts", id, "unsave"] => on!(cx, POST => saved::handlers::change(cx, number(id)?, Wish::Unsave)),
        ["saved"] => on!(cx, GET => saved::handlers::list(cx)),
        ["comments", id, "vote"] => on!(cx, POST => vote(cx, Target::Comment(number(id)?), Vote::Cast)),
        ["comments", id, "unvote"] => {
            on!(cx, POST => vote(cx, Target::Comment(number(id)?), Vote::Withdrawn))
        }
        ["comments", id, "flag"] => on!(cx,
            GET => flag::handlers::new(cx, Target::Comment(number(id)?)),
            POST => flag::handlers::create(cx, Target::Comment(number(id)?))
        ),
        ["comments", id, "moderate"] => on!(cx,
            GET => moderation::handlers::show(cx, Subject::Comment(number(id)?)),
            POST => moderation::handlers::act(cx, Subject::Comment(number(id)?))
        ),
        ["comments", id] => on!(cx,
            GET => comment::handlers::show(cx, number(id)?),
            PATCH => comment::handlers::update(cx, number(id)?),
            PUT => comment::handlers::update(cx, number(id)?),
            DELETE => comment::handlers::destroy(cx, number(id)?)
        ),
        ["comments", id, "reply"] => on!(cx, GET => comment::replies::form(cx, number(id)?)),
        ["comments", id, "replies"] => on!(cx,
            GET => comment::replies::list(cx, number(id)?),
            POST => comment::handlers::create(cx, To::Comment(number(id)?))
        ),
        ["comments", id, "edit"] => on!(cx, GET => comment::handlers::edit(cx, number(id)?)),
        ["sign_up"] | ["users", "new"] => on!(cx, GET => user::handlers::new(cx)),
        ["users"] => on!(cx,
            GET => Ok(reply::see_other(cx, paths::SIGN_UP)),
            POST => user::handlers::create(cx)
        ),
        ["users", id] => on!(cx, GET => user::handlers::show(cx, number(id)?)),
        ["users", id, "moderate"] => on!(cx,
            GET => moderation::handlers::show(cx, Subject::User(number(id)?)),
            POST => moderation::handlers::act(cx, Subject::User(number(id)?))
        ),
        ["log"] => on!(cx, GET => moderation::handlers::log(cx)),
        ["flags"] => on!(cx, GET => flag::handlers::queue(cx)),
        ["user"] => on!(cx,
            GET => user::handlers::own(cx),
            PATCH => user::handlers::update(cx),
            PUT => user::handlers::update(cx),
            DELETE => user::handlers::destroy(cx)
        ),
        ["user", "edit"] => on!(cx, GET => user::handlers::edit(cx)),
        ["user", "delete"] => on!(cx, GET => user::handlers::confirm_destroy(cx)),
        ["sign_in"] | ["sessions", "new"] => on!(cx, GET => session::handlers::new(cx)),
        ["sessions"] => on!(cx,
            GET => Ok(reply::see_other(cx, paths::SIGN_IN)),
            POST => session::handlers::create(cx)
        ),
        ["sessions", id] => on!(cx, DELETE => session::handlers::destroy(cx, number(id)?)),
        ["preferences"] => on!(cx,
            GET => preference::handlers::edit(cx),
            POST => preference::handlers::update(cx)
        ),
        ["keys"] => on!(cx, GET => preference::handlers::keys(cx)),
        ["benchmarking", action] if cx.app.config.benchmarking => {
            on!(cx, POST => benchmarking::run(cx, action))
        }
        ["robots.txt"] => on!(cx, GET => sitemap::handlers::robots(cx)),
        ["sitemap.xml"] => on!(cx, GET => sitemap::handlers::index(cx)),
        [file] if file.starts_with("sitemap-") => {
            on!(cx, GET => sitemap::handlers::part(cx, number(inside("sitemap-", file, ".xml"))?))
        }
        ["search"] => on!(cx, GET => search::handlers::show(cx)),
        ["up"] => on!(cx, GET => up(cx)),
        ["assets", name] => on!(cx, GET => assets::serve(cx, name)),
        [name] if assets::is_at_root(name) => on!(cx, GET => assets::serve_at_root(cx, name)),
        _ => Err(Error::NotFound),
    }
}

/// Whether also somebody who is banned can ask for it: reading, and how; signing in and out; and leaving. All
/// other changes are refused here, also those that are yet to come. (Who calls for benchmarking is
/// nobody.)
fn is_open_to_banned(method: &str, segments: &[&str]) -> bool {
    match segments {
        _ if method == "GET" => true,
        ["sessions", ..] | ["users"] | ["benchmarking", ..] => true,
        ["preferences"] | ["posts", _, "save" | "unsave"] => true,
        ["user"] => method == "DELETE",
        _ => false,
    }
}

/// A row's number in a path: as the site writes it, without a sign or a zero before it that `parse`
/// would take, so that a thing has one address.
fn number(segment: &str) -> Result<i64> {
    let is_canonical = segment.bytes().all(|byte| byte.is_ascii_digit()) && !segment.starts_with('0');
    segment.parse().ok().filter(|_| is_canonical).ok_or(Error::NotFound)
}

/// What stands between two parts of a segment; nothing, which is no number, where they are not there.
fn inside<'s>(before: &str, segment: &'s str, after: &str) -> &'s str {
    segment.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).unwrap_or_default()
}

/// `/posts/` was meant as `/posts`. Only what begins as our paths do is sent anywhere.
fn without_trailing_slash(cx: &Cx) -> Result {
    let path = cx.path().trim_end_matches('/');
    let ours = path == paths::POSTS
        || ["/posts/", "/comments/", "/users/"].iter().any(|start| path.starts_with(start));
    match cx.request.raw_url().split_once('?') {
        _ if !ours || cx.method() != "GET" => Err(Error::NotFound),
        Some((_, query)) => Ok(reply::moved(cx, format!("{path}?{query}"))),
        None => Ok(reply::moved(cx, path.to_owned())),
    }
}

/// The health check, green as in Rails: 200 while the database can be read.
fn up(cx: &Cx) -> Result {
    cx.app.db.check()?;
    let green = r#"<!DOCTYPE html><html lang="en"><title>Up</title><body bgcolor="green"></body></html>"#;
    Ok(reply::html(cx, green.to_owned()))
}
