//! Verification: restores the replica beside the database, and compares the two.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use lorem_store::{self as store, Database};

use super::control::{self, ControlError};
use super::folder::{Folder, TEMPORARY_PREFIX};
use super::lock::LitestreamInhibitor;
use super::settings::Settings;
use super::{COUNTED_TABLES, RowCounts, Sentinel, Verification, copy, litestream, sql};
use crate::errors::one_line;
use crate::types::time::Timestamp;

/// The limit on copying everything that was written before.
const SYNC_TIMEOUT: Duration = Duration::from_secs(20);
/// The time between two attempts to reach a Litestream that is starting.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The failure of a verification.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The verification could not be made: it says nothing about the replica.
    #[error("{}", one_line(.0))]
    NotVerified(anyhow::Error),
    /// The replica cannot be restored, or lacks something.
    #[error("{}", one_line(.0))]
    BadReplica(anyhow::Error),
}

/// Writes a sentinel, waits until it is copied, restores the replica beside the database, and compares the
/// sentinel and the row counts. Only the result is kept: the database records it, unless `is_stopped`.
///
/// # Errors
/// [`VerifyError::NotVerified`] if the database or Litestream cannot be used, or the result not be recorded;
/// [`VerifyError::BadReplica`] if the restored copy differs from the database or cannot be made.
pub fn verify(
    db: &Database,
    settings: &Settings,
    folder: &Folder,
    is_stopped: &dyn Fn() -> bool,
) -> Result<(), VerifyError> {
    let sentinel: Sentinel = rand::random();
    let result = compare(db, settings, folder, &sentinel, is_stopped);
    if is_stopped() {
        return result;
    }
    let verification =
        Verification { at: Timestamp::now(), fault: result.as_ref().err().map(VerifyError::to_string) };
    let recorded = db.write(move |connection| {
        sql::delete_sentinel(connection, &sentinel)?;
        sql::record_verification(connection, &verification)
    });
    result?;
    recorded.context("the result cannot be recorded").map_err(VerifyError::NotVerified)
}

fn compare(
    db: &Database,
    settings: &Settings,
    folder: &Folder,
    sentinel: &Sentinel,
    is_stopped: &dyn Fn() -> bool,
) -> Result<(), VerifyError> {
    let location = &settings.location;
    let unusable = |error: store::Error| {
        VerifyError::NotVerified(anyhow::Error::new(error).context("the database cannot be used"))
    };
    let bad = |why: &str| VerifyError::BadReplica(anyhow!("{location} {why}"));
    let damaged =
        |error: rusqlite::Error| VerifyError::BadReplica(anyhow::Error::new(error).context(copy::DAMAGED));
    let newest = db.read(sql::newest_ids).map_err(unusable)?;
    let before = db.read(|connection| sql::count_rows(connection, newest)).map_err(unusable)?;
    let (written, at) = (*sentinel, Timestamp::now());
    db.write(move |connection| sql::insert_sentinel(connection, &written, at)).map_err(unusable)?;
    sync(folder).map_err(|error| VerifyError::NotVerified(error.into()))?;
    let work = copy::work_folder_in(folder.path(), TEMPORARY_PREFIX).map_err(VerifyError::NotVerified)?;
    let restored = litestream::restore(settings, folder.database(), work.path(), None, is_stopped);
    let restored = restored.map_err(VerifyError::BadReplica)?;
    let restored = restored.ok_or_else(|| bad("is empty"))?;
    let restored = copy::check(&restored).map_err(VerifyError::BadReplica)?;
    if !sql::has_sentinel(&restored, sentinel).map_err(damaged)? {
        return Err(bad("lacks a row that was written a moment ago"));
    }
    let copied = sql::count_rows(&restored, newest).map_err(damaged)?;
    let after = db.read(|connection| sql::count_rows(connection, newest)).map_err(unusable)?;
    check_counts(before, copied, after).map_err(VerifyError::BadReplica)
}

/// Waits until every write is copied. A Litestream that a server has just started is waited for, too.
fn sync(folder: &Folder) -> Result<(), ControlError> {
    let began = Instant::now();
    loop {
        match control::sync(folder, SYNC_TIMEOUT) {
            Err(ControlError::NotRunning)
                if began.elapsed() < SYNC_TIMEOUT
                    && LitestreamInhibitor::try_acquire(folder.database()).is_none() =>
            {
                thread::sleep(POLL_INTERVAL);
            }
            result => return result.map(drop),
        }
    }
}

/// Compares the copy's row counts with the database's before and after it was made. Rows with ids up to a
/// fixed one are only ever deleted, so the copy has at most as many as before, and at least as many as after.
fn check_counts(before: RowCounts, copied: RowCounts, after: RowCounts) -> Result<()> {
    for (at, table) in COUNTED_TABLES.into_iter().enumerate() {
        let (before, copied, after) = (before.0[at], copied.0[at], after.0[at]);
        ensure!((after..=before).contains(&copied), "the copy has {copied} {table}, the database {after}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_a_copy_lie_between_those_before_and_after_it() {
        let counts = |posts| RowCounts([7, posts, 9, 0]);
        for (before, copied, after, is_good) in [
            (5, 5, 5, true),
            (5, 4, 3, true),
            (5, 5, 3, true),
            (5, 3, 3, true),
            (5, 6, 3, false),
            (5, 2, 3, false),
        ] {
            let result = check_counts(counts(before), counts(copied), counts(after));
            assert_eq!(result.is_ok(), is_good, "{before} {copied} {after}");
            assert!(result.err().is_none_or(|error| error.to_string().contains("posts")));
        }
    }
}
