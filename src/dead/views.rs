//! Views of dead things.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::{DeadItem, MAX_SHOWN_CHARS, VOUCHES};
use crate::html::text::{DOT, Id, Isolated, Text};
use crate::markup::Markup;
use crate::moderation::Subject;
use crate::text::shortened;
use crate::types::cursor::Slice;
use crate::types::time::Clock;
use crate::ui::pager;
use crate::ui::time::Age;
use crate::user;
use crate::vote::Target;
use crate::web::Viewer;
use crate::web::paths;

/// The page of what flags have hidden.
pub fn list<'d>(viewer: &'d Viewer, items: &'d Slice<DeadItem>, clock: &'d Clock) -> impl Render + 'd {
    owned_html! {
        p(class="hint") {
            : "Enough users have flagged these. When "; : VOUCHES;
            : " others vouch for one, it is back, and flags do not hide it again."
        }
        div(class="decision") {
            @ if items.rows.is_empty() {
                p(class="empty") { : "Nothing is dead." }
            } else {
                ol(class="comments", id="dead") { @ for item in &items.rows { : self::item(viewer, item, clock) } }
                : pager::more(items.next, "after", "", "dead posts and comments");
            }
        }
    }
}

fn item<'d>(viewer: &'d Viewer, item: &'d DeadItem, clock: &'d Clock) -> impl Render + 'd {
    let subject = Subject::from(item.target);
    owned_html! {
        li(id=Id("dead_", item.id)) {
            div {
                p {
                    a(href=subject.address()) { : if matches!(item.target, Target::Post(_)) { "A post" } else { "A comment" } }
                    : " "; : user::views::author::by(item.author.as_ref(), Some(viewer)); : DOT;
                    : "dead for "; : Age { at: item.died_at, clock }; : DOT;
                    : item.vouches; : " of "; : VOUCHES; : " vouches"; : DOT;
                    : control(viewer, item);
                    @ if viewer.is_admin { : DOT; a(href=subject.moderation_path()) { : "Moderate" } }
                }
                @ if let Some(title) = &item.title { p { strong { : Isolated(title) } } }
                @ if let Some(url) = &item.url { p(dir="auto") { : Text(url) } }
                : Markup(&shortened(&item.text, MAX_SHOWN_CHARS as usize));
            }
        }
    }
}

/// The button, or why there is none. It belongs to the form that small buttons share (`ui/layout.rs`).
fn control<'d>(viewer: &'d Viewer, item: &'d DeadItem) -> impl Render + 'd {
    let action = match item.target {
        Target::Post(id) => paths::vouch_for_post(id),
        Target::Comment(id) => paths::vouch_for_comment(id),
    };
    owned_html! {
        @ if user::is_own(item.author.as_ref(), Some(viewer)) { : "yours" }
        else if item.has_flagged { : "you flagged it" }
        else if item.has_vouched { : vouched(item.target) }
        else { button(class="link", form="acts", formaction=action, id=id(item.target)) { : "Vouch" } }
    }
}

/// What a user who vouches sees in place of the button. It has the button's id, so that the focus stays.
pub fn vouched(target: Target) -> impl Render {
    owned_html! { a(id=id(target), href=Subject::from(target).address()) { : "You vouch for it" } }
}

fn id(target: Target) -> Id {
    match target {
        Target::Post(id) => Id("vouch_post_", id.get()),
        Target::Comment(id) => Id("vouch_comment_", id.get()),
    }
}

/// The CSS selector of the button that vouches.
#[must_use]
pub fn selector(target: Target) -> String {
    match target {
        Target::Post(id) => format!("#vouch_post_{id}"),
        Target::Comment(id) => format!("#vouch_comment_{id}"),
    }
}
