//! Prints made items of Hacker News: `cargo run --release -p lorem-test-support --example hn_items -- 1000000`.

use std::io::{BufWriter, Write};

fn main() -> std::io::Result<()> {
    let number = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(1_000_000);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in lorem_test_support::hn::items(number, 7) {
        writeln!(out, "{line}")?;
    }
    out.flush()
}
