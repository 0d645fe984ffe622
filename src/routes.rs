//! The table of routes, one line each.

#[macro_use]
mod macros;
mod segments;

use segments::{
    comment_id, draft_id, error_id, inside, invitation_id, number, post_id, session_id, token_id, user_id,
    version_id,
};

use crate::admin::Who;
use crate::comment::ReplyTarget;
use crate::hiding::Hidden;
use crate::hn_api::List;
use crate::moderation::Subject;
use crate::post::PostKind;
use crate::saved::SaveAction;
use crate::site::error_log::Listed;
use crate::site::rate_limits::RateLimit;
use crate::site::settings::Setting;
use crate::site_api;
use crate::site_api::handlers::writing;
use crate::vote::handlers::change as vote;
use crate::vote::{Target, Vote};
use crate::web::route::Route;
use crate::web::{Cx, Error, Result, assets, csrf, observer, paths, reply};
use crate::{
    admin, api_token, auth, benchmarking, comment, dead, deletion, error_group, feed, first_admin, flag,
    follow, hiding, hint, hn_api, hn_forms, hn_search, inbox, invitation, kept, logo, mail, moderation,
    monitoring, moving, own_data, post, preference, reset, saved, search, session, setting, sitemap, status,
    tag, user, version,
};

/// What keeps a client from sending a change as often as it can.
#[derive(Debug, Clone, Copy)]
pub enum Limited {
    /// This rate limit, which the handler checks.
    By(RateLimit),
    /// Nothing, for this reason.
    Not(&'static str),
}

/// Finds the handler for a request and runs it.
///
/// # Errors
/// [`Error::Forbidden`] for a request that changes something and comes from another site, unless its address holds a secret
/// or no cookie counts there;
/// [`Error::Moderated`] for a banned user; [`Error::OtherAccount`] for a form of another account;
/// [`Error::NotFound`]; [`Error::MethodNotAllowed`]; the handler's.
pub fn route(cx: &Cx) -> Result {
    let segments: Vec<&str> = cx.path().split('/').skip(1).collect();
    if !has_secret(&segments) && !cx.is_of_api() {
        csrf::check(cx)?;
    }
    if !is_open_to_banned(cx.method(), &segments) {
        auth::refuse_banned(cx)?;
    }
    if is_of_an_account(cx.method(), &segments) {
        auth::compare_account(cx)?;
    }
    let other_account = auth::other_account(cx);
    match (other_account, &segments[..]) {
        (_, [_, .., ""]) => without_trailing_slash(cx),
        (None, segments) => dispatch(cx, segments),
        // The handler shows its form again; whatever else it says would be about the wrong account.
        (Some(refusal), segments) if repeats_its_form(segments) => dispatch(cx, segments).or(Err(refusal)),
        (Some(refusal), _) => Err(refusal),
    }
}

/// Whether the request changes something in the name of the viewer, so that its form must have been made for
/// them. Preferences belong to the browser, signing in or up replaces the viewer, and a link by
/// mail is for whomever the form names.
fn is_of_an_account(method: &str, segments: &[&str]) -> bool {
    !matches!(
        (method, segments),
        ("GET", _)
            | (_, ["preferences"] | ["benchmarking", ..])
            | ("POST", ["sessions"] | ["users"] | ["reset"])
    )
}

/// Whether the address holds a secret, by which alone the handler acts, and not by cookies: another site that knows it can do
/// no more with a reader's browser than without. Pages without a referrer have no `Origin` either.
fn has_secret(segments: &[&str]) -> bool {
    matches!(segments, ["reset" | "confirm" | "unsubscribe", _])
}

/// Whether the handler of a changing request shows a form again that was made for another account, and changes
/// nothing: it asks [`Cx::or_refused`]. All other requests are refused here.
fn repeats_its_form(segments: &[&str]) -> bool {
    matches!(
        segments,
        ["posts"] | [_, _, "comments" | "replies" | "flag" | "moderate" | "retitle" | "merge" | "move"]
    )
}

/// The route of requests that match no route, or are refused before one is looked for.
const NO_ROUTE: Route = Route(PATTERNS.len());

/// The route with this pattern, for constants: an unknown pattern is a compile error.
const fn named(pattern: &str) -> Route {
    let mut at = 0;
    while !is_same(PATTERNS[at].as_bytes(), pattern.as_bytes()) {
        at += 1;
    }
    Route(at)
}

/// The route of a request, set by [`route`].
#[must_use]
pub fn route_of(cx: &Cx) -> Route {
    cx.route.get().unwrap_or(NO_ROUTE)
}

/// The patterns of all routes in the order of [`Route`]; the last, `none`, is that of requests without a
/// route.
pub fn patterns() -> impl Iterator<Item = &'static str> {
    PATTERNS.iter().copied().chain(["none"])
}

