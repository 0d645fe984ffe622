//! Times as readers see them: ages, dates.

use horrorshow::{Render, TemplateBuffer};
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::html::render_by_reference;
use crate::types::time::{Clock, Timestamp};

/// `<time datetime="2026-11-23T22:12:00Z" title="November 23, 2026 22:12 UTC">5 days</time>`: the age in words,
/// with the time for programs and as a tooltip.
///
/// The page's clock learns until when the words are right.
pub struct Age<'c> {
    /// The time of the event.
    pub at: Timestamp,
    /// The page's.
    pub clock: &'c Clock,
}

/// `November 23, 2026`.
pub struct Date(pub Timestamp);

/// `November 23, 2026 22:12 UTC`.
pub struct DateAndTime(pub Timestamp);

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn civil(at: Timestamp) -> DateTime {
    // A time outside jiff's years −9999 to 9999 can only be a damaged row: show the epoch.
    Offset::UTC.to_datetime(jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default())
}

/// A number below 100 as two decimal digits.
fn two_digits(number: i8) -> [u8; 2] {
    let number = number.unsigned_abs() % 100;
    [b'0' + number / 10, b'0' + number % 10]
}

/// A year as four decimal digits. jiff's years have no more; a negative one is a damaged row.
fn four_digits(year: i16) -> [u8; 4] {
    let year = year.unsigned_abs() % 10_000;
    [year / 1000, year / 100 % 10, year / 10 % 10, year % 10].map(|digit| b'0' + digit.to_le_bytes()[0])
}

/// Writes ASCII text. Dates are digits put into a text of fixed shape: a list shows two hundred of them, and
/// `format!` would take a tenth of its time.
fn write_ascii(out: &mut TemplateBuffer, text: &[u8]) {
    out.write_raw(std::str::from_utf8(text).unwrap_or_default());
}

/// Writes the month's name and then `text`, whose zeros it replaces: ` 00, 0000` (day, year), optionally
/// followed by ` 00:00` and other text.
fn write_moment<const N: usize>(out: &mut TemplateBuffer, at: DateTime, mut text: [u8; N]) {
    out.write_raw(MONTHS[usize::try_from(at.month()).map_or(0, |month| month - 1)]);
    text[1..3].copy_from_slice(&two_digits(at.day()));
    text[5..9].copy_from_slice(&four_digits(at.year()));
    if N > 9 {
        text[10..12].copy_from_slice(&two_digits(at.hour()));
        text[13..15].copy_from_slice(&two_digits(at.minute()));
    }
    if text[1] == b'0' {
        text.copy_within(2.., 1);
        write_ascii(out, &text[..N - 1]);
    } else {
        write_ascii(out, &text);
    }
}

impl Render for Age<'_> {
    fn render(&self, out: &mut TemplateBuffer) {
        let at = civil(self.at);
        let mut text = *b"<time datetime=\"0000-00-00T00:00:00Z\" title=\"";
        text[16..20].copy_from_slice(&four_digits(at.year()));
        text[21..23].copy_from_slice(&two_digits(at.month()));
        text[24..26].copy_from_slice(&two_digits(at.day()));
        text[27..29].copy_from_slice(&two_digits(at.hour()));
        text[30..32].copy_from_slice(&two_digits(at.minute()));
        text[33..35].copy_from_slice(&two_digits(at.second()));
        write_ascii(out, &text);
        write_moment(out, at, *b" 00, 0000 00:00 UTC\">");
        if self.clock.is_watched() {
            self.clock.limit(next_change(self.at, self.clock.now()));
        }
        let (before, number, after) = in_words(self.at, self.clock.now());
        out.write_raw(before);
        if let Some(number) = number {
            out.write_raw(itoa::Buffer::new().format(number));
        }
        out.write_raw(after);
        out.write_raw("</time>");
    }
}

impl Render for Date {
    fn render(&self, out: &mut TemplateBuffer) {
        write_moment(out, civil(self.0), *b" 00, 0000");
    }
}

impl Render for DateAndTime {
    fn render(&self, out: &mut TemplateBuffer) {
        write_moment(out, civil(self.0), *b" 00, 0000 00:00 UTC");
    }
}

