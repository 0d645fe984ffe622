//! The API of Hacker News (<https://github.com/HackerNews/API>): posts, comments and users as JSON, for programs that
//! were written for that site.
//!
//! It has no viewer: it shows to every client what a guest sees.

pub mod handlers;
pub mod live;
pub mod sql;
pub mod views;

use crate::types::id::{CommentId, PostId};
use crate::vote::Target;

/// The most ids in the lists of top, new and best stories.
pub const MAX_STORIES: u32 = 500;
/// The most ids in the lists of posts that ask, and of posts that show something.
pub const MAX_OF_KIND: u32 = 200;
/// The most ids of a user's posts and comments, the newest.
pub const MAX_SUBMITTED: u32 = 1_000;
/// The newest posts, comments and acts of admins, of each this number, of which the updates consist.
pub const MAX_UPDATES: u32 = 30;
/// The most bytes of a rendered text. JSON doubles them at most, so an item has room in a page's bytes.
pub const MAX_TEXT_BYTES: usize = 120 * 1024;

/// The number of a post or comment in the one series of numbers that the API has for both: that of a post is even, that
/// of a comment odd (`docs/decisions/0032-item-numbers.md`). Neither is given again, since the ids are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemNumber(i64);

impl ItemNumber {
    /// An item's number as it stands in an address.
    #[must_use]
    pub const fn new(number: i64) -> ItemNumber {
        ItemNumber(number)
    }

    /// The number of a post or comment.
    #[must_use]
    pub const fn of(target: Target) -> ItemNumber {
        match target {
            Target::Post(id) => ItemNumber(id.get().saturating_mul(2)),
            Target::Comment(id) => ItemNumber(id.get().saturating_mul(2).saturating_add(1)),
        }
    }

    /// The post or comment with this number, which need not be there.
    #[must_use]
    pub const fn target(self) -> Target {
        let id = self.0.div_euclid(2);
        if self.0 % 2 == 0 { Target::Post(PostId::new(id)) } else { Target::Comment(CommentId::new(id)) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A list of posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// That of the front page.
    Top,
    /// The newest.
    New,
    /// Those of a week with the most points.
    Best,
    /// Those that ask.
    Ask,
    /// Those that show something.
    Show,
    /// Jobs, of which this site has none.
    Jobs,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_post_and_comment_has_a_number_of_its_own(id in 1..i64::MAX / 2 - 1) {
            let [post, comment] = [Target::Post(PostId::new(id)), Target::Comment(CommentId::new(id))];
            prop_assert_eq!(ItemNumber::of(post).target(), post);
            prop_assert_eq!(ItemNumber::of(comment).target(), comment);
            prop_assert_eq!(ItemNumber::of(comment).get(), ItemNumber::of(post).get() + 1);
            let next = Target::Post(PostId::new(id + 1));
            prop_assert!(ItemNumber::of(comment) < ItemNumber::of(next));
        }
    }
}
