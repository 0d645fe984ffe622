//! A second copy of the database in another place, kept up by Litestream (<https://litestream.io>).
//!
//! Litestream runs beside the server, [kept](supervisor) from its start to its end, and [asked](watch) all the
//! time whether what is written is copied. That a copy can be restored only a restore shows: it is
//! [tried](verify) every day. What Litestream does without a word when something is wrong, and what follows
//! from it, is told in `docs/decisions/0014-replica.md`.
//!
//! Reading order: [`settings`] (where the replica is), [`folder`] and [`lock`] (what is beside the database),
//! [`litestream`] (the program), [`keeper`] and [`supervisor`] (how it runs), [`control`] (how it is asked),
//! [`copy`] and [`restore`] (from the replica to a database), [`verify`], [`watch`].

pub mod control;
pub mod copy;
pub mod folder;
pub mod handlers;
pub mod keeper;
pub mod litestream;
pub mod lock;
pub mod restore;
pub mod settings;
pub mod sql;
pub mod supervisor;
pub mod verify;
pub mod views;
pub mod watch;

use std::path::Path;

use crate::schema::SCHEMA;
use crate::types::time::Micros;
use copy::Target;
use folder::{Folder, TEMPORARY};
use lock::{Alone, Lock};
use lorem_store::{self as db, Database};
use settings::Settings;
use watch::Watch;

/// Which database something is a copy of.
pub type Identity = [u8; 16];

/// What a try to restore the replica came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// When it ended.
    pub at: Micros,
    /// What was wrong; `None`: nothing.
    pub fault: Option<String>,
}

/// The replica of a database that is about to be opened, or is open.
pub struct Replica {
    /// Where it is.
    pub settings: Settings,
    /// What is beside the database.
    pub folder: Folder,
    /// How it is.
    pub watch: Watch,
    lock: Lock,
    origin: Origin,
}

/// How the database and what is in the replica came together at this start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The database was there.
    There,
    /// It comes from the replica.
    Restored,
    /// There was neither.
    New,
}

impl Replica {
    /// Makes sure that nobody else replicates the database, and restores it if it is missing. An empty replica
    /// leaves it missing.
    ///
    /// # Errors
    /// A sentence; nothing has happened then.
    pub fn prepare(settings: Settings, database: &Path) -> Result<Replica, String> {
        restore::make_folder_for(database)?;
        let folder = Folder::beside(database).map_err(|error| format!("{}: {error}", database.display()))?;
        let lock = Lock::take(&folder)?;
        folder.clear();
        let origin = if folder.database().exists() {
            Origin::There
        } else {
            log::info!("there is no {}: looking for it in {}", database.display(), settings.place);
            let target = Target::at(folder.database(), false)?;
            match restore::into(&settings, folder.database(), &target, folder.database(), None)? {
                Some(restored) => {
                    log::info!("restored {} from {}", restored.path.display(), settings.place);
                    Origin::Restored
                }
                None => Origin::New,
            }
        };
        Ok(Replica { settings, folder, watch: Watch::default(), lock, origin })
    }

    /// Whether the database that is open now was restored.
    #[must_use]
    pub fn is_restored(&self) -> bool {
        self.origin == Origin::Restored
    }

    /// Makes sure that what is in the replica is a copy of this database: Litestream would take over the
    /// replica of another one without a word. The database remembers it.
    ///
    /// # Errors
    /// A sentence: it is another's, or that cannot be told.
    pub fn pair(&self, db: &Database) -> Result<(), String> {
        let place = self.settings.place.to_string();
        if db.read(sql::place).map_err(sentence)?.as_deref() == Some(&*place) {
            return Ok(());
        }
        if self.origin == Origin::There {
            self.compare(db)?;
        }
        db.write(move |connection| sql::set_place(connection, &place)).map_err(sentence)
    }

    fn compare(&self, db: &Database) -> Result<(), String> {
        let (settings, place) = (&self.settings, &self.settings.place);
        log::info!("looking whose copy is in {place}");
        let work = copy::workshop_in(self.folder.path(), TEMPORARY)?;
        let database = self.folder.database();
        let Some(copy) = settings.litestream.restore(settings, database, work.path(), None, &|| false)?
        else {
            return Ok(());
        };
        let theirs = copy::check(&copy).and_then(|copy| sql::identity(&copy).map_err(sentence));
        match (theirs, db.read(sql::identity).map_err(sentence)?) {
            (Ok(theirs), ours) if theirs == ours => Ok(()),
            (theirs, _) => Err(format!(
                "{place} holds the replica of another database than {}, which would take it over: \
                 choose another place, or restore what is there{}",
                database.display(),
                theirs.err().map_or_else(String::new, |why| format!(" ({why})"))
            )),
        }
    }

    /// What Litestream needs to run.
    ///
    /// # Errors
    /// A sentence.
    pub fn start(&self) -> Result<supervisor::Supervisor, String> {
        supervisor::Supervisor::start(self.settings.clone(), self.folder.clone(), self.lock.try_clone()?)
    }
}

/// Opens a database beside which others may run, see [`Database::open`]. As long as a Litestream does, it alone moves
/// the WAL into the database: when others did it too, even PASSIVE, half of the copies were damaged.
///
/// # Errors
/// As there.
pub fn open(path: &Path) -> Result<Database, db::OpenError> {
    Database::open_with_checkpoint_guard(path, &SCHEMA, |path, copy| {
        // Held until it is copied, so that none begins meanwhile.
        if let Some(_alone) = Alone::with(path) {
            copy();
        }
    })
}

/// Closes a database beside which others may run. While a Litestream does, its WAL stays as it is: emptying it
/// would keep all writers waiting, and start the replica anew.
///
/// # Errors
/// See [`Database::close`].
pub fn close(db: Database) -> Result<(), db::Error> {
    let alone = Alone::with(db.path());
    if alone.is_some() { db.close() } else { db.close_without_checkpoint() }
}

fn sentence(error: impl std::fmt::Display) -> String {
    error.to_string()
}
