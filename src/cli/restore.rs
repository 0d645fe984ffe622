//! `lorem-news restore` and `backup`: copies of the whole database.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Subcommand;

use super::database::DatabaseOption;
use super::output;
use super::replica_options::ReplicatedDatabase;
use crate::replica::restore::{self, RestoreRequest, Restored};
use crate::types::time::Timestamp;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Restore the database from its replica
    Restore {
        #[command(flatten)]
        database: ReplicatedDatabase,
        /// Go back to this moment: `2026-11-26T12:00:00Z`
        #[arg(long, value_name = "TIME")]
        at: Option<jiff::Timestamp>,
        /// Restore to this file instead of the database
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
    },
    /// Copy the database, which may be in use, to a file, and check the copy
    Backup {
        #[command(flatten)]
        database: DatabaseOption,
        /// The new file
        file: PathBuf,
    },
}

impl Command {
    pub(crate) fn database(&self) -> &DatabaseOption {
        match self {
            Command::Restore { database, .. } => &database.database,
            Command::Backup { database, .. } => database,
        }
    }

    pub(crate) fn run(self) -> Result<()> {
        match self {
            Command::Restore { database, at, to, force } => {
                let settings = database.settings()?;
                let request =
                    RestoreRequest { database: database.database.path(), to: to.as_deref(), at, force };
                let restored = restore::restore(&settings, &request)?
                    .with_context(|| format!("{} is empty: there is no backup", settings.location))?;
                output::line(summary("Restored", &restored, Timestamp::now()));
            }
            Command::Backup { database, file } => {
                let copied = restore::backup(database.path(), &file)?;
                output::line(summary("Copied to", &copied, Timestamp::now()));
            }
        }
        Ok(())
    }
}

/// The path of the file, and the age of its newest write.
fn summary(done: &str, restored: &Restored, now: Timestamp) -> String {
    let path = restored.path.display();
    let Some(newest) = restored.newest else {
        return format!("{done} {path}: it is whole, and nothing was ever written to it");
    };
    let age = now.saturating_duration_since(newest);
    let age = Duration::from_millis(age.as_millis().try_into().unwrap_or(u64::MAX));
    format!("{done} {path}: it is whole; the newest write in it is of {}, {age:?} ago", newest.rfc_3339())
}
