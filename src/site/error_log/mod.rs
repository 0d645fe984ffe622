//! The errors that the site has answered with 500, and those of its jobs, grouped by their causes. They are in a
//! database file of their own beside the site's: an error storm does not cost the site's writer, the backup does not
//! carry them, and they are recorded while the site's database is broken.

pub mod logged;
pub mod recorder;
pub mod sql;

use crate::text::shortened;
use crate::types::cursor::Cursor;
use crate::types::id::ErrorGroupId;
use crate::types::time::Timestamp;

/// The most groups. Beyond it the one that was resolved longest ago goes, or else the one that occurred longest ago.
pub const MAX_GROUPS: u32 = 1_000;
/// The last occurrences of a group that are kept.
pub const MAX_OCCURRENCES: u32 = 10;
/// The most characters of a cause.
const MAX_CAUSE_CHARS: usize = 1_000;

/// Where an error came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A handler returned it.
    Returned,
    /// A handler or a write panicked.
    Panicked,
    /// A job beside the requests ended with it.
    Job,
}

impl Kind {
    /// Its code in the file.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Returned => "returned",
            Kind::Panicked => "panicked",
            Kind::Job => "job",
        }
    }

    /// The kind of a code; an unknown one is of a later version.
    #[must_use]
    pub fn of(code: &str) -> Kind {
        [Kind::Panicked, Kind::Job].into_iter().find(|kind| kind.code() == code).unwrap_or(Kind::Returned)
    }
}

/// An error that has just occurred.
#[derive(Debug, Clone)]
pub struct NewError {
    /// Where it came from.
    pub kind: Kind,
    /// The time.
    pub at: Timestamp,
    /// The method and the pattern of the route, such as `GET /posts/:id`, or the name of the job.
    pub place: String,
    /// The place of the panic, or the error with the chain of its causes. Nothing that a client has sent.
    pub cause: String,
    /// The request's id in the log; empty for a job.
    pub request_id: String,
}

impl NewError {
    /// What errors of one group have in common: all but the digits of the cause, which are ids and sizes.
    fn key(&self) -> String {
        let cause = self.cause();
        // The place of a panic, `file:line`, tells it from others.
        let cause = if self.kind == Kind::Panicked { cause } else { without_numbers(&cause) };
        format!("{}\n{}\n{cause}", self.kind.code(), self.place)
    }

    fn cause(&self) -> String {
        shortened(&self.cause, MAX_CAUSE_CHARS).into_owned()
    }
}

/// The errors with one cause at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorGroup {
    /// Its number in the file.
    pub id: ErrorGroupId,
    /// Where they came from.
    pub kind: Kind,
    /// The method and the pattern of the route, or the name of the job.
    pub place: String,
    /// The place of the panic, or the first error with its causes.
    pub cause: String,
    /// How often it has occurred.
    pub count: i64,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
    /// The time when an admin resolved it; `None`: it is open.
    pub resolved_at: Option<Timestamp>,
}

impl ErrorGroup {
    /// Its place in a list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { key: self.last_at.as_micros(), id: self.id.get() }
    }
}

/// One time that an error of a group occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The time.
    pub at: Timestamp,
    /// The request's id; empty for a job.
    pub request_id: String,
}

/// Whether a list has the groups that are open or those that are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// Those that nobody has resolved since they last occurred.
    Open,
    /// Those that an admin has resolved.
    Resolved,
}

/// The numbers of groups and errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors since the start of the program that were stored.
    pub stored: u64,
    /// Errors since the start of the program that were not stored: the queue was full, or the file cannot be written.
    pub dropped: u64,
    /// Groups that are open; `None`: the file cannot be read.
    pub open: Option<i64>,
    /// Groups that are resolved.
    pub resolved: Option<i64>,
}

/// The text with a zero in place of each number.
fn without_numbers(text: &str) -> String {
    let mut letters: Vec<char> =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    letters.dedup_by(|next, before| (*next, *before) == ('0', '0'));
    letters.into_iter().collect()
}
