//! Values of options that are times.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// The longest interval: a year and a day.
const MAX_INTERVAL: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Below the first, Litestream does little but look for writes; beyond the second, a late copy cannot be told
/// from a failed one.
const SYNC_INTERVALS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(30);

/// An interval such as `30s`, `10m`, `24h` or `7d`; `None`: `off`, or zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval(pub Option<Duration>);

impl Interval {
    pub(crate) fn parse(text: &str) -> Result<Interval> {
        if text == "off" || text == "0" {
            return Ok(Interval(None));
        }
        let malformed = || format!("{text:?} is no time such as 30s, 10m, 24h or 7d, and not off");
        let span: jiff::Span = text.parse().ok().with_context(malformed)?;
        let time =
            span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok().with_context(malformed)?;
        let time = Duration::try_from(time).ok().with_context(malformed)?;
        ensure!(time <= MAX_INTERVAL, "{text} is more than a year");
        Ok(Interval((!time.is_zero()).then_some(time)))
    }

    /// An interval from 100 ms to 30 s.
    pub(crate) fn parse_sync(text: &str) -> Result<Duration> {
        match Interval::parse(text)?.0 {
            Some(time) if SYNC_INTERVALS.contains(&time) => Ok(time),
            _ => bail!("{text:?} is not from 100ms to 30s"),
        }
    }
}

/// A number of milliseconds; `None`: `off`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Milliseconds(pub Option<Duration>);

impl Milliseconds {
    pub(crate) fn parse(text: &str) -> Result<Milliseconds> {
        if text == "off" {
            return Ok(Milliseconds(None));
        }
        let millis: u32 = text.parse().ok().context("it is neither a number of milliseconds nor `off`")?;
        Ok(Milliseconds(Some(Duration::from_millis(millis.into()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_units() {
        let seconds = |text: &str| Interval::parse(text).expect(text).0.map(|time| time.as_secs());
        assert_eq!(seconds("30s"), Some(30));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("7d"), Some(7 * 86_400));
        for never in ["off", "0", "0s"] {
            assert_eq!(Interval::parse(never).expect(never), Interval(None), "{never}");
        }
        for wrong in ["", "soon", "10", "-1h", "1000d"] {
            assert!(Interval::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Interval::parse_sync("250ms").expect("it is valid"), Duration::from_millis(250));
        for wrong in ["off", "10ms", "31s", "1"] {
            assert!(Interval::parse_sync(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn milliseconds_are_a_whole_number_or_off() {
        assert_eq!(Milliseconds::parse("0").expect("it is valid").0, Some(Duration::ZERO));
        assert_eq!(Milliseconds::parse("500").expect("it is valid").0, Some(Duration::from_millis(500)));
        assert_eq!(Milliseconds::parse("off").expect("it is valid").0, None);
        for wrong in ["-1", "1.5", "1s", "", "4294967296"] {
            assert!(Milliseconds::parse(wrong).is_err(), "{wrong}");
        }
    }
}
