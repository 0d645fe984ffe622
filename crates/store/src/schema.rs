//! What a program says of its database.

use crate::error::OpenError;

/// What a program calls its own: how its database is marked, and the steps that lead to its tables.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Marks a database as the program's (`PRAGMA application_id`, <https://sqlite.org/fileformat2.html#application_id>);
    /// not 0.
    pub application_id: i32,
    /// Every migration in order, append-only; `PRAGMA user_version` counts how many a database has had.
    pub migrations: &'static [&'static str],
}

impl Schema {
    /// The `user_version` of a database as a count of migrations, if this program knows that many.
    pub(crate) fn migrations_applied(&self, user_version: i32) -> Result<usize, OpenError> {
        match usize::try_from(user_version) {
            Ok(number) if number <= self.migrations.len() => Ok(number),
            _ => Err(OpenError::NewerSchema {
                found: user_version.unsigned_abs() as usize,
                known: self.migrations.len(),
            }),
        }
    }
}
