//! The database that a command works on.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Args;
use lorem_store::Database;

use super::output;
use crate::file_mode::FileMode;
use crate::replica::database;

#[derive(Args, Debug)]
pub(crate) struct DatabaseOption {
    /// The database file; it and its folder are created if they are missing
    #[arg(long, env, default_value = "db/lorem_news.sqlite3", value_name = "FILE")]
    database: PathBuf,
    /// The mode of the database, its backups and all other files, in octal: with 0640 their group may read them;
    /// files that give other users more rights lose them
    #[arg(long, env, default_value = "0600", value_name = "MODE", value_parser = FileMode::parse)]
    file_mode: FileMode,
}

impl DatabaseOption {
    pub(crate) fn path(&self) -> &Path {
        &self.database
    }

    pub(crate) fn file_mode(&self) -> FileMode {
        self.file_mode
    }

    pub(crate) fn into_path(self) -> PathBuf {
        self.database
    }

    /// Fails if the file is missing.
    pub(crate) fn must_exist(&self) -> Result<()> {
        ensure!(self.database.exists(), "there is no database {}", self.database.display());
        Ok(())
    }

    /// Runs `work` on the database and closes it, whatever the result, so that no WAL stays beside the file.
    /// A missing database is created.
    pub(crate) fn with_db<T>(&self, work: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        let db = database::open(&self.database, self.file_mode)?;
        let result = work(&db);
        database::close(db)?;
        result
    }

    pub(crate) fn migrate(&self) -> Result<()> {
        self.with_db(|_| Ok(()))?;
        output::line(format_args!("{} is up to date", self.database.display()));
        Ok(())
    }
}
