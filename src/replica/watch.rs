//! How the replica is: asked again and again by a thread, tried now and then by another.
//!
//! Litestream says nothing when its store is gone, and "replicating" when it is asked. So it is asked for a
//! barrier: it answers when all that was written until then is copied. Where nobody writes we do, for
//! otherwise there would be nothing to be copied and a store that is gone would not be missed.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::supervisor::{Restarter, Supervisor};
use super::{Replica, Verification, control, sql, verify};
use crate::site::Site;
use crate::types::time::{Micros, now};

/// Between two barriers.
const EVERY: Duration = Duration::from_secs(10);
/// How long one may take.
const BARRIER: Duration = Duration::from_secs(5);
/// Who has not copied anything for longer has a fault.
pub const LATE: Duration = Duration::from_secs(60);
/// The first verification is not before the server has been running for so long: until then there is enough
/// to do.
const AT_FIRST: Duration = Duration::from_secs(60);
/// After a verification that failed the next one is due earlier.
const AFTER_FAULT: Duration = Duration::from_secs(60 * 60);

/// What is known of the replica at this moment.
#[derive(Debug)]
pub struct Watch(Mutex<State>);

#[derive(Debug)]
struct State {
    /// When all was last copied; before the first time, when Litestream was started.
    synced_at: Instant,
    has_synced: bool,
    /// The number of the newest transaction then.
    position: u64,
    /// Why it was not, the last time.
    fault: Option<String>,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch(Mutex::new(State { synced_at: Instant::now(), has_synced: false, position: 0, fault: None }))
    }
}

/// How the replica is, for those who ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Since all was last copied; `None`: it has not been yet.
    pub last_sync_age: Option<Duration>,
    /// The last verification, if there was any.
    pub verification: Option<Verification>,
    /// Why nothing has been copied for too long.
    pub fault: Option<String>,
}

impl Health {
    /// Whether nothing is wrong, as far as that is known.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.fault.is_none() && self.verification.as_ref().is_none_or(|last| last.fault.is_none())
    }
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it is now. What the last verification came to is in the database.
    #[must_use]
    pub fn health(&self, verification: Option<Verification>) -> Health {
        let state = self.lock();
        let age = state.synced_at.elapsed();
        let fault =
            (age > LATE).then(|| state.fault.clone().unwrap_or_else(|| "it takes too long".to_owned()));
        Health { last_sync_age: state.has_synced.then_some(age), verification, fault }
    }

    /// Notes how a barrier went that was asked for at `began`.
    fn note(&self, began: Instant, result: Result<control::Position, String>) {
        let mut state = self.lock();
        match result {
            Ok(position) => {
                *state = State { synced_at: began, has_synced: true, position: position.local, fault: None };
            }
            Err(fault) => state.fault = Some(fault),
        }
    }

    /// One barrier.
    fn look(&self, app: &Site, replica: &Replica) {
        let began = Instant::now();
        let known = self.lock().position;
        let sync = || control::sync(&replica.folder, BARRIER).map_err(|error| error.to_string());
        let mut result = sync();
        if result.as_ref().is_ok_and(|position| position.local == known) {
            let now = now();
            result = app
                .db
                .write(move |connection| sql::beat(connection, now))
                .map_err(|error| error.to_string())
                .and_then(|()| sync());
        }
        if let Err(fault) = &result {
            log::debug!("the replica is behind: {fault}");
        }
        self.note(began, result);
    }
}

/// Litestream, and the two threads that look after it. The server stops first, then this.
pub struct Replication {
    supervisor: Supervisor,
    /// Nothing is ever sent: that they are gone says stop.
    stop: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Replication {
    /// Begins at once, if the application has a replica.
    ///
    /// # Errors
    /// A sentence: Litestream cannot be started.
    pub fn start(app: &Arc<Site>) -> Result<Option<Replication>, String> {
        let Some(replica) = &app.replica else { return Ok(None) };
        let supervisor = replica.start()?;
        let mut replication = Replication { supervisor, stop: Vec::new(), threads: Vec::new() };
        replication.spawn(app, "replica-watch", watch);
        replication.spawn(app, "replica-verify", verify_now_and_then);
        Ok(Some(replication))
    }

    fn spawn(&mut self, app: &Arc<Site>, name: &str, work: fn(&Site, &Replica, &Restarter, &Receiver<()>)) {
        let (stop, stopped) = channel();
        let (app, restarter) = (Arc::clone(app), self.supervisor.restarter());
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Some(replica) = &app.replica {
                work(&app, replica, &restarter, &stopped);
            }
        });
        match spawned {
            Ok(thread) => self.threads.push(thread),
            Err(error) => log::error!("no thread for {name}: {error}"),
        }
        self.stop.push(stop);
    }

    /// Ends what looks after Litestream; what is left is Litestream.
    #[must_use]
    pub fn into_litestream(self) -> Supervisor {
        drop(self.stop);
        for thread in self.threads {
            if thread.join().is_err() {
                log::error!("what looks after the replica panicked");
            }
        }
        self.supervisor
    }
}