render_by_reference!(Age<'_>, Date, DateAndTime);

/// The minutes of a year of 365 days.
const YEAR: i64 = 525_600;
const QUARTER: i64 = YEAR / 4;

/// The time between two times in words, in either order: the text before the number, the number, the text
/// after it. The rules are those of Rails' `time_ago_in_words` (Action View's
/// `DateHelper#distance_of_time_in_words`).
fn in_words(from: Timestamp, to: Timestamp) -> (&'static str, Option<i64>, &'static str) {
    let (from, to) = if from > to { (to, from) } else { (from, to) };
    // Rounded to seconds and then to minutes, as in Rails.
    let minutes = rounded(rounded(to.micros_since(from), 1_000_000), 60);
    let several = |before, number, one, many| (before, Some(number), if number == 1 { one } else { many });
    match minutes {
        0 => ("less than a minute", None, ""),
        1 => several("", 1, " minute", ""),
        2..45 => several("", minutes, "", " minutes"),
        45..90 => several("about ", 1, " hour", ""),
        90..1440 => several("about ", rounded(minutes, 60), " hour", " hours"),
        1440..2520 => several("", 1, " day", ""),
        2520..43_200 => several("", rounded(minutes, 1440), " day", " days"),
        43_200..86_400 => several("about ", rounded(minutes, 43_200), " month", " months"),
        86_400..YEAR => several("", rounded(minutes, 43_200), " month", " months"),
        _ => {
            // A year here has 365 days: leap days are subtracted first.
            let minutes = minutes - leap_days(civil(from), civil(to)) * 1440;
            let years = minutes / YEAR;
            match minutes % YEAR {
                rest if rest < QUARTER => several("about ", years, " year", " years"),
                rest if rest < 3 * QUARTER => several("over ", years, " year", " years"),
                _ => several("almost ", years + 1, " year", " years"),
            }
        }
    }
}

/// The first moment after `to` at which [`in_words`] may say something else, or an earlier one.
fn next_change(from: Timestamp, to: Timestamp) -> Timestamp {
    if from > to {
        return to; // An event to come: it soon says something else.
    }
    let minutes = rounded(rounded(to.micros_since(from), 1_000_000), 60);
    let next_of = |unit: i64| rounded(minutes, unit) * unit + unit / 2;
    let next = match minutes {
        0..45 => minutes + 1,
        45..90 => 90,
        90..1440 => next_of(60).min(1440),
        1440..2520 => 2520,
        2520..43_200 => next_of(1440).min(43_200),
        43_200..86_400 => next_of(43_200).min(86_400),
        86_400..YEAR => next_of(43_200).min(YEAR),
        _ => {
            let leap = leap_days(civil(from), civil(to)) * 1440;
            let rest = (minutes - leap) % YEAR;
            let threshold = [QUARTER, 3 * QUARTER, YEAR].into_iter().find(|threshold| *threshold > rest);
            minutes - rest + threshold.unwrap_or(YEAR)
        }
    };
    // The words change when the seconds round to half a minute before, and the microseconds to that second.
    let change = from.as_micros().saturating_add((next * 60 - 30).saturating_mul(1_000_000) - 500_000);
    let change = Timestamp::from_micros(change);
    // Leap days are counted by dates.
    if minutes < YEAR { change } else { change.min(to.next_midnight()) }
}

/// The number of leap days between two times, counted by year as in Rails.
fn leap_days(from: DateTime, to: DateTime) -> i64 {
    let first = i64::from(from.year()) + i64::from(from.month() >= 3);
    let last = i64::from(to.year()) - i64::from(to.month() < 3);
    let up_to = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    if first > last { 0 } else { up_to(last) - up_to(first - 1) }
}

/// `number / by`, rounded half up; `number` is not negative.
fn rounded(number: i64, by: i64) -> i64 {
    number / by + i64::from(number % by >= by - by / 2) // Adding first could overflow.
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::time::{DAY, MINUTE};
    use horrorshow::Template;
    use proptest::prelude::*;
    use std::time::Duration;

    /// 15 March 2023, noon.
    const FROM: Timestamp = Timestamp::from_micros(1_678_881_600_000_000);

    fn words(seconds: i64) -> String {
        let (before, number, after) =
            in_words(FROM, Timestamp::from_micros(FROM.as_micros() + seconds * 1_000_000));
        format!("{before}{}{after}", number.map_or(String::new(), |number| number.to_string()))
    }

    #[test]
    fn ages_are_those_of_rails() {
        const M: i64 = 60;
        const H: i64 = 60 * M;
        const D: i64 = 24 * H;
        for (seconds, expected) in [
            (0, "less than a minute"),
            (29, "less than a minute"),
            (30, "1 minute"),
            (89, "1 minute"),
            (90, "2 minutes"),
            (44 * M + 29, "44 minutes"),
            (44 * M + 30, "about 1 hour"),
            (89 * M + 29, "about 1 hour"),
            (89 * M + 30, "about 2 hours"),
            (23 * H + 45 * M, "about 24 hours"),
            (23 * H + 59 * M + 29, "about 24 hours"),
            (23 * H + 59 * M + 30, "1 day"),
            (41 * H + 59 * M + 29, "1 day"),
            (41 * H + 59 * M + 30, "2 days"),
            (29 * D + 23 * H + 59 * M + 29, "30 days"),
            (29 * D + 23 * H + 59 * M + 30, "about 1 month"),
            (44 * D + 23 * H + 59 * M + 29, "about 1 month"),
            (44 * D + 23 * H + 59 * M + 30, "about 2 months"),
            (59 * D + 23 * H + 59 * M + 29, "about 2 months"),
            (59 * D + 23 * H + 59 * M + 30, "2 months"),
            (364 * D, "12 months"),
            // From here on there is a leap day between, which does not count.
            (366 * D, "about 1 year"),
            (455 * D, "about 1 year"),
            (458 * D, "over 1 year"),
            (641 * D, "almost 2 years"),
            (731 * D, "about 2 years"),
            (10 * 365 * D + 3 * D, "about 10 years"),
        ] {
            assert_eq!(words(seconds), expected, "{seconds} s");
            assert_eq!(words(-seconds).is_empty(), expected.is_empty());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn words_stay_until_the_next_change(
            from in -3_000_000_000_000_000..3_000_000_000_000_000_i64,
            // As likely seconds as decades.
            age in (0_u32..52).prop_flat_map(|bits| 0..(2_i64 << bits)),
            share in 0.0..1.0_f64,
        ) {
            let (from, now) = (Timestamp::from_micros(from), Timestamp::from_micros(from + age));
            let next = next_change(from, now);
            prop_assert!(next > now);
            let length = next.micros_since(now);
            for later in [0, 1, (length as f64 * share) as i64, length - 1] {
                let later = Timestamp::from_micros(now.as_micros() + later.clamp(0, length - 1));
                prop_assert_eq!(in_words(from, later), in_words(from, now), "{:?} {:?} {:?}", from, now, later);
            }
            // It is no earlier than a change by more than a day.
            let limit = from.as_micros().max(now.as_micros() + 24 * 60 * 60 * 1_000_000);
            prop_assert!(in_words(from, next) != in_words(from, now) || next.as_micros() <= limit);
        }
    }

    #[test]
    fn a_time_is_shown_for_readers_and_for_programs() {
        let at = FROM + 7 * MINUTE;
        assert_eq!(
            Age { at, clock: &Clock::at(at + 3 * DAY) }.into_string().expect("a string takes it"),
            r#"<time datetime="2023-03-15T12:07:00Z" title="March 15, 2023 12:07 UTC">3 days</time>"#
        );
        assert_eq!((at + Duration::from_micros(999_999)).rfc_3339(), "2023-03-15T12:07:00Z");
        assert_eq!(
            (Timestamp::from_micros(-1).rfc_3339(), Timestamp::MAX.rfc_3339()),
            ("1969-12-31T23:59:59Z".into(), "1970-01-01T00:00:00Z".into())
        );
        assert_eq!(Date(at - 6 * DAY).into_string().expect("a string takes it"), "March 9, 2023");
        assert_eq!(DateAndTime(Timestamp::MAX).into_string().expect("no panic"), "January 1, 1970 00:00 UTC");
        assert!(
            Age { at: Timestamp::from_micros(i64::MIN), clock: &Clock::at(Timestamp::MAX) }
                .into_string()
                .is_ok()
        );
    }
}
