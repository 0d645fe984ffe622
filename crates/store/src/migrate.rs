//! A schema, step by step.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::OpenError;
use crate::schema::Schema;

/// Brings the database to this program's schema. Each migration is a transaction of its own, and
/// two programs that start at once take turns.
///
/// # Errors
/// When the database is newer than this program or another program's, or a migration fails; what
/// came before that migration stays, and it is undone.
pub fn run(connection: &mut Connection, schema: &Schema) -> Result<(), OpenError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number =
            schema.migrations_applied(
                transaction.pragma_query_value(None, "user_version", |row| row.get(0))?,
            )?;
        let Some(migration) = schema.migrations.get(number) else {
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
        transaction.pragma_update(None, "application_id", schema.application_id).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        log::info!("migrated the database to schema {next}");
    }
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}
