//! A person's own data as a ZIP: what the site keeps about them as JSON, and their posts and comments as a page to read.
//!
//! It is theirs, so it has more than pages show: what an admin removed, too. It has no secrets and no hashes of any, and
//! of others no more than a name.

pub mod handlers;
pub mod sql;
pub mod views;

use std::io;

/// The most bytes of the ZIP: the server has an answer in memory as a whole. 100,000 comments have a third of it.
pub const MAX_BYTES: u64 = 32 << 20;

/// The ZIP could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// SQLite fails.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Writing fails.
    #[error(transparent)]
    Write(#[from] io::Error),
    /// The ZIP's writer fails.
    #[error(transparent)]
    Zip(#[from] zip::result::ZipError),
    /// Rendering a text fails, which no known input causes.
    #[error("rendering: {0}")]
    Render(#[from] horrorshow::Error),
}
