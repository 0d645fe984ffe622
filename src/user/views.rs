//! How people look.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::Author;
use super::handlers::Profile;
use crate::markup::Markup;
use crate::ui::pager;
use crate::ui::text::Text;
use crate::ui::time::{Age, Date};
use crate::web::cx::Viewer;
use crate::web::{Cx, paths};
use crate::{comment, post, session};

/// `by NAME`; to oneself one is "you", and who has left is `[deleted]`.
pub fn by<'a>(author: Option<&'a Author>, viewer: Option<&'a Viewer>) -> impl Render + 'a {
    owned_html! {
        : Raw("by ");
        @ if let Some(author) = author {
            a(href=paths::user(author.id)) {
                @ if viewer.is_some_and(|viewer| viewer.id == author.id) { : Raw("you") } else { : Text(&author.screen_name) }
            }
        } else {
            : Raw("[deleted]")
        }
    }
}

/// Someone's page.
pub fn show<'p>(cx: &'p Cx, viewer: Option<&'p Viewer>, profile: &'p Profile) -> impl Render + 'p {
    let user = &profile.user;
    owned_html! {
        dl(class="facts") {
            dt { : "user:" } dd { : &user.screen_name }
            dt { : "created:" }
            dd {
                @ if profile.sessions.is_some() { : Date(user.created_at) }
                else { : Age { at: user.created_at, now: cx.now }; : " ago" }
            }
            dt { : "about:" } dd(class="prose") { : Markup(&user.about) }
        }
        details(open, id="posts") {
            summary { h2 { : "Posts:" } : " "; : user.posts_count }
            ol(class="posts") {
                @ for post in &profile.posts.rows { : post::views::row(post, false, viewer, cx.now) }
            }
            : pager::more(profile.posts.next, "posts", "#posts");
        }
        : comments(cx, profile);
        : sessions(cx, viewer, profile);
    }
}

fn comments<'p>(cx: &'p Cx, profile: &'p Profile) -> impl Render + 'p {
    // Who has asked for the next page wants to see it.
    let asked_for = cx.query("comments").is_some();
    owned_html! {
        details(open?=asked_for, id="comments") {
            summary { h2 { : "Comments:" } : " "; : profile.user.comments_count }
            : comment::views::own(&profile.comments.rows, cx.now);
            : pager::more(profile.comments.next, "comments", "#comments");
        }
    }
}

fn sessions<'p>(cx: &'p Cx, viewer: Option<&'p Viewer>, profile: &'p Profile) -> impl Render + 'p {
    let asked_for = cx.query("sessions").is_some();
    owned_html! {
        @ if let Some(sessions) = &profile.sessions {
            details(open?=asked_for, id="sessions") {
                summary { h2 { : "Sessions:" } : " "; : profile.user.sessions_count }
                : session::views::list(&sessions.rows, viewer);
                : pager::more(sessions.next, "sessions", "#sessions");
            }
        }
    }
}
