//! A day of which a page lists the posts: 24 hours, in UTC.

use std::fmt;

use jiff::Span;
use jiff::civil::{self, Date};

use crate::types::time::{DAY, Timestamp};

/// A day from 1970-01-02 on, so that each moment of it is later, in microseconds since the epoch, than any score of a post
/// is high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// The length of a step from one day to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the next day, or to the one before.
    Day,
    /// To the day of another month with the number of this one, or to the month's last day.
    Month,
    /// To the day of another year with the number and the month of this one.
    Year,
}

impl Step {
    /// All steps, the shortest first.
    pub const EACH: [Step; 3] = [Step::Day, Step::Month, Step::Year];

    fn span(self) -> Span {
        match self {
            Step::Day => Span::new().days(1),
            Step::Month => Span::new().months(1),
            Step::Year => Span::new().years(1),
        }
    }

    /// Its name in links.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Step::Day => "day",
            Step::Month => "month",
            Step::Year => "year",
        }
    }
}

const EPOCH: Date = civil::date(1970, 1, 1);

impl Day {
    /// The day that is written `2026-11-23`; `None` for any other text, and for a day before the first.
    #[must_use]
    pub fn parse(text: &str) -> Option<Day> {
        let is_plain =
            |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
        let is_written_so = text.len() == 10 && text.bytes().enumerate().all(is_plain);
        let date = text.parse().ok().filter(|_| is_written_so)?;
        Some(Day(date)).filter(|day| day.number() > 0)
    }

    /// The day of a moment; `None` for one before the first day, or after the year 9999.
    #[must_use]
    pub fn of(at: Timestamp) -> Option<Day> {
        let date = EPOCH.checked_add(Span::new().try_days(at.day()).ok()?).ok()?;
        Some(Day(date)).filter(|day| day.number() > 0)
    }

    /// The number of days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i64 {
        EPOCH.until(self.0).map_or(0, |span| span.get_days().into())
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let seconds = u64::try_from(self.number()).unwrap_or_default() * DAY.as_secs();
        Timestamp::EPOCH + std::time::Duration::from_secs(seconds)
    }

    /// The first moment after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.start() + DAY
    }

    /// The day that is a step earlier.
    #[must_use]
    pub fn before(self, step: Step) -> Option<Day> {
        self.0.checked_sub(step.span()).ok().map(Day).filter(|day| day.number() > 0)
    }

    /// The day that is a step later.
    #[must_use]
    pub fn after(self, step: Step) -> Option<Day> {
        self.0.checked_add(step.span()).ok().map(Day)
    }
}

/// The format in addresses: `2026-11-23`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect(text)
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        assert_eq!(day("2026-11-23").to_string(), "2026-11-23");
        for text in [
            "",
            "2026-11-31",
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "20261123",
            "2026-1-23",
            "26-11-23",
            " 2026-11-23",
            "2026-11-23T00:00:00Z",
            "+2026-11-2",
            "-2026-11-2",
            "2026/11/23",
            "１026-11-2",
            "1970-01-01",
            "1969-12-31",
            "0000-01-01",
        ] {
            assert_eq!(Day::parse(text), None, "{text:?}");
        }
        assert_eq!(day("2024-02-29").number(), 19_782);
        assert_eq!(day("9999-12-31").after(Step::Day), None);
    }

    #[test]
    fn a_day_has_the_moments_from_its_start_to_its_end() {
        let day = day("2026-11-23");
        assert_eq!(
            (day.start().rfc_3339(), day.end().rfc_3339()),
            ("2026-11-23T00:00:00Z".into(), "2026-11-24T00:00:00Z".into())
        );
        assert_eq!(Day::of(day.start()), Some(day));
        assert_eq!(Day::of(Timestamp::from_micros(day.end().as_micros() - 1)), Some(day));
        assert_eq!(Day::of(day.end()), day.after(Step::Day));
        assert_eq!((Day::of(Timestamp::EPOCH), Day::of(Timestamp::MAX)), (None, None));
    }

    #[test]
    fn a_step_leads_to_a_day_that_there_is() {
        let days =
            |steps: [Option<Day>; 3]| steps.map(|day| day.map(|day| day.to_string()).unwrap_or_default());
        let from = day("2024-03-31");
        assert_eq!(
            days(Step::EACH.map(|step| from.before(step))),
            ["2024-03-30", "2024-02-29", "2023-03-31"]
        );
        assert_eq!(days(Step::EACH.map(|step| from.after(step))), ["2024-04-01", "2024-04-30", "2025-03-31"]);
        assert_eq!(day("1970-01-02").before(Step::Day), None);
    }
}
