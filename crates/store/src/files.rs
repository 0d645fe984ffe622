//! Whether the database's files are still where they were opened. A file that is deleted or replaced while it
//! is open stays usable for its owner, no write to it fails, and no other process ever sees those writes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::wal_index::companion;

/// The time between two checks. A check before every write would save nothing: the writes that were answered
/// before the file was deleted are lost with it as well.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The files that a write needs, and the identity of each when it was opened.
pub(crate) struct DatabaseFiles {
    files: [(PathBuf, Option<Identity>); 2],
    checked: Instant,
    state: State,
}

/// Device and inode: another file at the same path has others.
type Identity = (u64, u64);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Present,
    /// A file is missing or another one is in its place; the WAL is not emptied yet.
    MissingOrReplaced,
    /// The WAL is emptied. The file's return would change nothing: meanwhile another process may have written
    /// to it, and our connections would not know.
    Detached,
}

impl DatabaseFiles {
    /// The files of an open database in WAL mode: the database at the path that was opened, and the WAL
    /// beside the file to which a symbolic link at that path leads.
    pub(crate) fn of(database: &Path) -> DatabaseFiles {
        let files = [database.to_owned(), companion(database, "-wal")].map(|path| {
            let identity = identity(&path);
            (path, identity)
        });
        DatabaseFiles { files, checked: Instant::now(), state: State::Present }
    }

    /// Whether both files were present at the last check, at most [`CHECK_INTERVAL`] ago. When one is not,
    /// calls `empty_wal` once a check until it returns true.
    pub(crate) fn are_present(&mut self, empty_wal: impl FnOnce() -> bool) -> bool {
        if self.state == State::Detached || self.checked.elapsed() < CHECK_INTERVAL {
            return self.state == State::Present;
        }
        self.checked = Instant::now();
        if self.state == State::Present
            && let Some((path, _)) = self.files.iter().find(|(path, opened)| identity(path) != *opened)
        {
            log::error!(
                "{} was moved, deleted or replaced: writes are refused until the program is restarted, which \
                 opens the file that is there then",
                path.display()
            );
            self.state = State::MissingOrReplaced;
        }
        if self.state == State::MissingOrReplaced && empty_wal() {
            self.state = State::Detached;
        }
        self.state == State::Present
    }
}

/// `None` when there is no such file, or its metadata cannot be read.
fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
