//! Tables in Markdown, and numbers that are easy to read.

use std::collections::BTreeMap;
use std::time::Duration;

/// A table in Markdown, its columns aligned for reading it as plain text. The first column holds words, the others
/// hold numbers.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
    wide_table(headings.map(str::to_owned).to_vec(), rows)
}

/// A [`table`] whose number of columns is known at run time only.
pub fn wide_table(headings: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let columns = headings.len();
    let lines: Vec<Vec<String>> = [headings].into_iter().chain(rows).collect();
    let widths: Vec<usize> = (0..columns)
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default())
        .collect();
    let row = |texts: &Vec<String>| {
        let padded = texts.iter().zip(&widths).enumerate().map(|(column, (text, &width))| match column {
            0 => format!("{text:<width$}"),
            _ => format!("{text:>width$}"),
        });
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths.iter().enumerate().map(|(column, &width)| match column {
        0 => format!("|{:-<1$}", "", width + 2),
        _ => format!("|{:-<1$}:", "", width + 1),
    });
    let rule = rule.chain(["|\n".to_owned()]).collect::<String>();
    let (head, body) = lines.split_at(1);
    head.iter().map(row).chain([rule]).chain(body.iter().map(row)).collect()
}

/// A value that is not known.
pub fn unknown() -> String {
    "–".to_owned()
}

/// Seconds, as milliseconds.
pub fn milliseconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(unknown, |seconds| format!("{:.2}", seconds * 1e3))
}

/// A duration, as whole microseconds.
pub fn microseconds(time: Option<Duration>) -> String {
    time.map_or_else(unknown, |time| grouped(time.as_secs_f64() * 1e6))
}

/// A ratio, with two decimals.
pub fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(unknown, |ratio| format!("{ratio:.2}"))
}

/// A ratio, as whole percent.
pub fn percent(ratio: f64) -> String {
    format!("{:.0} %", 100.0 * ratio)
}

/// Names with their counts, or 0 without any.
pub fn counts(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} × {name}")).collect();
    if counts.is_empty() { "0".to_owned() } else { counts.join(", ") }
}

/// A whole number with commas between its thousands.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in seconds, and in minutes from one minute on.
pub fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_thousands() {
        assert_eq!([0.0, 999.6, 12_345.2, 1e6].map(grouped), ["0", "1,000", "12,345", "1,000,000"]);
    }

    #[test]
    fn a_duration_has_minutes_from_one_minute_on() {
        assert_eq!(
            [0, 59, 60, 125].map(|s| duration(Duration::from_secs(s))),
            ["0 s", "59 s", "1 min 00 s", "2 min 05 s"]
        );
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let rows = [["a".to_owned(), "1,000".to_owned()], ["long".to_owned(), "2".to_owned()]];
        assert_eq!(
            table(["x", "n"], &rows),
            "| x    |     n |\n|------|------:|\n| a    | 1,000 |\n| long |     2 |\n"
        );
    }
}
