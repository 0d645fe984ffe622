//! How figures are written: tables in Markdown and numbers that are easily read.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cell::Cell;

/// A table in Markdown, its columns aligned for those who read it as text. The first column is words, the
/// others are numbers.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
    wide_table(headings.map(str::to_owned).to_vec(), rows)
}

/// The same, when only the run knows how many columns there are.
pub fn wide_table(headings: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let columns = headings.len();
    let lines: Vec<Vec<String>> = [headings].into_iter().chain(rows).collect();
    let widths: Vec<usize> = (0..columns)
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default())
        .collect();
    let row = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
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

/// All that is known of each cell, a row each.
pub fn cells(cells: &[Cell]) -> String {
    let rows: Vec<[String; 11]> = cells.iter().map(row).collect();
    table(
        [
            "endpoint",
            "connections",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "slowest ms",
            "server CPU µs a request",
            "page bytes",
            "not 200",
            "found nothing",
        ],
        &rows,
    )
}

fn row(cell: &Cell) -> [String; 11] {
    let answers = &cell.answers;
    [
        cell.endpoint.to_owned(),
        cell.connections.to_string(),
        grouped(answers.per_second),
        milliseconds(answers.p50),
        milliseconds(answers.p99),
        milliseconds(answers.p999),
        milliseconds(answers.slowest),
        microseconds(cell.processor),
        answers.bytes.map_or_else(none, grouped),
        counts(&answers.others),
        cell.found_nothing.map_or_else(none, |count| count.to_string()),
    ]
}

/// Nothing is known.
pub fn none() -> String {
    "–".to_owned()
}

/// Seconds as milliseconds.
pub fn milliseconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(none, |seconds| format!("{:.2}", seconds * 1e3))
}

/// Whole microseconds.
pub fn microseconds(time: Option<Duration>) -> String {
    time.map_or_else(none, |time| grouped(time.as_secs_f64() * 1e6))
}

/// What there was how often.
pub fn counts(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} × {what}")).collect();
    if counts.is_empty() { "0".to_owned() } else { counts.join(", ") }
}

/// A whole number with its thousands apart.
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

/// A duration as people say it.
pub fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// The middle of what was seen, the upper one of two.
pub fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

/// The same of at least one number.
pub fn middle(numbers: Vec<f64>) -> f64 {
    median(numbers).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0.0, 999.6, 12_345.2, 1e6].map(grouped), ["0", "1,000", "12,345", "1,000,000"]);
    }

    #[test]
    fn minutes_are_told_from_one_on() {
        assert_eq!(
            [0, 59, 60, 125].map(|s| duration(Duration::from_secs(s))),
            ["0 s", "59 s", "1 min 00 s", "2 min 05 s"]
        );
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a".to_owned(), "1,000".to_owned()], ["long".to_owned(), "2".to_owned()]];
        assert_eq!(
            table(["x", "n"], &rows),
            "| x    |     n |\n|------|------:|\n| a    | 1,000 |\n| long |     2 |\n"
        );
    }
}
