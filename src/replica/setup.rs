//! The replica of one database, from before the database is opened: lock, restore, and the check that the two
//! belong together.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use lorem_store::Database;

use super::copy::{self, Target};
use super::folder::{Folder, TEMPORARY_PREFIX};
use super::lock::Lock;
use super::settings::Settings;
use super::status::ReplicaStatus;
use super::supervisor::Supervisor;
use super::{litestream, restore, sql};
use crate::errors::one_line;
use crate::file_mode::FileMode;

/// The replica of a database that is open, or about to be opened.
pub struct Replica {
    /// The operator's settings.
    pub settings: Settings,
    /// The folder beside the database.
    pub folder: Folder,
    /// How the replica is.
    pub status: Arc<ReplicaStatus>,
    lock: Lock,
    origin: Origin,
}

/// The origin of the database at this start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The file existed.
    Existing,
    /// It was restored from the replica.
    Restored,
    /// Both the file and the replica were missing.
    New,
}

impl Replica {
    /// Acquires the lock, and restores the database if it is missing. With an empty replica it stays missing. A
    /// replica in a folder is tightened to `mode`.
    ///
    /// # Errors
    /// Another process replicates the database, or the restore fails. Then no file has been created.
    pub fn prepare(settings: Settings, database: &Path, mode: FileMode) -> Result<Replica> {
        restore::create_parent(database)?;
        let folder = Folder::beside(database).with_context(|| database.display().to_string())?;
        let lock = Lock::acquire(&folder)?;
        folder.remove_temporary_folders();
        settings.location.tighten(mode);
        let origin = if folder.database().exists() {
            Origin::Existing
        } else {
            log::info!("{} is missing: looking for a backup in {}", database.display(), settings.location);
            let target = Target::new(folder.database(), false)?;
            match restore::restore_locked(&settings, folder.database(), &target, folder.database(), None)? {
                Some(restored) => {
                    log::info!("restored {} from {}", restored.path.display(), settings.location);
                    Origin::Restored
                }
                None => Origin::New,
            }
        };
        let status = ReplicaStatus::new(settings.location.clone(), folder.database().to_owned());
        Ok(Replica { settings, folder, status: Arc::new(status), lock, origin })
    }

    /// Whether the database was restored at this start.
    #[must_use]
    pub fn is_restored(&self) -> bool {
        self.origin == Origin::Restored
    }

    /// Makes sure that the replica is a copy of this database: Litestream would overwrite another database's
    /// replica without an error. The database records a location that was checked.
    ///
    /// # Errors
    /// The replica is another database's, or that cannot be determined.
    pub fn pair(&self, db: &Database) -> Result<()> {
        let location = self.settings.location.to_string();
        if db.read(sql::location)?.as_deref() == Some(&*location) {
            return Ok(());
        }
        if self.origin == Origin::Existing {
            self.compare_identity(db)?;
        }
        Ok(db.write(move |connection| sql::set_location(connection, &location))?)
    }

    fn compare_identity(&self, db: &Database) -> Result<()> {
        let (settings, location) = (&self.settings, &self.settings.location);
        log::info!("checking which database {location} is a copy of");
        let work = copy::work_folder_in(self.folder.path(), TEMPORARY_PREFIX)?;
        let database = self.folder.database();
        let Some(copy) = litestream::restore(settings, database, work.path(), None, &|| false)? else {
            return Ok(());
        };
        let theirs = copy::check(&copy).and_then(|copy| Ok(sql::identity(&copy)?));
        let ours = db.read(sql::identity)?;
        let why = match theirs {
            Ok(theirs) if theirs == ours => return Ok(()),
            Ok(_) => String::new(),
            Err(error) => format!(" ({})", one_line(&error)),
        };
        bail!(
            "{location} holds the replica of another database than {}, which would take it over: \
             choose another location, or restore the database that is there{why}",
            database.display(),
        )
    }

    /// Starts Litestream.
    ///
    /// # Errors
    /// Those of [`Supervisor::start`].
    pub fn start_litestream(&self) -> Result<Supervisor> {
        Supervisor::start(self.settings.clone(), self.folder.clone(), self.lock.try_clone()?)
    }
}
