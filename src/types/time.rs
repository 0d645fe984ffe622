//! Timestamps of the database and of the program.

use std::cell::Cell;
use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};

/// A minute.
pub const MINUTE: Duration = Duration::from_mins(1);
/// An hour.
pub const HOUR: Duration = Duration::from_hours(1);
/// A day of 24 hours.
pub const DAY: Duration = Duration::from_hours(24);

/// A moment: microseconds since the Unix epoch, in UTC. Adding or subtracting a [`Duration`] stops at the
/// first and the last moment that an `i64` can hold, some 292,000 years from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Timestamp = Timestamp(0);
    /// The last moment.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// The present moment by the system's clock.
    #[must_use]
    pub fn now() -> Timestamp {
        Timestamp::EPOCH + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// The timestamp of a column or of a cursor's key.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Timestamp {
        Timestamp(micros)
    }

    /// Microseconds since the Unix epoch; negative before it.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch; negative before it.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Days since the Unix epoch, rounded towards it as SQLite's division does. The index of posts by day has
    /// this expression as its key.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0 / (24 * 60 * 60 * 1_000_000)
    }

    /// The first moment of the next day, in UTC.
    #[must_use]
    pub const fn next_midnight(self) -> Timestamp {
        const DAY: i64 = 24 * 60 * 60 * 1_000_000;
        Timestamp((self.0.div_euclid(DAY) + 1).saturating_mul(DAY))
    }

    /// Microseconds from `earlier` to this moment; negative if it is the later one.
    #[must_use]
    pub const fn micros_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `earlier` to this moment; `None` if it is the later one.
    #[must_use]
    pub fn checked_duration_since(self, earlier: Timestamp) -> Option<Duration> {
        u64::try_from(self.micros_since(earlier)).ok().map(Duration::from_micros)
    }

    /// The time from `earlier` to this moment; zero if it is the later one.
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Timestamp) -> Duration {
        self.checked_duration_since(earlier).unwrap_or_default()
    }

    /// `2026-11-23T22:12:00Z`, RFC 3339 in whole seconds. A moment outside jiff's years −9999 to 9999, which
    /// only a damaged row has, gives the epoch.
    #[must_use]
    pub fn rfc_3339(self) -> String {
        jiff::Timestamp::from_second(self.unix_seconds()).unwrap_or_default().to_string()
    }
}

/// The moment of a page, and until when what the page says about times is right.
#[derive(Debug)]
pub struct Clock {
    now: Timestamp,
    is_watched: Cell<bool>,
    right_until: Cell<Timestamp>,
}

impl Clock {
    /// The clock of a page that is made now.
    #[must_use]
    pub fn at(now: Timestamp) -> Clock {
        Clock { now, is_watched: Cell::new(false), right_until: Cell::new(Timestamp::MAX) }
    }

    /// The moment of the page.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether the page is kept until [`right_until`](Clock::right_until). Otherwise the dozens of ages in a list do not
    /// compute their ends.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.is_watched.get()
    }

    /// Makes it [watched](Clock::is_watched).
    pub fn watch(&self) {
        self.is_watched.set(true);
    }

    /// The page says something that is right only before this moment.
    pub fn limit(&self, end: Timestamp) {
        self.right_until.set(self.right_until.get().min(end));
    }

    /// The first moment at which the page may say something else.
    #[must_use]
    pub fn right_until(&self) -> Timestamp {
        self.right_until.get()
    }
}

/// Whole microseconds, at most `i64::MAX`.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(micros(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(micros(duration)))
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef) -> FromSqlResult<Timestamp> {
        i64::column_result(value).map(Timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_the_ends() {
        let (first, last) = (Timestamp(i64::MIN), Timestamp::MAX);
        assert_eq!((last + DAY, first - DAY), (last, first));
        assert_eq!((Timestamp::EPOCH + Duration::MAX, last.micros_since(first)), (last, i64::MAX));
        assert_eq!(Timestamp::EPOCH + HOUR - 60 * MINUTE, Timestamp::EPOCH);
    }

    #[test]
    fn a_time_between_two_moments_has_a_direction() {
        let (earlier, later) = (Timestamp(-5), Timestamp::EPOCH + DAY);
        assert_eq!(later.checked_duration_since(earlier), Some(DAY + Duration::from_micros(5)));
        assert_eq!(earlier.checked_duration_since(later), None);
        assert_eq!(earlier.saturating_duration_since(later), Duration::ZERO);
        assert_eq!((later.day(), earlier.day(), (later - MINUTE).day()), (1, 0, 0));
    }
}
