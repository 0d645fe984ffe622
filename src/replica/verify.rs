//! Whether the replica can really be restored: only a restore shows it.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::folder::{Folder, TEMPORARY};
use super::lock::Alone;
use super::settings::Settings;
use super::{Verification, control, copy, sql};
use crate::types::time::{Micros, now};
use lorem_store::{self as db, Database};

/// How long everything that has been written may take to be in the replica.
const BARRIER: Duration = Duration::from_secs(20);

/// Sixteen random bytes that no other verification has.
pub type Sentinel = [u8; 16];

/// One number each for users, posts, comments and acts: those get no number twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census(pub [i64; 4]);

/// Why a replica cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A sentence.
    pub why: String,
    /// The replica lacks something. Else it could not even be tried.
    pub is_of_replica: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// That it could not be tried.
fn untried(why: impl fmt::Display) -> Fault {
    Fault { why: why.to_string(), is_of_replica: false }
}

/// That it is not what it should be.
fn wanting(why: impl fmt::Display) -> Fault {
    Fault { why: why.to_string(), is_of_replica: true }
}

/// Writes a sentinel, waits until it is copied, restores the replica beside the database, and looks for the
/// sentinel and everything else in it. Nothing of that stays but the result, which the database keeps.
///
/// # Errors
/// The same sentence that the database keeps; or that it could not be kept.
pub fn verify(
    db: &Database,
    settings: &Settings,
    folder: &Folder,
    stopped: &dyn Fn() -> bool,
) -> Result<(), Fault> {
    let sentinel: Sentinel = rand::random();
    let result = compare(db, settings, folder, &sentinel, stopped);
    if stopped() {
        return result;
    }
    let verification = Verification { at: now(), fault: result.as_ref().err().map(Fault::to_string) };
    let noted = db.write(move |connection| {
        sql::remove_sentinel(connection, &sentinel)?;
        sql::record(connection, &verification)
    });
    result.and(noted.map_err(|error| untried(format!("it cannot be noted: {error}"))))
}

fn compare(
    db: &Database,
    settings: &Settings,
    folder: &Folder,
    sentinel: &Sentinel,
    stopped: &dyn Fn() -> bool,
) -> Result<(), Fault> {
    let unreadable = |error: db::Error| untried(format!("the database cannot be used: {error}"));
    let newest = db.read(sql::newest_ids).map_err(unreadable)?;
    let before = db.read(|connection| sql::count(connection, newest)).map_err(unreadable)?;
    let (written, at) = (*sentinel, now());
    db.write(move |connection| sql::set_sentinel(connection, &written, at)).map_err(unreadable)?;
    barrier(folder).map_err(untried)?;
    let work = copy::workshop_in(folder.path(), TEMPORARY).map_err(untried)?;
    let restored = settings.litestream.restore(settings, folder.database(), work.path(), None, stopped);
    let restored = restored.map_err(wanting)?;
    let restored = restored.ok_or_else(|| wanting(format!("{} is empty", settings.place)))?;
    let restored = copy::check(&restored).map_err(wanting)?;
    let damaged = |error: rusqlite::Error| wanting(format!("the copy is damaged: {error}"));
    if !sql::has_sentinel(&restored, sentinel).map_err(damaged)? {
        return Err(wanting(format!("{} does not have what was written a moment ago", settings.place)));
    }
    let copied = sql::count(&restored, newest).map_err(damaged)?;
    let after = db.read(|connection| sql::count(connection, newest)).map_err(unreadable)?;
    fits(before, copied, after).map_err(wanting)
}

/// Waits until everything is copied, and before that for a Litestream that a server has just started.
fn barrier(folder: &Folder) -> Result<(), control::Error> {
    const PAUSE: Duration = Duration::from_millis(50);
    let began = Instant::now();
    loop {
        match control::sync(folder, BARRIER) {
            Err(control::Error::NotRunning)
                if began.elapsed() < BARRIER && Alone::with(folder.database()).is_none() =>
            {
                thread::sleep(PAUSE);
            }
            result => return result.map(drop),
        }
    }
}

/// Rows with these numbers only become fewer, so there are no more in the copy than there were, and no fewer
/// than there are.
fn fits(before: Census, copied: Census, after: Census) -> Result<(), String> {
    const NOUNS: [&str; 4] = ["users", "posts", "comments", "acts"];
    for (at, noun) in NOUNS.into_iter().enumerate() {
        let (before, copied, after) = (before.0[at], copied.0[at], after.0[at]);
        if !(after..=before).contains(&copied) {
            return Err(format!("the copy has {copied} {noun}, the database {after}"));
        }
    }
    Ok(())
}

/// When something was last written to a copy.
///
/// # Errors
/// A sentence.
pub fn newest_write(copy: &Connection) -> Result<Option<Micros>, String> {
    sql::newest_write(copy).map_err(|error| format!("the copy is damaged: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_fits_between_what_was_and_what_is() {
        let census = |posts| Census([7, posts, 9, 0]);
        for (before, copied, after, is_fine) in [
            (5, 5, 5, true),
            (5, 4, 3, true),
            (5, 5, 3, true),
            (5, 3, 3, true),
            (5, 6, 3, false),
            (5, 2, 3, false),
        ] {
            let said = fits(census(before), census(copied), census(after));
            assert_eq!(said.is_ok(), is_fine, "{before} {copied} {after}");
            assert!(said.err().is_none_or(|why| why.contains("posts")));
        }
    }
}
