//! Opens and closes a database that another process may be replicating.

use std::path::Path;

use lorem_store::{self as store, Database};

use super::folder::Folder;
use super::lock::LitestreamInhibitor;
use crate::file_mode::FileMode;
use crate::schema::SCHEMA;

/// Opens a database as [`Database::open`] does, but leaves checkpoints to Litestream while one runs.
/// Checkpoints of another process damaged half of the replicas, even PASSIVE ones. Files that give other users more
/// rights than `mode` are tightened: as soon as it is known that the database is ours, and before SQLite opens it,
/// which gives a new WAL the mode of the database.
///
/// # Errors
/// Those of [`Database::open`].
pub fn open(path: &Path, mode: FileMode) -> Result<Database, store::OpenError> {
    store::check_file(path, &SCHEMA)?;
    if let Ok(folder) = Folder::beside(path) {
        folder.tighten(mode);
    }
    Database::open_with_checkpoint_guard(path, &SCHEMA, |path, checkpoint| {
        // Held until the checkpoint is done, so that no Litestream starts meanwhile.
        if let Some(_inhibitor) = LitestreamInhibitor::try_acquire(path) {
            checkpoint();
        }
    })
}

/// Closes a database. The WAL is emptied unless a Litestream runs: emptying it then would stop all writers,
/// and Litestream would copy everything again.
///
/// # Errors
/// Those of [`Database::close`].
pub fn close(db: Database) -> Result<(), store::Error> {
    let inhibitor = LitestreamInhibitor::try_acquire(db.path());
    if inhibitor.is_some() { db.close() } else { db.close_without_checkpoint() }
}
