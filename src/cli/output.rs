//! What a command prints. Printing never fails: a full disk, a closed stream or a reader that is gone makes no
//! difference to the work that was done, so the exit code does not depend on it. (`println!` would panic.)

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line on the standard output.
pub(crate) fn line(text: impl Display) {
    write(io::stdout(), &format!("{text}\n"));
}

/// Prints a line on the standard error.
pub(crate) fn error_line(text: impl Display) {
    write(io::stderr(), &format!("{text}\n"));
}

/// Prints on the standard error without ending the line.
pub(crate) fn prompt(text: impl Display) {
    write(io::stderr(), &text.to_string());
}

/// Writes in one piece: a reader that wants only the first line may be gone after it.
fn write(mut stream: impl Write, text: &str) {
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}