/// The method and the pattern of each change that a client can request, with what limits it.
pub fn changes() -> impl Iterator<Item = (&'static str, &'static str, Limited)> {
    METHODS.iter().zip(PATTERNS).flat_map(|(methods, pattern)| {
        methods.iter().filter_map(move |(method, limited)| Some((*method, *pattern, (*limited)?)))
    })
}

/// `one == other`, which is not `const` for slices.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([a, one @ ..], [b, other @ ..]) => *a == *b && is_same(one, other),
        _ => false,
    }
}

routes! { cx,
    [""] => { GET => kept::page(cx, post::handlers::lists::front) }
    ["best"] => { GET => kept::page(cx, |cx| post::handlers::lists::best(cx, paths::WEEK)) }
    ["best", period] => { GET => kept::page(cx, |cx| post::handlers::lists::best(cx, period)) }
    ["ask"] => { GET => kept::page(cx, |cx| post::handlers::lists::of_kind(cx, PostKind::Ask)) }
    ["show"] => { GET => kept::page(cx, |cx| post::handlers::lists::of_kind(cx, PostKind::Show)) }
    ["past"] => { GET => kept::page(cx, post::handlers::past::show) }
    ["from"] => { GET => kept::page(cx, post::handlers::lists::from) }
    ["posts"] => { GET => kept::page(cx, post::handlers::lists::recent), POST [Writes] => post::handlers::create(cx) }
    ["posts.atom"] => { GET => kept::document(cx, feed::handlers::newest) }
    ["search.atom"] => { GET => kept::document(cx, feed::handlers::of_search) }
    ["front.atom"] => { GET => kept::document(cx, feed::handlers::front) }
    ["posts", file] if file.ends_with(".atom") => {
        GET => kept::document(cx, |cx| feed::handlers::of_post(cx, post_id(inside("", file, ".atom"))?))
    }
    ["users", file] if file.ends_with(".atom") => {
        GET => feed::handlers::of_user(cx, user_id(inside("", file, ".atom"))?)
    }
    ["posts", "new"] => { GET => post::handlers::new(cx) }
    ["posts", id] => {
        GET => kept::page(cx, |cx| post::handlers::show(cx, post_id(id)?)),
        PATCH [Writes] => post::handlers::update(cx, post_id(id)?),
        PUT [Writes] => post::handlers::update(cx, post_id(id)?),
        DELETE [Changes] => post::handlers::destruction::destroy(cx, post_id(id)?)
    }
    ["posts", id, "text"] => { GET => post::handlers::text(cx, post_id(id)?) }
    ["posts", id, "versions"] => { GET => version::handlers::show(cx, Target::Post(post_id(id)?)) }
    ["posts", id, "edit"] => { GET => post::handlers::edit(cx, post_id(id)?) }
    ["posts", id, "destroy"] => { GET => post::handlers::destruction::confirm(cx, post_id(id)?) }
    ["posts", id, "undo"] => { POST [Changes] => deletion::handlers::undo(cx, Target::Post(post_id(id)?)) }
    ["posts", id, "comments"] => {
        GET => Ok(comment::handlers::list(cx, post_id(id)?)),
        POST [Writes] => comment::handlers::create(cx, ReplyTarget::Post(post_id(id)?))
    }
    ["posts", id, "flag"] => {
        GET => flag::handlers::new(cx, Target::Post(post_id(id)?)),
        POST [Writes] => flag::handlers::create(cx, Target::Post(post_id(id)?))
    }
    ["posts", id, "unflag"] => { POST [Changes] => flag::handlers::withdraw(cx, Target::Post(post_id(id)?)) }
    ["posts", id, "vouch"] => { POST [Votes] => dead::handlers::vouch(cx, Target::Post(post_id(id)?)) }
    ["posts", id, "retitle"] => {
        GET => post::handlers::retitling::show(cx, post_id(id)?),
        POST [Changes] => post::handlers::retitling::update(cx, post_id(id)?)
    }
    ["posts", id, "merge"] => {
        GET => moving::handlers::show(cx, Target::Post(post_id(id)?)),
        POST [Changes] => moving::handlers::update(cx, Target::Post(post_id(id)?))
    }
    ["posts", id, "moderate"] => {
        GET => moderation::handlers::show(cx, Subject::Post(post_id(id)?)),
        POST [Changes] => moderation::handlers::decide(cx, Subject::Post(post_id(id)?))
    }
    ["posts", id, "vote"] => { POST [Votes] => vote(cx, Target::Post(post_id(id)?), Vote::Cast) }
    ["posts", id, "unvote"] => { POST [Votes] => vote(cx, Target::Post(post_id(id)?), Vote::Withdrawn) }
    ["posts", id, "save"] => { POST [Votes] => saved::handlers::change(cx, Target::Post(post_id(id)?), SaveAction::Save) }
    ["posts", id, "unsave"] => { POST [Votes] => saved::handlers::change(cx, Target::Post(post_id(id)?), SaveAction::Unsave) }
    ["posts", id, "mute"] => { POST [Votes] => inbox::handlers::mute(cx, post_id(id)?, true) }
    ["posts", id, "unmute"] => { POST [Votes] => inbox::handlers::mute(cx, post_id(id)?, false) }
    ["threads"] => { GET => comment::handlers::own_lists::threads(cx) }
    ["upvoted"] => { GET => post::handlers::own_lists::upvoted(cx) }
    ["upvoted", "comments"] => { GET => comment::handlers::own_lists::upvoted(cx) }
    ["saved"] => { GET => saved::handlers::list(cx) }
    ["saved", "comments"] => { GET => saved::handlers::comments(cx) }
    ["comments", id, "save"] => {
        POST [Votes] => saved::handlers::change(cx, Target::Comment(comment_id(id)?), SaveAction::Save)
    }
    ["comments", id, "unsave"] => {
        POST [Votes] => saved::handlers::change(cx, Target::Comment(comment_id(id)?), SaveAction::Unsave)
    }
    ["posts", id, "hide"] => { POST [Votes] => hiding::handlers::change(cx, Hidden::Post(post_id(id)?), true) }
    ["posts", id, "unhide"] => { POST [Votes] => hiding::handlers::change(cx, Hidden::Post(post_id(id)?), false) }
    ["users", id, "mute"] => { POST [Votes] => hiding::handlers::change(cx, Hidden::User(user_id(id)?), true) }
    ["users", id, "unmute"] => { POST [Votes] => hiding::handlers::change(cx, Hidden::User(user_id(id)?), false) }
    ["from", "mute"] => { POST [Votes] => hiding::handlers::change_site(cx, true) }
    ["from", "unmute"] => { POST [Votes] => hiding::handlers::change_site(cx, false) }
    ["tags"] => { GET => tag::handlers::list(cx) }
    ["tagged"] => { GET => post::handlers::lists::tagged(cx) }
    ["tagged", "mute"] => { POST [Votes] => hiding::handlers::change_tag(cx, true) }
    ["tagged", "unmute"] => { POST [Votes] => hiding::handlers::change_tag(cx, false) }
    ["hidden"] => { GET => hiding::handlers::hidden(cx) }
    ["muted"] => { GET => hiding::handlers::muted(cx) }
    ["inbox"] => { GET => inbox::handlers::show(cx) }
    ["inbox", "read"] => { POST [Changes] => inbox::handlers::mark_all_read(cx) }
    ["inbox", "feed"] => { POST [Changes] => inbox::handlers::renew_feed(cx) }
    ["inbox", file] if file.ends_with(".atom") => { GET => inbox::handlers::feed(cx, file) }
    ["comments"] => { GET => kept::page(cx, comment::handlers::lists::newest) }
    ["comments", "followed"] => { GET => comment::handlers::lists::followed(cx) }
    ["comments", id, "vote"] => { POST [Votes] => vote(cx, Target::Comment(comment_id(id)?), Vote::Cast) }
    ["comments", id, "unvote"] => { POST [Votes] => vote(cx, Target::Comment(comment_id(id)?), Vote::Withdrawn) }
    ["comments", id, "flag"] => {
        GET => flag::handlers::new(cx, Target::Comment(comment_id(id)?)),
        POST [Writes] => flag::handlers::create(cx, Target::Comment(comment_id(id)?))
    }
    ["comments", id, "unflag"] => { POST [Changes] => flag::handlers::withdraw(cx, Target::Comment(comment_id(id)?)) }
    ["comments", id, "move"] => {
        GET => moving::handlers::show(cx, Target::Comment(comment_id(id)?)),
        POST [Changes] => moving::handlers::update(cx, Target::Comment(comment_id(id)?))
    }
    ["comments", id, "vouch"] => { POST [Votes] => dead::handlers::vouch(cx, Target::Comment(comment_id(id)?)) }
    ["comments", id, "moderate"] => {
        GET => moderation::handlers::show(cx, Subject::Comment(comment_id(id)?)),
        POST [Changes] => moderation::handlers::decide(cx, Subject::Comment(comment_id(id)?))
    }
    ["comments", id] => {
        GET => comment::handlers::show(cx, comment_id(id)?),
        PATCH [Writes] => comment::handlers::update(cx, comment_id(id)?),
        PUT [Writes] => comment::handlers::update(cx, comment_id(id)?),
        DELETE [Changes] => comment::handlers::destruction::destroy(cx, comment_id(id)?)
    }
    ["comments", id, "reply"] => { GET => comment::handlers::replies::form(cx, comment_id(id)?) }
    ["comments", id, "replies"] => {
        GET => comment::handlers::replies::list(cx, comment_id(id)?),
        POST [Writes] => comment::handlers::create(cx, ReplyTarget::Comment(comment_id(id)?))
    }
    ["comments", id, "destroy"] => { GET => comment::handlers::destruction::confirm(cx, comment_id(id)?) }
    ["comments", id, "undo"] => { POST [Changes] => deletion::handlers::undo(cx, Target::Comment(comment_id(id)?)) }
    ["comments", id, "versions"] => { GET => version::handlers::show(cx, Target::Comment(comment_id(id)?)) }
    ["versions", id, "strike"] => {
        GET => version::handlers::confirm(cx, version_id(id)?),
        POST [Changes] => version::handlers::strike(cx, version_id(id)?)
    }
    ["comments", id, "edit"] => { GET => comment::handlers::edit(cx, comment_id(id)?) }
    ["drafts", id] => { DELETE [Changes] => comment::handlers::drafts::discard(cx, draft_id(id)?) }
    ["sign_up"] | ["users", "new"] => { GET => user::handlers::sign_up::new(cx) }
    ["users"] => {
        GET => Ok(reply::see_other(cx, paths::SIGN_UP)),
        POST [SignUps] => user::handlers::sign_up::create(cx)
    }
    ["invitations"] => {
        GET => invitation::handlers::list(cx),
        POST [Writes] => invitation::handlers::create(cx)
    }
    ["invitations", "tree"] => { GET => invitation::handlers::tree(cx) }
    ["invitations", id, "withdraw"] => { POST [Changes] => invitation::handlers::withdraw(cx, invitation_id(id)?) }
    ["users", id] => { GET => user::handlers::show(cx, user_id(id)?) }
    ["users", id, "follow"] => { POST [Votes] => follow::handlers::change(cx, user_id(id)?, true) }
    ["users", id, "unfollow"] => { POST [Votes] => follow::handlers::change(cx, user_id(id)?, false) }
    ["users", id, "moderate"] => {
        GET => moderation::handlers::show(cx, Subject::User(user_id(id)?)),
        POST [Changes] => moderation::handlers::decide(cx, Subject::User(user_id(id)?))
    }
    ["log"] => { GET => moderation::handlers::log(cx) }
    ["admin"] => { GET => admin::handlers::overview(cx) }
    ["admin", "people"] => { GET => admin::handlers::people(cx, Who::All) }
    ["admin", "people", "banned"] => { GET => admin::handlers::people(cx, Who::Banned) }
    ["admin", "people", "admins"] => { GET => admin::handlers::people(cx, Who::Admins) }
    ["admin", "backup"] => { GET => admin::handlers::show_backup(cx) }
    ["admin", "backup", "copy"] => {
        POST [Changes] => admin::handlers::restore_copy(cx),
        DELETE [Changes] => admin::handlers::delete_copy(cx)
    }
    ["admin", "hints"] => { GET => hint::handlers::show(cx) }
    ["admin", "errors"] => { GET => error_group::handlers::list(cx, Listed::Open) }
    ["admin", "errors", "resolved"] => { GET => error_group::handlers::list(cx, Listed::Resolved) }
    ["admin", "errors", id] => { GET => error_group::handlers::show(cx, error_id(id)?) }
    ["admin", "errors", id, "resolve"] => { POST [Changes] => error_group::handlers::resolve(cx, error_id(id)?, true) }
    ["admin", "errors", id, "reopen"] => { POST [Changes] => error_group::handlers::resolve(cx, error_id(id)?, false) }
    ["flags"] => { GET => flag::handlers::queue(cx) }
    ["dead"] => { GET => dead::handlers::list(cx) }
    ["user"] => {
        GET => match cx.query("id") {
            Some(name) => hn_forms::handlers::user(cx, &name),
            None => user::handlers::own(cx),
        },
        PATCH [Changes] => user::handlers::update(cx),
        PUT [Changes] => user::handlers::update(cx),
        DELETE [SignIns] => user::handlers::destroy(cx)
    }
    ["user", "data"] => { POST [Changes] => own_data::handlers::download(cx) }
    ["user", "tokens"] => {
        GET => api_token::handlers::show(cx),
        POST [Changes] => api_token::handlers::create(cx)
    }
    ["user", "tokens", id] => { DELETE [Changes] => api_token::handlers::revoke(cx, token_id(id)?) }
    ["user", "edit"] => { GET => user::handlers::edit(cx) }
    ["user", "delete"] => { GET => user::handlers::confirm_destroy(cx) }
    ["sign_in"] | ["sessions", "new"] => { GET => session::handlers::new(cx) }
    ["user", "mail"] => {
        GET => mail::handlers::show(cx),
        POST [SignIns] => mail::handlers::update(cx),
        DELETE [Changes] => mail::handlers::remove(cx)
    }
    ["user", "mail", "replies"] => { POST [Changes] => mail::handlers::choose_replies(cx) }
    ["unsubscribe", token] => {
        GET => mail::handlers::ask_to_unsubscribe(cx, token),
        POST [none "a mail program sends it for many users, and repeating it changes nothing"] => mail::handlers::unsubscribe(cx, token)
    }
    ["confirm", token] => {
        GET => mail::handlers::confirmation(cx, token),
        POST [SignIns] => mail::handlers::confirm(cx, token)
    }
    ["reset"] => {
        GET => reset::handlers::ask(cx),
        POST [SignIns] => reset::handlers::request(cx)
    }
    ["reset", token] => {
        GET => reset::handlers::edit(cx, token),
        POST [SignIns] => reset::handlers::update(cx, token)
    }
    ["signed_in"] => { GET => session::handlers::signed_in(cx) }
    ["sessions"] => {
        GET => Ok(reply::see_other(cx, paths::SIGN_IN)),
        POST [SignIns] => session::handlers::create(cx),
        DELETE [Changes] => session::handlers::destroy_others(cx)
    }
    ["sessions", id] => { DELETE [Changes] => session::handlers::destroy(cx, session_id(id)?) }
    ["first_admin", secret] => {
        GET => first_admin::handlers::show(cx, secret),
        POST [Changes] => first_admin::handlers::create(cx, secret)
    }
    ["settings"] => {
        GET => setting::handlers::edit(cx),
        PATCH [Changes] => setting::handlers::update(cx),
        PUT [Changes] => setting::handlers::update(cx)
    }
    ["settings", "logo"] => {
        POST [Changes] => logo::handlers::upload(cx),
        DELETE [Changes] => logo::handlers::remove(cx)
    }
    ["logo", file] => { GET => logo::handlers::show(cx, file) }
    ["rules"] => { GET => kept::page(cx, |cx| setting::handlers::show(cx, Setting::Rules)) }
    ["about"] => { GET => kept::page(cx, |cx| setting::handlers::show(cx, Setting::About)) }
    ["privacy"] => { GET => kept::page(cx, |cx| setting::handlers::show(cx, Setting::Privacy)) }
    ["manifest.json"] => { GET => setting::handlers::manifest(cx) }
    ["accent", file] => { GET => setting::handlers::accent(cx, file) }
    ["preferences"] => {
        GET => preference::handlers::edit(cx),
        POST [none "it sets cookies in the client and writes nothing"] => preference::handlers::update(cx)
    }
    ["keys"] => { GET => preference::handlers::keys(cx) }
    ["benchmarking", action] if cx.site.config.benchmarking => { POST [none "it is for load tests, and off unless the operator turns it on"] => benchmarking::run(cx, action) }
    ["robots.txt"] => { GET => sitemap::handlers::robots(cx) }
    ["sitemap.xml"] => { GET => sitemap::handlers::index(cx) }
    [file] if file.starts_with("sitemap-") => {
        GET => sitemap::handlers::part(cx, number(inside("sitemap-", file, ".xml"))?)
    }
    ["search"] => { GET => kept::page(cx, search::handlers::show) }
    ["v0", "item", file] if file.ends_with(".json") => {
        GET => kept::document(cx, |cx| hn_api::handlers::item(cx, inside("", file, ".json")))
    }
    ["v0", "user", file] if file.ends_with(".json") => { GET => hn_api::handlers::user(cx, inside("", file, ".json")) }
    ["v0", "topstories.json"] => { GET => kept::document(cx, |cx| hn_api::handlers::list(cx, List::Top)) }
    ["v0", "newstories.json"] => { GET => kept::document(cx, |cx| hn_api::handlers::list(cx, List::New)) }
    ["v0", "beststories.json"] => { GET => kept::document(cx, |cx| hn_api::handlers::list(cx, List::Best)) }
    ["v0", "askstories.json"] => { GET => kept::document(cx, |cx| hn_api::handlers::list(cx, List::Ask)) }
    ["v0", "showstories.json"] => { GET => kept::document(cx, |cx| hn_api::handlers::list(cx, List::Show)) }
    ["v0", "jobstories.json"] => { GET => kept::document(cx, |cx| hn_api::handlers::list(cx, List::Jobs)) }
    ["v0", "maxitem.json"] => { GET => kept::document(cx, hn_api::handlers::max_item) }
    ["v0", "updates.json"] => { GET => kept::document(cx, hn_api::handlers::updates) }
    ["api", "v1", "search"] => { GET => kept::document(cx, |cx| hn_search::handlers::search(cx, search::Order::Relevance)) }
    ["api", "v1", "search_by_date"] => { GET => kept::document(cx, |cx| hn_search::handlers::search(cx, search::Order::Date)) }
    ["api", "v1", "items", number] => { GET => kept::document(cx, |cx| hn_search::handlers::item(cx, number)) }
    ["api", "v1", "users", name] => { GET => hn_search::handlers::user(cx, name) }
    ["api", "site", "openapi.json"] => { GET => site_api::handlers::document(cx) }
    ["api", "site", "me"] => { GET => site_api::handlers::me(cx) }
    ["api", "site", "inbox"] => { GET => site_api::handlers::inbox(cx) }
    ["api", "site", "users", id] => { GET => site_api::handlers::user(cx, user_id(id)?) }
    ["api", "site", "posts"] => {
        GET => site_api::handlers::posts(cx),
        POST [Writes] => writing::create_post(cx)
    }
    ["api", "site", "posts", id] => {
        GET => site_api::handlers::post(cx, post_id(id)?),
        PATCH [Writes] => writing::update_post(cx, post_id(id)?),
        DELETE [Changes] => writing::delete_post(cx, post_id(id)?)
    }
    ["api", "site", "posts", id, "vote"] => {
        PUT [Votes] => writing::vote(cx, Target::Post(post_id(id)?), Vote::Cast),
        DELETE [Votes] => writing::vote(cx, Target::Post(post_id(id)?), Vote::Withdrawn)
    }
    ["api", "site", "posts", id, "save"] => {
        PUT [Votes] => writing::save(cx, Target::Post(post_id(id)?), SaveAction::Save),
        DELETE [Votes] => writing::save(cx, Target::Post(post_id(id)?), SaveAction::Unsave)
    }
    ["api", "site", "posts", id, "flag"] => {
        PUT [Writes] => writing::flag(cx, Target::Post(post_id(id)?)),
        DELETE [Changes] => writing::unflag(cx, Target::Post(post_id(id)?))
    }
    ["api", "site", "comments"] => { POST [Writes] => writing::create_comment(cx) }
    ["api", "site", "comments", id] => {
        GET => site_api::handlers::comment(cx, comment_id(id)?),
        PATCH [Writes] => writing::update_comment(cx, comment_id(id)?),
        DELETE [Changes] => writing::delete_comment(cx, comment_id(id)?)
    }
    ["api", "site", "comments", id, "vote"] => {
        PUT [Votes] => writing::vote(cx, Target::Comment(comment_id(id)?), Vote::Cast),
        DELETE [Votes] => writing::vote(cx, Target::Comment(comment_id(id)?), Vote::Withdrawn)
    }
    ["api", "site", "comments", id, "save"] => {
        PUT [Votes] => writing::save(cx, Target::Comment(comment_id(id)?), SaveAction::Save),
        DELETE [Votes] => writing::save(cx, Target::Comment(comment_id(id)?), SaveAction::Unsave)
    }
    ["api", "site", "comments", id, "flag"] => {
        PUT [Writes] => writing::flag(cx, Target::Comment(comment_id(id)?)),
        DELETE [Changes] => writing::unflag(cx, Target::Comment(comment_id(id)?))
    }
    ["news"] => { GET => Ok(reply::see_other(cx, paths::FRONT)) }
    ["newest"] => { GET => Ok(reply::see_other(cx, paths::POSTS)) }
    ["newcomments"] => { GET => Ok(reply::see_other(cx, paths::COMMENTS)) }
    ["item"] | ["reply"] => { GET => hn_forms::handlers::item(cx) }
    ["login"] => {
        GET => Ok(reply::see_other(cx, paths::SIGN_IN)),
        POST [SignIns] => hn_forms::handlers::log_in(cx)
    }
    ["submit"] | ["submitlink"] => {
        GET => hn_forms::handlers::submit_form(cx),
        POST [SignIns] => hn_forms::handlers::submit(cx)
    }
    ["r"] => { POST [Writes] => hn_forms::handlers::create_post(cx) }
    ["edit"] => {
        GET => hn_forms::handlers::edit_form(cx),
        POST [SignIns] => hn_forms::handlers::edit(cx)
    }
    ["xedit"] => { POST [Writes] => hn_forms::handlers::update(cx) }
    ["comment"] => { POST [Writes] => hn_forms::handlers::comment(cx) }
    ["vote"] => { POST [Votes] => hn_forms::handlers::vote(cx) }
    ["fave"] => { POST [Votes] => hn_forms::handlers::fave(cx) }
    ["flag"] => { POST [Writes] => hn_forms::handlers::flag(cx) }
    ["up"] => { GET => status::handlers::up(cx) }
    ["metrics"] if observer::may_observe(cx) => { GET => monitoring::handlers::show(cx) }
    ["status"] => { GET => status::handlers::status(cx) }
    ["assets", name] => { GET => assets::serve(cx, name) }
    [name] if assets::is_at_root(name) => { GET => assets::serve_at_root(cx, name) }
}

