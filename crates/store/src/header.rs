//! The header of a database file, read before SQLite opens the file: opening can already change it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::OpenError;
use crate::schema::Schema;

/// Refuses a file that is not an SQLite database, or one that [`Schema`] does not know. A missing or empty
/// file passes: SQLite makes it a database. The file is not changed.
///
/// # Errors
/// [`OpenError::NotADatabase`], [`OpenError::OtherProgram`], [`OpenError::NewerSchema`]; [`OpenError::File`]
/// when the file cannot be read.
pub fn check(path: &Path, schema: &Schema) -> Result<(), OpenError> {
    // https://sqlite.org/fileformat2.html#the_database_header
    const MAGIC: &[u8] = b"SQLite format 3\0";
    const USER_VERSION: usize = 60;
    const APPLICATION_ID: usize = 68;
    // After the header, page 1 is the root page of the schema table: its type, and the number of its cells.
    // https://sqlite.org/fileformat2.html#b_tree_pages
    const PAGE_TYPE: usize = 100;
    const TABLE_LEAF: u8 = 13;
    const CELL_COUNT: usize = 103;
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
    let is_empty = header[PAGE_TYPE] == TABLE_LEAF && header[CELL_COUNT..LENGTH] == [0, 0];
    // The newest page 1 can still be in the WAL: then the file has neither mark, and no table either. The
    // migrations check the content again when the database is open.
    match (number(APPLICATION_ID), number(USER_VERSION)) {
        (id, version) if id == schema.application_id => schema.migrations_applied(version).map(drop),
        (0, 0) if is_empty => Ok(()),
        _ => Err(OpenError::OtherProgram(path.to_owned())),
    }
}
