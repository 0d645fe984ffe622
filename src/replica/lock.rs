//! Who runs Litestream on a database: two would each think that it is alone, and the WAL would grow for ever.
//!
//! The lock is on an open file, and whoever has inherited that file holds it too: the server, the go-between
//! and Litestream itself, which has it as its standard output. So it is free when the last of them is gone,
//! however they went.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, test_kill_process};

use super::folder::Folder;

/// How long the Litestream of a server that was killed may take to end: its last copy has 15 s.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at whether it has.
const PAUSE: Duration = Duration::from_millis(50);

/// Nobody else runs Litestream while this, or a process that has inherited it, lives.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes it. When who held it is gone and has left a Litestream at its last copy, that is waited for, and
    /// told that somebody waits.
    ///
    /// # Errors
    /// A sentence: somebody else has it; the folder cannot be made.
    pub fn take(folder: &Folder) -> Result<Lock, String> {
        let cannot = |error: io::Error| format!("cannot make {}: {error}", folder.path().display());
        folder.make().map_err(cannot)?;
        let began = Instant::now();
        let waiting = Waiting(folder.note_of_waiting());
        let mut told = false;
        loop {
            let mut file = open(&folder.lock_file()).map_err(cannot)?;
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                let id = std::process::id();
                file.set_len(0).and_then(|()| writeln!(file, "{id}")).map_err(cannot)?;
                return Ok(Lock(file));
            }
            let holder = holder(&mut file);
            if holder.is_some_and(|holder| test_kill_process(holder).is_ok()) || began.elapsed() > PATIENCE {
                let who = holder.map_or_else(String::new, |id| format!(" (process {})", id.as_raw_nonzero()));
                let database = folder.database().display();
                return Err(format!("{database} is in use: it is being replicated or restored already{who}"));
            }
            if !told {
                log::info!("waiting for the last copy of a Litestream whose server is gone");
                told = true;
            }
            waiting.tell();
            thread::sleep(PAUSE);
        }
    }

    /// The same lock in another hand.
    ///
    /// # Errors
    /// A sentence.
    pub fn try_clone(&self) -> Result<Lock, String> {
        self.share().map(Lock).map_err(|error| format!("the lock cannot be shared: {error}"))
    }

    /// The same lock for a child to hold.
    ///
    /// # Errors
    /// The system's.
    pub fn share(&self) -> io::Result<File> {
        self.0.try_clone()
    }
}

/// Where somebody who waits says so, again and again; it goes with them. Nothing depends on whether it can be
/// written.
struct Waiting(PathBuf);

impl Waiting {
    fn tell(&self) {
        let _ = fs::write(&self.0, "");
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Keeps Litestream from being started on a database, if none runs.
#[derive(Debug)]
pub struct Alone(#[allow(dead_code, reason = "held, not used")] Option<File>);

impl Alone {
    /// `None`: one runs, or that cannot be told. Where there never was one there is nothing to be held.
    #[must_use]
    pub fn with(database: &Path) -> Option<Alone> {
        let folder = Folder::beside(database).ok()?;
        if !folder.path().exists() {
            return Some(Alone(None));
        }
        let file = open(&folder.lock_file()).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(Alone(Some(file)))
    }
}

/// Whoever has the lock writes who they are. What a Litestream should ever print comes after it.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn holder(file: &mut File) -> Option<Pid> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    Pid::from_raw(text.lines().next()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::beside(&place.path().join("news.sqlite3")).expect("it is there");
        (place, folder)
    }

    #[test]
    fn there_is_one_and_who_has_inherited_it_keeps_it() {
        let (_place, folder) = folder();
        let lock = Lock::take(&folder).expect("nobody has it");
        let said = Lock::take(&folder).expect_err("somebody has it");
        assert!(said.contains(&format!("(process {})", std::process::id())), "{said}");
        let inherited = lock.share().expect("a descriptor");
        drop(lock);
        assert!(Lock::take(&folder).is_err());
        drop(inherited);
        Lock::take(&folder).expect("nobody has it");
    }

    #[test]
    fn a_database_is_closed_alone_unless_somebody_replicates_it() {
        let (_place, folder) = folder();
        assert!(Alone::with(folder.database()).is_some());
        assert!(!folder.path().exists(), "asking makes nothing");
        let lock = Lock::take(&folder).expect("nobody has it");
        assert!(Alone::with(folder.database()).is_none());
        drop(lock);
        let alone = Alone::with(folder.database());
        assert!(alone.is_some() && Alone::with(folder.database()).is_none());
    }

    #[test]
    fn the_last_copy_of_a_server_that_is_gone_is_waited_for() {
        let (_place, folder) = folder();
        let lock = Lock::take(&folder).expect("nobody has it");
        // Of a process that cannot be there: numbers end at 4,194,304.
        std::fs::write(folder.lock_file(), "2000000000\n").expect("it can be written");
        let note = folder.note_of_waiting();
        let waiting = std::thread::spawn(move || Lock::take(&folder));
        while !note.exists() {
            assert!(!waiting.is_finished(), "it does not wait, or tells nobody");
            thread::yield_now();
        }
        let seen = Instant::now();
        while seen.elapsed() < 3 * PAUSE {
            assert!(note.exists(), "who looks now and then does not see it");
            thread::yield_now();
        }
        drop(lock);
        waiting.join().expect("no panic").expect("it came free");
        assert!(!note.exists(), "nobody waits any more");
    }
}
