//! HTML of the inbox.

use horrorshow::owned_html;
use horrorshow::prelude::*;
use smol_str::SmolStr;

use super::{Item, Why};
use crate::comment;
use crate::html::text::{DOT, Id, Isolated};
use crate::moderation;
use crate::moderation::LogEntry;
use crate::types::cursor::Slice;
use crate::types::id::PostId;
use crate::types::time::Clock;
use crate::ui::pager;
use crate::ui::time::Age;
use crate::user;
use crate::visibility::DELETED;
use crate::web::account::Account;
use crate::web::paths;

/// What the page shows.
pub struct Content<'i> {
    /// A page of the comments.
    pub items: &'i Slice<Item>,
    /// Whether there are unread ones that the page does not show.
    pub has_more_unread: bool,
    /// What was done about the viewer's account, each with whether it is unread.
    pub notices: &'i [(LogEntry, bool)],
    /// The muted discussions: posts with their titles.
    pub muted: &'i [(PostId, SmolStr)],
    /// The address of the feed; `None`: there is none.
    pub feed: Option<&'i str>,
}

/// The page of the inbox.
pub fn page<'i>(account: Account, content: Content<'i>, clock: &'i Clock) -> impl Render + 'i {
    let Content { items, has_more_unread, notices, muted, feed } = content;
    owned_html! {
        @ if !notices.is_empty() { : self::notices(notices, clock) }
        // Below the notices.
        div(class?=(!notices.is_empty()).then_some("decision")) {
            @ if items.rows.is_empty() {
                p(class="empty") { : "There is nothing here yet. Comments on your posts and replies to your comments come here, and comments that mention you as @ and your name." }
            } else {
                @ if has_more_unread { : mark_all(account) }
                ol(class="comments", id="inbox") { @ for item in &items.rows { : self::item(item, clock) } }
                : pager::more(items.next, "after", "", "comments");
            }
        }
        @ if !muted.is_empty() { : self::muted(muted) }
        : self::feed(account, feed);
    }
}

fn notices<'n>(notices: &'n [(LogEntry, bool)], clock: &'n Clock) -> impl Render + 'n {
    owned_html! {
        section(aria-labelledby="notices_heading") {
            h2(id="notices_heading") { : "About your account" }
            ul(class="comments", id="notices") {
                @ for (entry, is_unread) in notices { li { : moderation::views::entry(entry, *is_unread, clock) } }
            }
        }
    }
}

fn muted(posts: &[(PostId, SmolStr)]) -> impl Render + '_ {
    owned_html! {
        section(aria-labelledby="muted_heading", class="prose") {
            h2(id="muted_heading") { : "Muted discussions" }
            ul(id="muted") {
                @ for (id, title) in posts {
                    li {
                        a(href=paths::post(*id), id=Id("muted_", id.get())) { : Isolated(title) } : DOT;
                        button(class="link", form="acts", formaction=paths::unmute(*id), aria-describedby=Id("muted_", id.get())) { : "Unmute" }
                    }
                }
            }
        }
    }
}

fn mark_all(account: Account) -> impl Render {
    owned_html! {
        div(class="actions") {
            form(method="post", action=paths::INBOX_READ) {
                : account;
                button(class="button", id="mark_all") { : "Mark all as read" }
            }
        }
    }
}

fn item<'i>(item: &'i Item, clock: &'i Clock) -> impl Render + 'i {
    owned_html! {
        li(id=Id("answer_", item.comment_id.get())) {
            div {
                p {
                    @ if item.is_unread { strong(class="badge") { : "new" } : " " }
                    @ if let Some(author) = &item.author { : user::views::author::name(author) } else { : DELETED }
                    : said(item.why);
                    a(href=paths::post(item.post_id), id=Id("about_", item.comment_id.get())) { : Isolated(&item.post_title) }
                    : DOT; a(href=paths::comment(item.comment_id)) { : Age { at: item.created_at, clock }; : Raw(" ago") }
                    span(class="act") { : DOT; : mute(item) }
                }
                : comment::views::text::listed(item.comment_id, &item.body);
                div(class="actions") { a(class="link", href=paths::reply(item.comment_id)) { : "Reply" } }
            }
        }
    }
}

/// What the author did, up to the title of the post.
fn said(why: Why) -> &'static str {
    match why {
        Why::Post => " commented on your post ",
        Why::Comment => " replied to you on ",
        Why::Mention => " mentioned you on ",
    }
}

/// The button that mutes the discussion or ends that. It belongs to the form that small buttons share (`ui/layout.rs`).
fn mute(item: &Item) -> impl Render {
    let (action, text) = if item.is_muted {
        (paths::unmute(item.post_id), "Unmute")
    } else {
        (paths::mute(item.post_id), "Mute")
    };
    let (id, about) = (Id("mute_", item.comment_id.get()), Id("about_", item.comment_id.get()));
    owned_html! { button(class="link", form="acts", formaction=action, id=id, aria-describedby=about) { : text } }
}

fn feed<'f>(account: Account, address: Option<&'f str>) -> impl Render + 'f {
    owned_html! {
        section(aria-labelledby="feed_heading") {
            h2(id="feed_heading") { : "Feed" }
            @ if let Some(address) = address {
                p(class="hint") {
                    a(href=address, id="inbox_feed") { : "The feed of your inbox" }
                    : " has a secret address: with it anyone can see who answers you. Another address ends the present one."
                }
            } else {
                p(class="hint") { : "A feed reader can show your inbox. The feed gets an address that nobody can guess." }
            }
            form(method="post", action=paths::INBOX_FEED) {
                : account;
                button(class="button", id="renew_feed") { : Raw(if address.is_some() { "Change the address" } else { "Make the feed" }) }
            }
        }
    }
}
