//! A program's schema: its mark and its migrations.

use crate::error::OpenError;

/// The schema of a program's database: the mark by which the program knows it, and the migrations that make
/// its tables.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Marks a database as the program's (`PRAGMA application_id`,
    /// <https://sqlite.org/fileformat2.html#application_id>). It must not be 0, the id of an unmarked file.
    pub application_id: i32,
    /// The SQL of every migration, in order and append-only: `PRAGMA user_version`
    /// (<https://sqlite.org/pragma.html#pragma_user_version>) counts those that a database has had.
    pub migrations: &'static [&'static str],
}

impl Schema {
    /// The number of migrations that a database of this `user_version` has had.
    ///
    /// # Errors
    /// [`OpenError::NewerSchema`] when the schema lists fewer.
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
