//! What is printed: the table, and around it what one has to know to judge and repeat it.

use std::fs;
use std::process::Command;

use crate::{Options, Result, Row, load, server};

const HEADINGS: [&str; 10] = [
    "endpoint",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "slowest ms",
    "server CPU µs a request",
    "page bytes",
    "not 200",
    "found nothing",
];

/// The table in Markdown, its columns aligned for those who read it as text.
pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(rows.iter().map(cells));
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default())
        .collect();
    let row = |cells: &[String; 10]| {
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

/// One endpoint's progress, for who watches.
pub fn line(row: &Row) -> String {
    let [endpoint, per_second, p50, p99, ..] = cells(row);
    format!("{endpoint}: {per_second} requests/s, p50 {p50} ms, p99 {p99} ms")
}

fn cells(row: &Row) -> [String; 10] {
    let answers = &row.answers;
    let others: Vec<String> =
        answers.others.iter().map(|(what, count)| format!("{count} × {what}")).collect();
    [
        row.endpoint.to_owned(),
        grouped(answers.per_second),
        milliseconds(answers.p50),
        milliseconds(answers.p99),
        milliseconds(answers.p999),
        milliseconds(answers.slowest),
        row.processor.map_or_else(none, |time| grouped(time.as_secs_f64() * 1e6)),
        answers.bytes.map_or_else(none, grouped),
        if others.is_empty() { "0".to_owned() } else { others.join(", ") },
        row.found_nothing.map_or_else(none, |count| count.to_string()),
    ]
}

fn none() -> String {
    "–".to_owned()
}

fn milliseconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(none, |seconds| format!("{:.2}", seconds * 1e3))
}

/// A whole number with its thousands apart.
fn grouped(number: f64) -> String {
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

/// The whole of `docs/benchmarks.md`.
pub fn document(options: &Options, table: &str) -> Result<String> {
    let (seconds, connections) = (options.seconds, options.connections);
    let command = format!("bin/bench --seconds {seconds} --connections {connections}");
    Ok(format!(
        "# Benchmarks

Written by `{command}`, which measures again and replaces this page.

{table}
Each endpoint was loaded for {seconds} s by {connections} clients, on a server of its own with a fresh demo
database; the two that destroy got a bounded number of calls and a larger database, which these cannot empty
(“found nothing” counts the calls that had nothing to destroy all the same). Every call signs somebody in:
all ten write, and a call is answered when its write is on the disk (`synchronous=FULL`). The clients run on
the same machine and take their share of its processors. “Server CPU” is the server's processor time, in user
mode and in the kernel, divided by its calls.

{machine}",
        machine = machine()?
    ))
}

fn machine() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    let sqlite = rusqlite::version();
    let [processor, kernel, disk] = [processor(), said("uname", &["-srm"]), filesystem()?].map(or_unknown);
    let [rustc, commit] = [said("rustc", &["--version"]), commit()].map(or_unknown);
    let oha = load::version()?;
    Ok(format!(
        "| what      | which |
|-----------|-------|
| date      | {date} |
| commit    | {commit} |
| processor | {cores} cores, {processor} |
| kernel    | {kernel} |
| disk      | {disk} |
| versions  | {rustc}; SQLite {sqlite}; {oha} |
"
    ))
}

fn or_unknown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "unknown".to_owned())
}

/// The processor's name: Linux on x86 tells it in a file, macOS by a program.
fn processor() -> Option<String> {
    let from_file = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        line.split_once(": ").map(|(_, name)| name.to_owned())
    });
    from_file.or_else(|| said("sysctl", &["-n", "machdep.cpu.brand_string"]))
}

/// The kind of file system that the databases were on: in memory, a durable write costs nothing.
fn filesystem() -> Result<Option<String>> {
    Ok(said("stat", &["-f", "-c", "%T", &server::build_folder()?.to_string_lossy()]))
}

/// The commit that was measured, and whether it was changed (this report does not count).
fn commit() -> Option<String> {
    let commit = said("git", &["rev-parse", "--short", "HEAD"])?;
    let changed = said("git", &["status", "--porcelain", "--", ".", ":!docs/benchmarks.md"]).is_some();
    Some(if changed { format!("{commit} with changes") } else { commit })
}

/// What a program says on its stdout, if it exists, ends well and says something.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0.0, 999.6, 12_345.2, 1e6].map(grouped), ["0", "1,000", "12,345", "1,000,000"]);
    }
}
