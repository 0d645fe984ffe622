//! Moments, as the database and the program keep them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Microseconds since 1970, UTC: how the database and the whole program keep time.
pub type Micros = i64;

/// A minute, in [`Micros`].
pub const MINUTE: Micros = 60_000_000;
/// A day, in [`Micros`].
pub const DAY: Micros = 24 * 60 * MINUTE;

/// The present moment by the system's clock.
#[must_use]
pub fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

/// `2026-11-23T22:12:00Z`, RFC 3339 in seconds. A moment outside jiff's years can only be a damaged row:
/// the epoch.
#[must_use]
pub fn rfc_3339(at: Micros) -> String {
    Timestamp::from_second(at.div_euclid(1_000_000)).unwrap_or_default().to_string()
}
