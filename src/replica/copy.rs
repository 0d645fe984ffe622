//! A copy of a whole database in a file of its own: a private folder to make it in, its check, and its
//! installation in one step.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use lorem_store::header;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::{FlockOperation, fcntl_lock};

use super::folder::{Folder, TEMPORARY_PREFIX, ignore_not_found};
use super::sql;
use crate::schema::SCHEMA;
use crate::types::time::Timestamp;

/// The context of an error of SQLite in a copy.
pub(crate) const DAMAGED: &str = "the copy is damaged";

/// Opens a copy that no other process uses, and checks every page and every foreign key.
///
/// # Errors
/// The copy is damaged, or is not a database of this program.
pub fn check(copy: &Path) -> Result<Connection> {
    header::check(copy, &SCHEMA)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copy, flags).context(DAMAGED)?;
    if let Some(why) = sql::find_damage(&connection).context(DAMAGED)? {
        bail!("{DAMAGED}: {why}");
    }
    Ok(connection)
}

/// The time of the newest write to a copy; `None`: nothing was ever written to it.
///
/// # Errors
/// The copy is damaged.
pub fn newest_write(copy: &Connection) -> Result<Option<Timestamp>> {
    sql::newest_write(copy).context(DAMAGED)
}

/// The path at which a copy is to be installed.
pub struct Target {
    path: PathBuf,
    may_replace: bool,
}

impl Target {
    /// The target at `path`.
    ///
    /// # Errors
    /// There is a file that may not be replaced or is in use, or there is a folder; the parent folder is
    /// missing.
    pub fn new(path: &Path, may_replace: bool) -> Result<Target> {
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(path)?,
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        ensure!(!path.is_dir(), "{} is a folder", path.display());
        let target = Target { path, may_replace };
        target.lock_existing()?;
        Ok(target)
    }

    /// Creates a temporary folder on the target's disk, which is removed with the returned value. If the
    /// process is killed first, the next start removes it.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn work_folder(&self) -> Result<tempfile::TempDir> {
        let ours = Folder::beside(&self.path).ok().filter(|ours| ours.path().is_dir());
        let folder = ours.as_ref().map_or(self.path.parent(), |ours| Some(ours.path()));
        let folder = folder.unwrap_or(Path::new("/"));
        work_folder_in(folder, if ours.is_some() { TEMPORARY_PREFIX } else { ".restoring-" })
    }

    /// Moves a copy to the target, and returns once it is on disk. Until then the old file, or none, is
    /// there.
    ///
    /// # Errors
    /// The operating system's error; meanwhile a file has appeared that may not be replaced, or is in use.
    pub fn install(&self, copy: &Path) -> Result<()> {
        let cannot = || format!("cannot put the copy at {}", self.path.display());
        self.keep_tighter_mode(copy).with_context(cannot)?;
        File::open(copy).and_then(|copy| copy.sync_all()).with_context(cannot)?;
        // Held until the file is replaced, so that no process begins to use it meanwhile.
        let _replaced = self.lock_existing()?;
        // SQLite would take the old file's WAL or journal for the new one's.
        for suffix in ["-wal", "-shm", "-journal"] {
            ignore_not_found(fs::remove_file(self.with_suffix(suffix))).with_context(cannot)?;
        }
        // Litestream would resume at the old file's position.
        Folder::beside(&self.path)
            .and_then(|folder| folder.remove_litestream_state())
            .with_context(cannot)?;
        if self.may_replace {
            fs::rename(copy, &self.path).with_context(cannot)?;
        } else {
            // Unlike a rename, a link fails if a file has appeared a moment ago.
            fs::hard_link(copy, &self.path).with_context(cannot)?;
        }
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        File::open(folder).and_then(|folder| folder.sync_all()).with_context(cannot)
    }

    /// Takes from the copy the rights that the operator took from the file that it replaces.
    fn keep_tighter_mode(&self, copy: &Path) -> io::Result<()> {
        let Ok(replaced) = fs::metadata(&self.path) else { return Ok(()) };
        let mode = fs::metadata(copy)?.mode() & replaced.mode() & 0o777;
        fs::set_permissions(copy, Permissions::from_mode(mode))
    }

    /// Opens the existing file, if it may be replaced, and locks it against use. SQLite holds a lock on every
    /// database that it has open, so this lock also tells whether the file is in use.
    fn lock_existing(&self) -> Result<Option<File>> {
        let path = self.path.display();
        let file = match File::options().read(true).write(true).open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.with_context(|| path.to_string())?,
        };
        if !self.may_replace {
            bail!("{path} exists; --force replaces it");
        }
        fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| anyhow!("{path} is in use: stop the server first"))?;
        Ok(Some(file))
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}

/// Creates a private temporary folder in `folder`.
///
/// # Errors
/// The operating system's error.
pub fn work_folder_in(folder: &Path, prefix: &str) -> Result<tempfile::TempDir> {
    let private = Permissions::from_mode(0o700);
    let created = tempfile::Builder::new().prefix(prefix).permissions(private).tempdir_in(folder);
    created.with_context(|| format!("there is no room for a copy in {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_copy_in_progress_is_private_whatever_the_umask() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let work = work_folder_in(folder.path(), TEMPORARY_PREFIX).expect("there is room");
        assert_eq!(fs::metadata(work.path()).expect("it exists").mode() & 0o777, 0o700);
    }
}
