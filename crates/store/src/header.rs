//! Looks at a database file before SQLite does, because opening one already touches it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::OpenError;
use crate::schema::Schema;

/// Refuses a file that is no SQLite database, another program's, or from a newer version of ours.
/// A missing or empty file is fine: it becomes a database.
///
/// # Errors
/// As said; and the operating system's when the file cannot be read.
pub fn check(path: &Path, schema: &Schema) -> Result<(), OpenError> {
    // https://sqlite.org/fileformat2.html#the_database_header
    const MAGIC: &[u8] = b"SQLite format 3\0";
    const USER_VERSION: usize = 60;
    const APPLICATION: usize = 68;
    // Behind the header the first page is the root of the schema table: its kind, and how many
    // entries are on it.
    const SCHEMA_KIND: usize = 100;
    const LEAF: u8 = 13;
    const SCHEMA_ENTRIES: usize = 103;
    const LENGTH: usize = 105;
    let mut header = Vec::with_capacity(LENGTH);
    match File::open(path) {
        Ok(file) => file.take(LENGTH as u64).read_to_end(&mut header),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => Err(error),
    }
    .map_err(|error| OpenError::File(path.to_owned(), error))?;
    if header.is_empty() {
        return Ok(());
    }
    if header.len() < LENGTH || !header.starts_with(MAGIC) {
        return Err(OpenError::NotADatabase(path.to_owned()));
    }
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let is_empty = header[SCHEMA_KIND] == LEAF && header[SCHEMA_ENTRIES..LENGTH] == [0, 0];
    // The newest first page can still be in the WAL: 0 and 0 is a database of which the first
    // migration is there only, and then no table is here either. What is really in it is checked
    // once more when it is open.
    match (number(APPLICATION), number(USER_VERSION)) {
        (id, version) if id == schema.application_id => schema.migrations_applied(version).map(drop),
        (0, 0) if is_empty => Ok(()),
        _ => Err(OpenError::OtherProgram(path.to_owned())),
    }
}
