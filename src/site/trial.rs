//! A copy of the site to try: the replica, restored into a folder beside the database while the site runs.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::error_log::recorder::ErrorLog;
use super::error_log::{Kind, NewError};
use super::job_runs::{Job, JobRuns};
use crate::errors::one_line;
use crate::replica::settings::Settings;
use crate::replica::trial::{self, Trial};
use crate::types::time::Timestamp;

/// Bytes that stay free on the disk: the site goes on writing.
const RESERVE_BYTES: u64 = 64 * 1024 * 1024;
/// How long the end of the program waits for a restore to stop.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// The copy to try of one site.
pub struct Trials {
    database: PathBuf,
    state: Mutex<State>,
    is_stopped: AtomicBool,
    running: Mutex<Option<Receiver<()>>>,
}

/// What has become of the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Missing,
    /// It is being restored since this time.
    Running(Timestamp),
    /// It is there.
    Made(Trial),
    /// It could not be restored.
    Failed {
        /// When that was found.
        at: Timestamp,
        /// The reason.
        why: String,
    },
}

/// The refusal to make or delete a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One is being restored.
    #[error("a copy is being restored")]
    Running,
    /// There is one.
    #[error("there is a copy")]
    Exists,
    /// The disk lacks room.
    #[error("the disk has not enough room")]
    NoRoom,
    /// Another process uses it, or it cannot be deleted.
    #[error("it is in use")]
    InUse,
}

/// The room that a copy needs, and that there is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The copy, and what stays free.
    pub needed: u64,
    /// What is free on the disk for this user.
    pub free: u64,
}

impl Room {
    /// Whether a copy fits.
    #[must_use]
    pub fn is_enough(self) -> bool {
        self.free >= self.needed
    }
}

impl Trials {
    /// The copy of this database, which an earlier run of the program may have made.
    #[must_use]
    pub fn of(database: &Path) -> Trials {
        let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let (state, running) = (Mutex::new(State::Missing), Mutex::default());
        Trials { database, state, is_stopped: AtomicBool::new(false), running }
    }

    /// The folder of the copy: `DATABASE-copy`.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let mut folder = self.database.clone().into_os_string();
        folder.push("-copy");
        folder.into()
    }

    /// The file of the copy.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder().join(self.database.file_name().unwrap_or_default())
    }

    /// What has become of the copy.
    #[must_use]
    pub fn state(&self) -> State {
        let mut state = self.lock();
        let path = self.path();
        match &*state {
            State::Missing | State::Failed { .. } if path.exists() => match trial::describe(&path) {
                Ok(made) => *state = State::Made(made),
                Err(error) => *state = failed(&error),
            },
            // A person has deleted it.
            State::Made(_) if !path.exists() => *state = State::Missing,
            _ => {}
        }
        state.clone()
    }

    /// The room for a copy; `None`: it cannot be found out.
    #[must_use]
    pub fn room(&self) -> Option<Room> {
        let mut wal = self.database.clone().into_os_string();
        wal.push("-wal");
        let database = fs::metadata(&self.database).ok()?.len();
        let size = database + fs::metadata(wal).map_or(0, |wal| wal.len());
        let disk = rustix::fs::statvfs(self.database.parent()?).ok()?;
        Some(Room { needed: size + RESERVE_BYTES, free: disk.f_bavail.saturating_mul(disk.f_frsize) })
    }

    /// Begins to restore a copy in a thread of its own.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn start(
        self: &Arc<Trials>,
        settings: Settings,
        runs: &Arc<JobRuns>,
        errors: &Arc<ErrorLog>,
    ) -> Result<(), Refusal> {
        let has_room = self.room().is_some_and(Room::is_enough);
        let mut state = self.lock();
        match &*state {
            State::Running(_) => return Err(Refusal::Running),
            _ if self.path().exists() => return Err(Refusal::Exists),
            _ if !has_room => return Err(Refusal::NoRoom),
            _ => *state = State::Running(Timestamp::now()),
        }
        drop(state);
        let (running, ended) = channel();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
        let (trials, runs, errors) = (Arc::clone(self), Arc::clone(runs), Arc::clone(errors));
        let work = move || {
            let _running = running;
            trials.run(&settings, &runs, &errors);
        };
        if let Err(error) = thread::Builder::new().name("trial".into()).spawn(work) {
            *self.lock() = failed(&error.into());
        }
        Ok(())
    }

    fn run(&self, settings: &Settings, runs: &JobRuns, errors: &ErrorLog) {
        let run = runs.begin(Job::Trial);
        let made = self.make(settings);
        let fault = made.as_ref().err().map(one_line);
        if let Some(cause) = fault.clone().filter(|_| !self.is_stopped()) {
            log::error!("no copy could be restored to try it: {cause}");
            let place = Job::Trial.name().to_owned();
            let (kind, at, request_id) = (Kind::Job, Timestamp::now(), String::new());
            errors.record(NewError { kind, at, place, cause, request_id });
        }
        run.end(fault);
        *self.lock() = match made {
            Ok(made) => State::Made(made),
            Err(error) => failed(&error),
        };
    }

    fn make(&self, settings: &Settings) -> Result<Trial> {
        let folder = self.folder();
        let cannot = || format!("cannot make the folder {}", folder.display());
        // What a killed restore has left.
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(cannot)?;
        }
        DirBuilder::new().mode(0o700).create(&folder).with_context(cannot)?;
        let made = trial::make(settings, &self.database, &self.path(), &|| self.is_stopped());
        if made.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        made
    }

    /// Deletes the copy with its folder. Without one nothing changes.
    ///
    /// # Errors
    /// [`Refusal::Running`]; [`Refusal::InUse`].
    pub fn delete(&self) -> Result<(), Refusal> {
        let mut state = self.lock();
        if matches!(*state, State::Running(_)) {
            return Err(Refusal::Running);
        }
        if let Err(error) = self.remove() {
            log::warn!("the copy to try stays: {}", one_line(&error));
            return Err(Refusal::InUse);
        }
        *state = State::Missing;
        Ok(())
    }

    fn remove(&self) -> Result<()> {
        let (folder, path) = (self.folder(), self.path());
        if path.exists() {
            ensure!(!trial::is_in_use(&path)?, "{} is in use", path.display());
        }
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            removed => removed.with_context(|| folder.display().to_string()),
        }
    }

    /// Stops a restore, and waits until it has stopped, for a few seconds at most: the check of a large copy goes on until
    /// the program has ended.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(running) = running {
            let _ = running.recv_timeout(MAX_WAIT);
        }
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: &anyhow::Error) -> State {
    State::Failed { at: Timestamp::now(), why: one_line(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_needs_the_room_of_the_database_and_some_more() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = folder.path().join("news.sqlite3");
        fs::write(&database, vec![0; 1_000]).expect("it can be written");
        fs::write(folder.path().join("news.sqlite3-wal"), vec![0; 500]).expect("it can be written");
        let room = Trials::of(&database).room().expect("the disk is known");
        assert_eq!(room.needed, 1_500 + RESERVE_BYTES);
        assert!(Room { needed: 5, free: 5 }.is_enough() && !Room { needed: 5, free: 4 }.is_enough());
        let folder = Trials::of(&database).folder();
        assert!(folder.ends_with("news.sqlite3-copy"), "{}", folder.display());
    }
}
