//! The lists of the best posts: over which time.

use crate::types::time::{DAY, Timestamp};
use crate::web::paths;

/// The time over which posts are compared by their points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The last 24 hours.
    Day,
    /// The last seven days.
    Week,
    /// The last thirty days.
    Month,
    /// Since the first post.
    All,
}

impl Period {
    /// All of them, as the page offers them.
    pub const EACH: [Period; 4] = [Period::Day, Period::Week, Period::Month, Period::All];

    /// Its name in the address.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => paths::WEEK,
            Period::Month => "month",
            Period::All => "all",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Period> {
        Period::EACH.into_iter().find(|period| period.code() == code)
    }

    /// Its name on the page.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Period::Day => "Day",
            Period::Week => "Week",
            Period::Month => "Month",
            Period::All => "All time",
        }
    }

    /// The heading of its list.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Period::Day => "Best of the day",
            Period::Week => "Best of the week",
            Period::Month => "Best of the month",
            Period::All => "Best of all time",
        }
    }

    /// What its list says when nobody has voted.
    #[must_use]
    pub fn empty_message(self) -> &'static str {
        match self {
            Period::Day => "No post of the last 24 hours has a vote yet.",
            Period::Week => "No post of the last seven days has a vote yet.",
            Period::Month => "No post of the last thirty days has a vote yet.",
            Period::All => "No post has a vote yet.",
        }
    }

    /// When it began; `None`: with the first post.
    #[must_use]
    pub fn since(self, now: Timestamp) -> Option<Timestamp> {
        let days = match self {
            Period::Day => 1,
            Period::Week => 7,
            Period::Month => 30,
            Period::All => return None,
        };
        Some(now - days * DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_by_which_it_is_found() {
        for period in Period::EACH {
            assert_eq!(Period::from_code(period.code()), Some(period));
        }
        for code in ["", "Day", "year", "week ", "all/"] {
            assert_eq!(Period::from_code(code), None, "{code:?}");
        }
        let eighth_day = Timestamp::EPOCH + 8 * DAY;
        assert_eq!(Period::Week.since(eighth_day), Some(Timestamp::EPOCH + DAY));
    }
}
