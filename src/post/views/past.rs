//! The posts of a day.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::super::ListedPost;
use super::super::day::{Day, Step};
use crate::types::cursor::Slice;
use crate::types::time::Clock;
use crate::ui::pager;
use crate::web::{Viewer, paths};

/// The day of a page, and the days to which it links.
#[derive(Debug, Clone, Copy)]
pub struct Days {
    /// The day of the page.
    pub shown: Day,
    /// The day of the oldest post.
    pub first: Day,
    /// The present day.
    pub today: Day,
}

/// A page of the posts of a day, the first of this rank, with links to other days and to the next page.
pub fn page<'p>(
    viewer: Option<&'p Viewer>,
    days: Days,
    (posts, first): (&'p Slice<ListedPost>, Option<u32>),
    clock: &'p Clock,
) -> impl Render + 'p {
    let earlier = |step| days.shown.before(step).filter(|day| *day >= days.first);
    let later = |step| days.shown.after(step).filter(|day| *day <= days.today);
    let (earlier, later) = (Step::EACH.map(earlier), Step::EACH.map(later));
    owned_html! {
        : super::periods(None);
        nav(class="tabs", aria-label="Other days") {
            @ for (step, day) in Step::EACH.into_iter().zip(earlier) {
                @ if let Some(day) = day { a(href=paths::past(day)) { : "← "; : step.name() } }
            }
            @ for (step, day) in Step::EACH.into_iter().zip(later) {
                @ if let Some(day) = day { a(href=paths::past(day)) { : step.name(); : " →" } }
            }
        }
        @ if posts.rows.is_empty() {
            p(class="empty") { : "Nobody posted anything on this day." }
        } else {
            : super::rows(&posts.rows, viewer, clock, first);
            : pager::more_ranked(&paths::past(days.shown), (posts, first), "posts");
        }
    }
}
