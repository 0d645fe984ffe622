//! Whether the replica can really be restored: only a restore shows it.

use std::time::Duration;

use rusqlite::Connection;

use super::folder::{Folder, TEMPORARY};
use super::settings::Settings;
use super::{Verification, control, copy, sql};
use crate::db::Db;
use crate::ui::time::{Micros, now};

/// How long everything that has been written may take to be in the replica.
const BARRIER: Duration = Duration::from_secs(20);

/// Sixteen random bytes that no other verification has.
pub type Sentinel = [u8; 16];

/// One number each for users, posts, comments and acts: those get no number twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census(pub [i64; 4]);

/// Writes a sentinel, waits until it is copied, restores the replica beside the database, and looks for the
/// sentinel and everything else in it. Nothing of that stays but the result, which the database keeps.
///
/// # Errors
/// The same sentence that the database keeps; or that it could not be kept.
pub fn verify(
    db: &Db,
    settings: &Settings,
    folder: &Folder,
    stopped: &dyn Fn() -> bool,
) -> Result<(), String> {
    let sentinel: Sentinel = rand::random();
    let result = compare(db, settings, folder, &sentinel, stopped);
    if stopped() {
        return result;
    }
    let verification = Verification { at: now(), fault: result.as_ref().err().cloned() };
    let noted = db.write(move |connection| {
        sql::remove_sentinel(connection, &sentinel)?;
        sql::record(connection, &verification)
    });
    noted.map_err(|error| format!("cannot note what the verification came to: {error}")).and(result)
}

fn compare(
    db: &Db,
    settings: &Settings,
    folder: &Folder,
    sentinel: &Sentinel,
    stopped: &dyn Fn() -> bool,
) -> Result<(), String> {
    let unreadable = |error: crate::db::Error| format!("the database cannot be used: {error}");
    let newest = db.read(sql::newest_ids).map_err(unreadable)?;
    let before = db.read(|connection| sql::count(connection, newest)).map_err(unreadable)?;
    let (written, at) = (*sentinel, now());
    db.write(move |connection| sql::set_sentinel(connection, &written, at)).map_err(unreadable)?;
    control::sync(folder, BARRIER)?;
    let work = copy::workshop_in(folder.path(), TEMPORARY)?;
    let restored = settings.litestream.restore(settings, folder.database(), work.path(), None, stopped)?;
    let restored = restored.ok_or_else(|| format!("{} is empty", settings.place))?;
    let restored = copy::check(&restored)?;
    let damaged = |error: rusqlite::Error| format!("the copy is damaged: {error}");
    if !sql::has_sentinel(&restored, sentinel).map_err(damaged)? {
        return Err(format!("{} does not have what was written a moment ago", settings.place));
    }
    let copied = sql::count(&restored, newest).map_err(damaged)?;
    let after = db.read(|connection| sql::count(connection, newest)).map_err(unreadable)?;
    fits(before, copied, after)
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
