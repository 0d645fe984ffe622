//! HTML of the number of new comments.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use super::MANY_NEW;

/// `3 new`; from [`MANY_NEW`] on, `99+ new`.
pub fn new_count(number: i64) -> impl Render {
    owned_html! {
        : Raw(itoa::Buffer::new().format(number.min(MANY_NEW - 1)));
        : Raw(if number < MANY_NEW { " new" } else { "+ new" });
    }
}
