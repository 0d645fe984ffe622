//! The schema, step by step: `db/migrations/`, embedded, append-only.

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;
use super::header::APPLICATION_ID;

/// Every migration in order; `PRAGMA user_version` counts how many a database has had.
pub const MIGRATIONS: [&str; 1] = [include_str!("../../db/migrations/0001_start.sql")];

/// Refuses what [`run`] would refuse, before anything has changed the file: [`super::header`] cannot
/// tell another program's database that carries no marks from one of ours that is about to be made.
///
/// # Errors
/// When the database is newer than this program or another program's; SQLite's.
pub fn check(connection: &Connection) -> Result<(), OpenError> {
    // One moment for both questions: another process may just be making the database.
    let snapshot = connection.unchecked_transaction()?;
    applied(&snapshot).map(drop)
}

/// Brings the database to this program's schema. Each migration is a transaction of its own, and
/// two programs that start at once take turns.
///
/// # Errors
/// When the database is newer than this program or another program's, or a migration fails; what
/// came before that migration stays, and it is undone.
pub fn run(connection: &mut Connection) -> Result<(), OpenError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = applied(&transaction)?;
        let Some(migration) = MIGRATIONS.get(number) else {
            return Ok(());
        };
        let next = number + 1;
        let failed = |error| OpenError::Migration { number: next, error };
        transaction.execute_batch(migration).map_err(failed)?;
        transaction.pragma_update(None, "user_version", next as i64).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        log::info!("migrated the database to schema {next}");
    }
}

/// How many migrations this database has had.
fn applied(connection: &Connection) -> Result<usize, OpenError> {
    let number = known(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)?;
    if number == 0 && !is_empty(connection)? {
        return Err(OpenError::OtherProgram(connection.path().unwrap_or_default().into()));
    }
    Ok(number)
}

/// The `user_version` as a count of migrations, if this program knows that many.
pub(super) fn known(version: i32) -> Result<usize, OpenError> {
    match usize::try_from(version) {
        Ok(number) if number <= MIGRATIONS.len() => Ok(number),
        _ => Err(OpenError::Newer { found: version.unsigned_abs() as usize, known: MIGRATIONS.len() }),
    }
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}
