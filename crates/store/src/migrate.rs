//! Migrations of the schema.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::OpenError;
use crate::schema::Schema;

/// Runs the migrations that the database has not had.
///
/// Each runs in a transaction of its own, which also sets `user_version` and `application_id`. Processes that
/// migrate a database at the same time wait for each other, and each migration runs once. Foreign keys are not
/// enforced meanwhile: a migration that rebuilds a table drops the former one, which would delete the rows that
/// refer to it (<https://sqlite.org/lang_altertable.html#otheralter>). Afterwards they are.
///
/// # Errors
/// [`OpenError::NewerSchema`]; [`OpenError::OtherProgram`] when a database without migrations has tables;
/// [`OpenError::Migration`], after which the earlier migrations stay; [`OpenError::Sqlite`].
pub fn run(connection: &mut Connection, schema: &Schema) -> Result<(), OpenError> {
    // SQLite ignores this pragma within a transaction.
    connection.pragma_update(None, "foreign_keys", false)?;
    while run_next(connection, schema)? {}
    Ok(connection.pragma_update(None, "foreign_keys", true)?)
}

/// Runs the first migration that the database has not had; `false`: there is none.
fn run_next(connection: &mut Connection, schema: &Schema) -> Result<bool, OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let user_version = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let applied = schema.migrations_applied(user_version)?;
    let Some(migration) = schema.migrations.get(applied) else {
        return Ok(false);
    };
    let number = applied + 1;
    if applied == 0 && !is_empty(&transaction)? {
        let path = transaction.path().unwrap_or_default().into();
        return Err(OpenError::OtherProgram(path));
    }
    let failed = |source| OpenError::Migration { number, source };
    transaction.execute_batch(migration).map_err(failed)?;
    transaction.pragma_update(None, "user_version", number as i64).map_err(failed)?;
    transaction.pragma_update(None, "application_id", schema.application_id).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    log::info!("migrated the database to schema {number}");
    Ok(true)
}

/// Whether the database has no tables.
fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT UNIQUE) STRICT;
        CREATE TABLE books (author_id INTEGER REFERENCES authors ON DELETE CASCADE) STRICT;
        INSERT INTO authors VALUES (1, 'a');
        INSERT INTO books VALUES (1);";
    const SECOND: &str = "CREATE TABLE new_authors (id INTEGER PRIMARY KEY, name TEXT) STRICT;
        INSERT INTO new_authors SELECT id, name FROM authors;
        DROP TABLE authors;
        ALTER TABLE new_authors RENAME TO authors;";

    #[test]
    fn a_migration_makes_a_table_anew_that_others_refer_to() {
        let mut connection = Connection::open_in_memory().expect("a database in memory opens");
        connection.pragma_update(None, "foreign_keys", true).expect("a pragma can be set");
        for migrations in [&[FIRST][..], &[FIRST, SECOND]] {
            run(&mut connection, &Schema { application_id: 1, migrations }).expect("it is migrated");
        }
        let books = || -> i64 {
            connection.query_row("SELECT count(*) FROM books", [], |row| row.get(0)).expect("a number")
        };
        assert_eq!(books(), 1, "they outlive the former table");
        connection.execute_batch("DELETE FROM authors").expect("it goes");
        assert_eq!(books(), 0, "references are enforced again");
    }
}
