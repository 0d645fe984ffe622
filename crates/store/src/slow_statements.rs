//! Statements that take too long, told in the log: as they are written in the program, without the values, which
//! are people's texts and secrets.

use std::cell::Cell;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

thread_local! {
    /// What is slow on this thread. SQLite calls a plain function, which knows nothing else.
    static SLOW: Cell<Duration> = const { Cell::new(Duration::MAX) };
}

/// From now on each statement that `connection` runs on this thread is logged if it takes `slow` or longer.
pub(crate) fn watch(connection: &Connection, slow: Duration) {
    SLOW.set(slow);
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(note));
}

/// SQLite measures from the first step of a statement to its end, to the millisecond.
fn note(event: TraceEvent) {
    if let TraceEvent::Profile(statement, took) = event
        && took >= SLOW.get()
    {
        log::warn!(target: "slow", "a statement took {} ms: {}", took.as_millis(), in_a_line(&statement.sql()));
    }
}

fn in_a_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_told_in_a_line() {
        assert_eq!(in_a_line("SELECT 1\n     FROM a\r\n\tWHERE b = ?1;"), "SELECT 1 FROM a WHERE b = ?1;");
    }
}
