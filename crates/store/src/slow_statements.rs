//! The log of slow statements. It has their SQL as the program wrote it, without the bound values, which are
//! users' texts and secrets.

use std::cell::Cell;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

thread_local! {
    /// The threshold of this thread. SQLite calls a plain function, which gets no data of ours.
    static THRESHOLD: Cell<Duration> = const { Cell::new(Duration::MAX) };
}

/// Logs each statement that `connection` runs on this thread and that takes `threshold` or longer.
pub(crate) fn watch(connection: &Connection, threshold: Duration) {
    THRESHOLD.set(threshold);
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(log_if_slow));
}

/// SQLite measures from the first step of a statement to its end, to the millisecond
/// (<https://sqlite.org/c3ref/c_trace.html>).
fn log_if_slow(event: TraceEvent) {
    if let TraceEvent::Profile(statement, took) = event
        && took >= THRESHOLD.get()
    {
        log::warn!(target: "slow", "a statement took {} ms: {}", took.as_millis(), in_one_line(&statement.sql()));
    }
}

fn in_one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_logged_in_one_line() {
        assert_eq!(in_one_line("SELECT 1\n     FROM a\r\n\tWHERE b = ?1;"), "SELECT 1 FROM a WHERE b = ?1;");
    }
}