fn watch(app: &Site, replica: &Replica, restarter: &Restarter, stopped: &Receiver<()>) {
    let mut told: Option<Instant> = None;
    let mut refusals = Refusals::default();
    let mut pause = Duration::from_millis(500); // Litestream starts meanwhile.
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        if refusals.are_over(app.db.writer_metrics().failed_flushes()) {
            restarter.begin_anew();
        }
        replica.watch.look(app, replica);
        let health = replica.watch.health(None);
        match &health.fault {
            Some(fault) if told.is_none_or(|told| told.elapsed() > LATE) => {
                log::error!("nothing has been replicated for more than {LATE:?}: {fault}");
                told = Some(Instant::now());
            }
            None if told.take().is_some() => log::info!("everything is replicated again"),
            _ => {}
        }
        pause = if health.last_sync_age.is_some() { EVERY } else { Duration::from_secs(1) };
    }
}

/// Commits whose flush the disk refused. Litestream may have copied one of them: it reads the WAL by itself, in which
/// they stand as a whole until something is written over them (docs/decisions/0015-faults.md). Nothing tells
/// whether it has, so it copies everything anew, when the disk seems to be well again.
#[derive(Default)]
struct Refusals {
    seen: u64,
    /// Some were seen, and it does not copy anew yet.
    are_due: bool,
}

impl Refusals {
    /// Given their number so far: whether there have been some, and none since the last look.
    fn are_over(&mut self, refused: u64) -> bool {
        let is_quiet = self.seen == refused;
        let are_over = self.are_due && is_quiet;
        self.are_due = !is_quiet;
        self.seen = refused;
        are_over
    }
}

fn verify_now_and_then(app: &Site, replica: &Replica, restarter: &Restarter, stopped: &Receiver<()>) {
    let Some(every) = replica.settings.verify_every else { return };
    let mut pause = every.min(AT_FIRST);
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let last = app.db.read(sql::last_verification).unwrap_or_else(|error| {
            log::error!("looking for the last verification: {error}");
            None
        });
        pause = until_due(last.as_ref(), every, now());
        if pause.is_zero() && replica.watch.health(None).last_sync_age.is_none() {
            pause = EVERY; // The first copy of a large database takes its time.
        }
        if !pause.is_zero() {
            continue;
        }
        let began = Instant::now();
        let is_over = || stopped.try_recv() != Err(TryRecvError::Empty);
        match verify::verify(&app.db, &replica.settings, &replica.folder, &is_over) {
            Ok(()) => log::info!("the replica was restored and is whole, in {:.1?}", began.elapsed()),
            Err(_) if is_over() => return,
            Err(fault) => {
                log::error!("the replica could not be restored: {fault}");
                if fault.is_of_replica {
                    restarter.begin_anew(); // Litestream thinks that all is well.
                }
            }
        }
        pause = until_due(app.db.read(sql::last_verification).ok().flatten().as_ref(), every, now()).max(TRY);
    }
}

/// However often it is wanted, one verification is not tried right after the other.
const TRY: Duration = Duration::from_secs(1);

/// How long until the next verification.
fn until_due(last: Option<&Verification>, every: Duration, now: Micros) -> Duration {
    let Some(last) = last else { return Duration::ZERO };
    let every = if last.fault.is_some() { every.min(AFTER_FAULT) } else { every };
    // A clock that went back makes it due.
    let age = Duration::from_micros(u64::try_from(now - last.at).unwrap_or(u64::MAX));
    every.saturating_sub(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const AN_HOUR: Micros = 60 * 60 * 1_000_000;

    #[test]
    fn a_verification_is_due_after_a_time_and_sooner_after_a_fault() {
        let last = |fault: Option<&str>| Some(Verification { at: 0, fault: fault.map(str::to_owned) });
        assert_eq!(until_due(None, 24 * HOUR, 0), Duration::ZERO);
        assert_eq!(until_due(last(None).as_ref(), 24 * HOUR, AN_HOUR), 23 * HOUR);
        assert_eq!(until_due(last(None).as_ref(), 24 * HOUR, 25 * AN_HOUR), Duration::ZERO);
        assert_eq!(until_due(last(Some("empty")).as_ref(), 24 * HOUR, AN_HOUR / 2), HOUR / 2);
        assert_eq!(until_due(last(Some("empty")).as_ref(), HOUR / 4, 0), HOUR / 4);
        assert_eq!(until_due(last(None).as_ref(), HOUR, -1), Duration::ZERO);
    }

    #[test]
    fn refused_commits_are_mended_once_and_only_when_no_more_come() {
        let mut refusals = Refusals::default();
        let answers = [0, 0, 2, 3, 3, 3, 3, 4, 4, 4].map(|refused| refusals.are_over(refused));
        let yes: Vec<usize> = (0..answers.len()).filter(|&look| answers[look]).collect();
        assert_eq!(yes, [4, 8]);
    }

    #[test]
    fn a_replica_is_well_until_it_is_late_or_a_verification_failed() {
        let watch = Watch::default();
        let health = watch.health(None);
        assert!(health.is_ok() && health.last_sync_age.is_none());
        watch.note(Instant::now(), Ok(control::Position { local: 7, replicated: 7 }));
        assert!(watch.health(None).last_sync_age.is_some());
        watch.note(Instant::now(), Err("no store".into()));
        assert!(watch.health(None).is_ok(), "one barrier says nothing");
        let fault = Some("empty".to_owned());
        assert!(!watch.health(Some(Verification { at: 0, fault })).is_ok());
        assert!(watch.health(Some(Verification { at: 0, fault: None })).is_ok());
        watch.lock().synced_at -= LATE + Duration::from_secs(1);
        let health = watch.health(None);
        assert_eq!(health.fault.as_deref(), Some("no store"));
        assert!(!health.is_ok());
    }
}
