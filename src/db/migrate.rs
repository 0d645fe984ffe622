//! The schema, step by step: `db/migrations/`, embedded, append-only.

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;
use super::header::APPLICATION_ID;

/// Every migration in order; `PRAGMA user_version` counts how many a database has had.
pub const MIGRATIONS: [&str; 7] = [
    include_str!("../../db/migrations/0001_start.sql"),
    include_str!("../../db/migrations/0002_accounts.sql"),
    include_str!("../../db/migrations/0003_hacker_news.sql"),
    include_str!("../../db/migrations/0004_search.sql"),
    include_str!("../../db/migrations/0005_moderation.sql"),
    include_str!("../../db/migrations/0006_looking_again.sql"),
    include_str!("../../db/migrations/0007_replica.sql"),
];

/// Brings the database to this program's schema. Each migration is a transaction of its own, and
/// two programs that start at once take turns.
///
/// # Errors
/// When the database is newer than this program or another program's, or a migration fails; what
/// came before that migration stays, and it is undone.
pub fn run(connection: &mut Connection) -> Result<(), OpenError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = known(transaction.pragma_query_value(None, "user_version", |row| row.get(0))?)?;
        let Some(migration) = MIGRATIONS.get(number) else {
            return Ok(());
        };
        let next = number + 1;
        if number == 0 && !is_empty(&transaction)? {
            let path = transaction.path().unwrap_or_default().into();
            return Err(OpenError::OtherProgram(path));
        }
        let failed = |error| OpenError::Migration { number: next, error };
        transaction.execute_batch(migration).map_err(failed)?;
        transaction.pragma_update(None, "user_version", next as i64).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        log::info!("migrated the database to schema {next}");
    }
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
