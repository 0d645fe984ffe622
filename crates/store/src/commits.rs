//! Telling the program what is committed, before anybody can read it.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::wal_index::{Committed, WalIndex};

/// A program's view of the commits, for what it derives from the database and keeps. The writer's thread calls it.
pub trait CommitObserver: Send + Sync {
    /// The changes of the writer's transaction are about to be committed: from now on some readers may see them.
    fn committing(&self);
    /// They are committed, or rolled back: from now on all readers see one state. The callers are not answered yet.
    fn committed(&self);
    /// Another process has committed something, or may have.
    fn overtaken(&self);
}

/// The observer, and what shows that other processes commit.
pub(crate) struct Commits {
    index: WalIndex,
    observer: OnceLock<Arc<dyn CommitObserver>>,
}

impl Commits {
    /// The commits to a database that has an open connection.
    pub(crate) fn of(database: &Path) -> Commits {
        Commits { index: WalIndex::open(database), observer: OnceLock::new() }
    }

    /// Sets the observer, once.
    pub(crate) fn observe(&self, observer: Arc<dyn CommitObserver>) {
        let _ = self.observer.set(observer);
    }

    /// Whether the observer has been told of all commits, of all processes.
    pub(crate) fn are_told(&self) -> bool {
        self.index.is_as_known()
    }

    /// Tells the observer of commits by other processes, outside the writer's transactions and in them.
    pub(crate) fn look(&self) {
        self.look_beyond(Committed::Nothing);
    }

    /// Tells the observer of commits by other processes, unless nothing was committed but what this process did. Only
    /// then are they known: who finds that all is told must find what was told.
    fn look_beyond(&self, own: Committed) {
        let Some((header, committed)) = self.index.look() else {
            return self.tell(|observer| observer.overtaken());
        };
        if committed != Committed::Nothing && committed != own {
            self.tell(|observer| observer.overtaken());
        }
        self.index.know(header);
    }

    /// Calls `commit`, with the observer told before and after it. The transaction has the lock on writing, so that no
    /// other process commits before it ends.
    pub(crate) fn during<E>(&self, commit: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        self.look();
        self.tell(|observer| observer.committing());
        let result = commit();
        self.look_beyond(if result.is_ok() { Committed::One } else { Committed::Nothing });
        self.tell(|observer| observer.committed());
        result
    }

    fn tell(&self, what: impl FnOnce(&dyn CommitObserver)) {
        if let Some(observer) = self.observer.get() {
            what(&**observer);
        }
    }
}
