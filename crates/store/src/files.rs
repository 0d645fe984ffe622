//! Whether the database is still where it was opened. Who deletes or replaces a file that is open leaves
//! its owner with one that nobody will ever see again, and no write to it fails.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two looks. It is no use to look before every write: what was answered before the file was
/// deleted is gone with it, too.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The files that a write needs, and which they are.
pub(crate) struct DatabaseFiles {
    files: [(PathBuf, Option<Identity>); 2],
    looked: Instant,
    state: State,
}

/// The device and the number of a file there: another file at the same path has others.
type Identity = (u64, u64);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Present,
    /// A file is not where it was; the WAL is not emptied yet.
    MissingOrReplaced,
    /// The same, and it is. That the file comes back changes nothing: meanwhile others may have written to
    /// it, of which our connections would know nothing.
    Detached,
}

impl DatabaseFiles {
    /// Of an open database in WAL mode: its file, where it was asked for, and its WAL, which is beside what
    /// a link leads to.
    pub(crate) fn of(database: &Path) -> DatabaseFiles {
        let mut wal = OsString::from(fs::canonicalize(database).unwrap_or_else(|_| database.to_owned()));
        wal.push("-wal");
        let files = [database.to_owned(), wal.into()].map(|path| {
            let identity = identity(&path);
            (path, identity)
        });
        DatabaseFiles { files, looked: Instant::now(), state: State::Present }
    }

    /// Whether both are where they were, a moment ago. When they are not, it empties the WAL by `empty`, which
    /// tells whether it could: once it can.
    pub(crate) fn are_present(&mut self, empty: impl FnOnce() -> bool) -> bool {
        if self.state == State::Detached || self.looked.elapsed() < CHECK_INTERVAL {
            return self.state == State::Present;
        }
        self.looked = Instant::now();
        if self.state == State::Present
            && let Some((path, _)) = self.files.iter().find(|(path, then)| identity(path) != *then)
        {
            log::error!(
                "{} was moved, deleted or replaced: nothing is written any more; a restart goes on with what \
                 is there then",
                path.display()
            );
            self.state = State::MissingOrReplaced;
        }
        if self.state == State::MissingOrReplaced && empty() {
            self.state = State::Detached;
        }
        self.state == State::Present
    }
}

/// `None`: there is no such file, or nothing can be learnt of it.
fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
