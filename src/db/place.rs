//! Whether the database is still where it was opened. Who deletes or replaces a file that is open leaves
//! its owner with one that nobody will ever see again, and no write to it fails.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two looks. It is no use to look before every write: what was answered before the file was
/// deleted is gone with it, too.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// The files that a write needs, and which they are.
pub(super) struct Place {
    files: Vec<(PathBuf, Option<Identity>)>,
    looked: Instant,
    is_kept: bool,
}

/// The device and the number of a file there: another file at the same path has others.
type Identity = (u64, u64);

impl Place {
    /// Of an open database in WAL mode: its file and its WAL.
    pub(super) fn of(database: &Path) -> Place {
        let mut wal = OsString::from(database);
        wal.push("-wal");
        let files = [database.to_owned(), wal.into()];
        let files = files.map(|path| (path.clone(), identity(&path))).into();
        Place { files, looked: Instant::now(), is_kept: true }
    }

    /// Whether both are where they were, a moment ago. Does `last` when it sees that they are not.
    pub(super) fn is_kept(&mut self, last: impl FnOnce()) -> bool {
        if self.looked.elapsed() < EVERY {
            return self.is_kept;
        }
        self.looked = Instant::now();
        let lost = self.files.iter().find(|(path, identity)| self::identity(path) != *identity);
        match (lost, self.is_kept) {
            (Some((path, _)), true) => {
                log::error!(
                    "{} was moved, deleted or replaced: nothing is written until it is back; a restart goes on \
                     with what is there now",
                    path.display()
                );
                last();
            }
            (None, false) => log::warn!("the database is back in its place: writes go on"),
            _ => {}
        }
        self.is_kept = lost.is_none();
        self.is_kept
    }
}

/// `None`: there is no such file, or nothing can be learnt of it.
fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
