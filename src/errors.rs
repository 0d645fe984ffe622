//! Errors as text for the operator.

use std::error::Error;

/// An error and its causes on one line, see [`with_causes`].
#[must_use]
pub fn one_line(error: &anyhow::Error) -> String {
    let error: &(dyn Error + Send + Sync) = error.as_ref();
    with_causes(error)
}

/// An error and the chain of its `source()` on one line, separated by colons. A cause is left out where the text
/// already contains it, as the texts of `lorem_store`'s and tempfile's errors do.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        next = cause.source();
        // rusqlite's cause is SQLite's general text for the code; rusqlite itself has the particular message.
        if cause.is::<rusqlite::ffi::Error>() {
            continue;
        }
        let cause = cause.to_string();
        if !line.contains(&cause) {
            line += ": ";
            line += &cause;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn causes_follow_their_context() {
        let error =
            std::fs::read("/nowhere").context("no file").context("no start").expect_err("no such file");
        assert_eq!(one_line(&error), "no start: no file: No such file or directory (os error 2)");
    }

    #[test]
    fn no_cause_is_repeated() {
        let path = std::path::Path::new("/nowhere/at-all");
        let error = anyhow::Error::new(tempfile::tempdir_in(path).expect_err("no such folder"));
        assert_eq!(one_line(&error).matches("os error 2").count(), 1, "{}", one_line(&error));
        let error = rusqlite::Connection::open(path).context("no database").expect_err("no such folder");
        assert_eq!(one_line(&error), "no database: unable to open database file: /nowhere/at-all");
    }
}