/// Whether a banned user may send the request: reading, preferences, saving posts and comments, following users, hiding,
/// discarding drafts, revoking tokens, signing up, in and out, a new password or the confirmation of an address by a link, replies by mail,
/// removing their address, and deleting their own account. All other changes are refused here, so that a new route is closed to
/// banned users by default. (Benchmarking endpoints act as random users.)
fn is_open_to_banned(method: &str, segments: &[&str]) -> bool {
    match segments {
        _ if method == "GET" => true,
        ["sessions", ..] | ["users"] | ["benchmarking", ..] => true,
        ["preferences" | "login" | "fave"] | ["drafts" | "from" | "tagged" | "inbox", _] => true,
        ["posts", _, "save" | "unsave" | "mute" | "unmute" | "hide" | "unhide"] => true,
        ["reset"]
        | ["reset" | "confirm" | "unsubscribe", _]
        | ["user", "mail", "replies"]
        | ["user", "data"] => true,
        ["api", "site", "posts" | "comments", _, "save"] => true,
        ["users", _, "follow" | "unfollow" | "mute" | "unmute"] | ["comments", _, "save" | "unsave"] => true,
        ["user"] | ["user", "mail"] | ["user", "tokens", _] => method == "DELETE",
        _ => false,
    }
}

/// Redirects `/posts/` to `/posts`. Only paths that begin as the site's own do are redirected.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_has_a_name_of_its_own() {
        let patterns: Vec<&str> = patterns().collect();
        for (at, pattern) in patterns.iter().enumerate() {
            assert!(!patterns[..at].contains(pattern), "{pattern}");
        }
        assert_eq!(patterns[named("/posts/:id").0], "/posts/:id");
        assert_eq!(patterns[named("/sign_in").0], "/sign_in");
        assert_eq!((patterns[0], patterns[NO_ROUTE.0]), ("/", "none"));
    }
}
