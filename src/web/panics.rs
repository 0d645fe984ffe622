//! Panics of handlers and of their writes: each costs its request alone, and is reported with its place.

use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;

/// The name of the thread that runs the closures of writes, see [`lorem_store`].
const WRITER: &str = "writer";

thread_local! {
    /// The place of this thread's last panic.
    static LAST: RefCell<Option<Place>> = const { RefCell::new(None) };
}

/// The place of the last panic in a write. A process has one writer; tests have several, of which none panics beside
/// another.
static LAST_IN_A_WRITE: Mutex<Option<Place>> = Mutex::new(None);

/// Where a panic began.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// `file:line`.
    line: String,
    /// The message, if it is a text of the program. One that was put together may contain what a client has sent.
    literal: Option<&'static str>,
}

/// A panic as an error.
#[derive(Debug, thiserror::Error)]
pub struct Panicked {
    in_a_write: bool,
    place: Option<Place>,
}

impl Panicked {
    /// The last panic in a write.
    #[must_use]
    pub fn in_a_write() -> Panicked {
        let place = LAST_IN_A_WRITE.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Panicked { in_a_write: true, place }
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(if self.in_a_write { "a write panicked" } else { "the handler panicked" })?;
        let Some(Place { line, literal }) = &self.place else { return Ok(()) };
        write!(f, " at {line}")?;
        literal.map_or(Ok(()), |literal| write!(f, ": {literal}"))
    }
}

/// Notes the place of each panic from now on, before the hook of before prints it.
pub fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            note(info);
            before(info);
        }));
    });
}

fn note(info: &PanicHookInfo) {
    let line = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
    let literal = info.payload().downcast_ref::<&'static str>().copied();
    let place = line.map(|line| Place { line, literal });
    if thread::current().name() == Some(WRITER) {
        *LAST_IN_A_WRITE.lock().unwrap_or_else(PoisonError::into_inner) = place;
    } else {
        LAST.set(place);
    }
}

/// Runs a handler. Unwinding releases its permit and its connection, and the writer rolls back its own part.
///
/// # Errors
/// The handler panics.
pub fn catch<T>(handler: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(handler)).map_err(|_| Panicked { in_a_write: false, place: LAST.take() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::SCHEMA;
    use crate::web::error::Error;
    use lorem_store::Database;

    fn caught(handler: impl FnOnce()) -> String {
        note_places();
        catch(handler).expect_err("it panics").to_string()
    }

    #[test]
    fn a_panic_is_an_error_with_its_place() {
        let line = line!() + 1;
        let text = caught(|| panic!("a text of the program"));
        assert_eq!(text, format!("the handler panicked at src/web/panics.rs:{line}: a text of the program"));
    }

    #[test]
    fn a_panic_in_a_write_has_the_place_in_its_closure() {
        note_places();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let db = Database::open(&folder.path().join("news.sqlite3"), &SCHEMA).expect("a new database opens");
        let line = line!() + 1;
        let written = db.write(|_| -> rusqlite::Result<()> { panic!("a text of the program") });
        let error = Error::from(written.expect_err("it panics"));
        assert_eq!(error.status(), 500);
        assert_eq!(
            error.to_string(),
            format!("a write panicked at src/web/panics.rs:{line}: a text of the program")
        );
        db.close().expect("the writer goes on");
    }

    #[test]
    fn what_a_client_may_have_sent_is_not_part_of_it() {
        let sent = String::from("héllo, my secret");
        let line = line!() + 1;
        let text = caught(|| drop(sent[..2].to_owned()));
        assert_eq!(text, format!("the handler panicked at src/web/panics.rs:{line}"));
    }
}
