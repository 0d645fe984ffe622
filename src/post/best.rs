//! The lists of the best posts: over which time.

use crate::types::time::{DAY, Timestamp};
use crate::web::paths;

/// The time over which posts are compared by their points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The last 24 hours.
    Day,
    /// The last seven days.
    Week,
    /// The last thirty days.
    Month,
    /// Since the first post.
    All,
}

impl Over {
    /// All of them, as the page offers them.
    pub const EACH: [Over; 4] = [Over::Day, Over::Week, Over::Month, Over::All];

    /// Its name in the address.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Over::Day => "day",
            Over::Week => paths::WEEK,
            Over::Month => "month",
            Over::All => "all",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn of(code: &str) -> Option<Over> {
        Over::EACH.into_iter().find(|over| over.code() == code)
    }

    /// Its name on the page.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Over::Day => "Day",
            Over::Week => "Week",
            Over::Month => "Month",
            Over::All => "All time",
        }
    }

    /// The heading of its list.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Over::Day => "Best of the day",
            Over::Week => "Best of the week",
            Over::Month => "Best of the month",
            Over::All => "Best of all time",
        }
    }

    /// What its list says when nobody has voted.
    #[must_use]
    pub fn empty(self) -> &'static str {
        match self {
            Over::Day => "No post of the last 24 hours has a vote yet.",
            Over::Week => "No post of the last seven days has a vote yet.",
            Over::Month => "No post of the last thirty days has a vote yet.",
            Over::All => "No post has a vote yet.",
        }
    }

    /// When it began; `None`: with the first post.
    #[must_use]
    pub fn since(self, now: Timestamp) -> Option<Timestamp> {
        let days = match self {
            Over::Day => 1,
            Over::Week => 7,
            Over::Month => 30,
            Over::All => return None,
        };
        Some(now - days * DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_by_which_it_is_found() {
        for over in Over::EACH {
            assert_eq!(Over::of(over.code()), Some(over));
        }
        for code in ["", "Day", "year", "week ", "all/"] {
            assert_eq!(Over::of(code), None, "{code:?}");
        }
        let eighth_day = Timestamp::EPOCH + 8 * DAY;
        assert_eq!(Over::Week.since(eighth_day), Some(Timestamp::EPOCH + DAY));
    }
}
