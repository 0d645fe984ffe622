//! The skeletons of users' names, computed at the start where a database has none by the present rules: one from
//! an older version, or after a change of the rules.

use lorem_store::{Database, Error};

use crate::types::id::UserId;
use crate::user::sql::names;

/// Users in one write, which takes some ten milliseconds.
const USERS_PER_WRITE: u32 = 1000;

/// Computes what is missing, before the first request: a sign-up compares its name with all users' names.
///
/// # Errors
/// Those of [`Database::read`] and [`Database::write`]. What has been computed stays, and the next start begins
/// anew.
pub fn prepare(db: &Database) -> Result<(), Error> {
    if db.read(names::has_skeletons)? {
        return Ok(());
    }
    log::info!("comparing the names of all users with each other, once after an upgrade");
    let mut after = Some(UserId::new(0));
    while let Some(last) = after {
        after = db.write(move |connection| names::fill_skeletons(connection, last, USERS_PER_WRITE))?;
    }
    Ok(())
}
