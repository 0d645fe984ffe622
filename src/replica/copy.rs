//! A whole database in a file of its own: fetched from a replica or from the running database, checked, and
//! put in its place in one step.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{FlockOperation, fcntl_lock};

use super::folder::{Folder, TEMPORARY, unless_missing};
use super::{sentence, sql};
use crate::schema::SCHEMA;
use lorem_store::header;

/// Opens a copy that nobody else has, and looks at every page and reference of it.
///
/// # Errors
/// A sentence: it is damaged, or none of ours.
pub fn check(copy: &Path) -> Result<Connection, String> {
    header::check(copy, &SCHEMA).map_err(|error| error.to_string())?;
    let damaged = |why: String| format!("the copy is damaged: {why}");
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copy, flags).map_err(|error| damaged(error.to_string()))?;
    match sql::damage(&connection).map_err(|error| damaged(error.to_string()))? {
        None => Ok(connection),
        Some(why) => Err(damaged(why)),
    }
}

/// Where a copy is to be: beside its place is a folder for it until it is whole.
pub struct Target {
    path: PathBuf,
    may_replace: bool,
}

impl Target {
    /// `path` is its place.
    ///
    /// # Errors
    /// A sentence: there is something which may not be replaced, or which is in use; its folder is not there.
    pub fn at(path: &Path, may_replace: bool) -> Result<Target, String> {
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::path::absolute(path).map_err(sentence)?
            }
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let target = Target { path, may_replace };
        if target.path.is_dir() {
            return Err(format!("{} is a folder", target.path.display()));
        }
        target.in_the_way()?;
        Ok(target)
    }

    /// Makes a folder for it on the same disk, which is removed with this value; should it be left behind, the
    /// next start removes it.
    ///
    /// # Errors
    /// A sentence.
    pub fn workshop(&self) -> Result<tempfile::TempDir, String> {
        let ours = Folder::beside(&self.path).ok().filter(|ours| ours.path().is_dir());
        let folder = ours.as_ref().map_or(self.path.parent(), |ours| Some(ours.path()));
        let folder = folder.unwrap_or(Path::new("/"));
        workshop_in(folder, if ours.is_some() { TEMPORARY } else { ".restoring-" })
    }

    /// Puts the copy there, on disk when this returns. It is there as a whole or not at all.
    ///
    /// # Errors
    /// A sentence.
    pub fn take(&self, copy: &Path) -> Result<(), String> {
        let cannot = |error: io::Error| format!("cannot put the copy at {}: {error}", self.path.display());
        File::open(copy).and_then(|copy| copy.sync_all()).map_err(cannot)?;
        // Held until it is replaced, so that nobody begins to use it meanwhile.
        let _replaced = self.in_the_way()?;
        // What belonged to a file that was here would be taken for a part of this one.
        for end in ["-wal", "-shm", "-journal"] {
            unless_missing(fs::remove_file(self.beside(end))).map_err(cannot)?;
        }
        // And Litestream would go on where it was with the other one.
        Folder::beside(&self.path).and_then(|folder| folder.forget()).map_err(cannot)?;
        if self.may_replace {
            fs::rename(copy, &self.path).map_err(cannot)?;
        } else {
            // Unlike a rename it replaces nothing, also not what came a moment ago.
            fs::hard_link(copy, &self.path).map_err(cannot)?;
        }
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)
    }

    /// What is there, if it may be replaced, locked against its use. (SQLite holds a lock on each database that
    /// it has open, so nothing of our own is needed to tell whether one is in use.)
    fn in_the_way(&self) -> Result<Option<File>, String> {
        let path = self.path.display();
        let file = match File::options().read(true).write(true).open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| format!("{path}: {error}"))?,
        };
        if !self.may_replace {
            return Err(format!("{path} exists; --force replaces it"));
        }
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| format!("{path} is in use: stop the server first"))?;
        Ok(Some(file))
    }

    fn beside(&self, end: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(end);
        path.into()
    }
}

/// A folder for a copy in `folder`, which only we can look into.
///
/// # Errors
/// A sentence.
pub fn workshop_in(folder: &Path, prefix: &str) -> Result<tempfile::TempDir, String> {
    let made = tempfile::Builder::new().prefix(prefix).tempdir_in(folder);
    made.map_err(|error| format!("there is no room for a copy in {}: {error}", folder.display()))
}
