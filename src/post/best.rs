//! The periods of the lists of the best posts.

use std::time::Duration;

use crate::types::time::DAY;
use crate::web::paths;

/// The period whose posts are ranked by points.
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
    /// All periods, in the order of the tabs.
    pub const EACH: [Period; 4] = [Period::Day, Period::Week, Period::Month, Period::All];

    /// The name in the URL.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => paths::WEEK,
            Period::Month => "month",
            Period::All => "all",
        }
    }

    /// The period with this name in the URL; `None` when there is none.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Period> {
        Period::EACH.into_iter().find(|period| period.code() == code)
    }

    /// The label of the tab.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Period::Day => "Day",
            Period::Week => "Week",
            Period::Month => "Month",
            Period::All => "All time",
        }
    }

    /// The heading of the page.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Period::Day => "Best of the day",
            Period::Week => "Best of the week",
            Period::Month => "Best of the month",
            Period::All => "Best of all time",
        }
    }

    /// The text in place of an empty list.
    #[must_use]
    pub fn empty_message(self) -> &'static str {
        match self {
            Period::Day => "No post of the last 24 hours has a vote yet.",
            Period::Week => "No post of the last seven days has a vote yet.",
            Period::Month => "No post of the last thirty days has a vote yet.",
            Period::All => "No post has a vote yet.",
        }
    }

    /// Its length; `None` for all time.
    #[must_use]
    pub fn length(self) -> Option<Duration> {
        let days = match self {
            Period::Day => 1,
            Period::Week => 7,
            Period::Month => 30,
            Period::All => return None,
        };
        Some(days * DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_found_by_its_code() {
        for period in Period::EACH {
            assert_eq!(Period::from_code(period.code()), Some(period));
        }
        for code in ["", "Day", "year", "week ", "all/"] {
            assert_eq!(Period::from_code(code), None, "{code:?}");
        }
        assert_eq!((Period::Week.length(), Period::All.length()), (Some(7 * DAY), None));
    }
}
