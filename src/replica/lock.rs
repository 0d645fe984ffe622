//! The lock that allows one Litestream per database. Two would each take themselves for the only one, and the
//! WAL would grow without limit.
//!
//! The lock (`flock`) is on an open file, and every process that inherits the descriptor holds it: the
//! server, the shim, and Litestream, which has it as its standard output. So it is free only when all three
//! are gone, however they ended.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, test_kill_process};

use super::folder::Folder;

/// The longest wait for the Litestream of a killed server: its last copy may take 15 s.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);
/// The time between two attempts.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// While this value or a process that inherited its descriptor lives, no other process runs Litestream.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Acquires the lock. If the process that acquired it is gone and its Litestream is still making its last
    /// copy, this waits up to 30 s and writes the [wait marker](Folder::wait_marker).
    ///
    /// # Errors
    /// Another process has it; the folder cannot be created.
    pub fn acquire(folder: &Folder) -> Result<Lock> {
        let cannot = || format!("cannot make {}", folder.path().display());
        folder.create().with_context(cannot)?;
        let began = Instant::now();
        let marker = WaitMarker(folder.wait_marker());
        let mut is_logged = false;
        loop {
            let mut file = open(&folder.lock_file()).with_context(cannot)?;
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                let id = std::process::id();
                file.set_len(0).and_then(|()| writeln!(file, "{id}")).with_context(cannot)?;
                return Ok(Lock(file));
            }
            let holder = holder(&mut file);
            let is_alive = holder.is_some_and(|holder| test_kill_process(holder).is_ok());
            if is_alive || began.elapsed() > WAIT_TIMEOUT {
                let id = holder.map_or_else(String::new, |id| format!(" (process {})", id.as_raw_nonzero()));
                let database = folder.database().display();
                bail!("{database} is in use: it is being replicated or restored already{id}");
            }
            if !is_logged {
                log::info!("waiting for a Litestream to finish its last copy: its server is gone");
                is_logged = true;
            }
            marker.write();
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Another handle of this lock, which is held until both are dropped.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn try_clone(&self) -> Result<Lock> {
        self.inheritable().map(Lock).context("the lock cannot be shared")
    }

    /// A descriptor by which a child process holds this lock.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn inheritable(&self) -> io::Result<File> {
        self.0.try_clone()
    }
}

/// The file that says that a process waits for the lock. It is removed on drop. A failed write is ignored:
/// the wait only takes longer.
struct WaitMarker(PathBuf);

impl WaitMarker {
    fn write(&self) {
        let _ = fs::write(&self.0, "");
    }
}

impl Drop for WaitMarker {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// While this value lives, no Litestream is started on the database, so the WAL may be checkpointed.
#[derive(Debug)]
pub struct LitestreamInhibitor(#[allow(dead_code, reason = "held, not used")] Option<File>);

impl LitestreamInhibitor {
    /// `None`: a Litestream runs, or that cannot be determined. A database that was never replicated has no
    /// lock file, and none is created.
    #[must_use]
    pub fn try_acquire(database: &Path) -> Option<LitestreamInhibitor> {
        let folder = Folder::beside(database).ok()?;
        if !folder.path().exists() {
            return Some(LitestreamInhibitor(None));
        }
        let file = open(&folder.lock_file()).ok()?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(LitestreamInhibitor(Some(file)))
    }
}

/// Opens the lock file. Its first line is the id of the process that acquired the lock; Litestream's standard
/// output would follow it.
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
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let folder = Folder::beside(&temporary.path().join("news.sqlite3")).expect("its parent exists");
        (temporary, folder)
    }

    #[test]
    fn the_lock_is_held_until_each_inherited_descriptor_is_closed() {
        let (_temporary, folder) = folder();
        let lock = Lock::acquire(&folder).expect("it is free");
        let message = Lock::acquire(&folder).expect_err("it is held").to_string();
        assert!(message.contains(&format!("(process {})", std::process::id())), "{message}");
        let inherited = lock.inheritable().expect("a descriptor");
        drop(lock);
        assert!(Lock::acquire(&folder).is_err());
        drop(inherited);
        Lock::acquire(&folder).expect("it is free");
    }

    #[test]
    fn a_checkpoint_is_allowed_unless_the_database_is_replicated() {
        let (_temporary, folder) = folder();
        assert!(LitestreamInhibitor::try_acquire(folder.database()).is_some());
        assert!(!folder.path().exists(), "trying creates nothing");
        let lock = Lock::acquire(&folder).expect("it is free");
        assert!(LitestreamInhibitor::try_acquire(folder.database()).is_none());
        drop(lock);
        let inhibitor = LitestreamInhibitor::try_acquire(folder.database());
        assert!(inhibitor.is_some() && LitestreamInhibitor::try_acquire(folder.database()).is_none());
    }

    #[test]
    fn acquiring_waits_for_the_last_copy_of_a_server_that_is_gone() {
        let (_temporary, folder) = folder();
        let lock = Lock::acquire(&folder).expect("it is free");
        // No process has this id: ids end at 4,194,304.
        std::fs::write(folder.lock_file(), "2000000000\n").expect("it can be written");
        let marker = folder.wait_marker();
        let waiting = std::thread::spawn(move || Lock::acquire(&folder));
        while !marker.exists() {
            assert!(!waiting.is_finished(), "it does not wait, or writes no marker");
            thread::yield_now();
        }
        let seen = Instant::now();
        while seen.elapsed() < 3 * POLL_INTERVAL {
            assert!(marker.exists(), "a shim that looks now and then would miss it");
            thread::yield_now();
        }
        drop(lock);
        waiting.join().expect("no panic").expect("it is free");
        assert!(!marker.exists(), "the marker is left");
    }
}
