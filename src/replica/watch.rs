//! The two threads that look after the replica: one asks Litestream every ten seconds how far it is, the
//! other verifies the replica from time to time.
//!
//! Litestream reports nothing when its store is gone, and answers "replicating". So it is asked for a
//! barrier, which succeeds only when every write up to then is copied. Without new writes a barrier would
//! succeed even without a store, so a heartbeat is written first.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;
use lorem_store::Database;

use super::folder::Folder;
use super::settings::Settings;
use super::setup::Replica;
use super::status::{LATE_AFTER, ReplicaStatus};
use super::supervisor::{Restarter, Supervisor};
use super::verify::{VerifyError, verify};
use super::{Verification, control, sql};
use crate::types::time::Timestamp;

/// The time between two barriers.
const SYNC_INTERVAL: Duration = Duration::from_secs(10);
/// The limit on one barrier.
const SYNC_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause before the first barrier, in which Litestream starts.
const START_PAUSE: Duration = Duration::from_millis(500);
/// The time between two barriers until the first one succeeds.
const START_SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// The pause before the first verification: a server that has just started is busy.
const FIRST_VERIFICATION: Duration = Duration::from_secs(60);
/// The longest time until the next verification after a failed one.
const RETRY_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// The shortest time between two verifications, whatever the operator set.
const MIN_VERIFY_INTERVAL: Duration = Duration::from_secs(1);

/// A running Litestream and the threads that look after it. The server stops first, then this.
pub struct Replication {
    supervisor: Supervisor,
    /// Nothing is ever sent: the receivers see that these are dropped.
    stop: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Replication {
    /// Starts Litestream and the threads. They hold `store` until [`Replication::into_supervisor`] has
    /// returned.
    ///
    /// # Errors
    /// Litestream cannot be started.
    pub fn start<S>(replica: &Replica, store: &Arc<S>) -> Result<Replication>
    where
        S: AsRef<Database> + Send + Sync + 'static,
    {
        let supervisor = replica.start_litestream()?;
        let mut replication = Replication { supervisor, stop: Vec::new(), threads: Vec::new() };
        replication.spawn("replica-watch", Worker::watch, replica, store);
        replication.spawn("replica-verify", Worker::verify_periodically, replica, store);
        Ok(replication)
    }

    fn spawn<S>(&mut self, name: &str, work: fn(&Worker<S>, &Receiver<()>), replica: &Replica, store: &Arc<S>)
    where
        S: AsRef<Database> + Send + Sync + 'static,
    {
        let (stop, stopped) = channel();
        let worker = Worker {
            store: Arc::clone(store),
            settings: replica.settings.clone(),
            folder: replica.folder.clone(),
            status: Arc::clone(&replica.status),
            restarter: self.supervisor.restarter(),
        };
        match thread::Builder::new().name(name.to_owned()).spawn(move || work(&worker, &stopped)) {
            Ok(thread) => self.threads.push(thread),
            Err(error) => log::error!("no thread for {name}: {error}"),
        }
        self.stop.push(stop);
    }

    /// Ends the two threads. Litestream goes on until the returned supervisor is stopped.
    #[must_use]
    pub fn into_supervisor(self) -> Supervisor {
        drop(self.stop);
        for thread in self.threads {
            if thread.join().is_err() {
                log::error!("a thread of the replica panicked");
            }
        }
        self.supervisor
    }
}

/// The state that both threads share.
struct Worker<S> {
    store: Arc<S>,
    settings: Settings,
    folder: Folder,
    status: Arc<ReplicaStatus>,
    restarter: Restarter,
}

impl<S: AsRef<Database>> Worker<S> {
    fn db(&self) -> &Database {
        (*self.store).as_ref()
    }

    fn watch(&self, stopped: &Receiver<()>) {
        let mut logged_at: Option<Instant> = None;
        let mut refused = RefusedCommits::default();
        let mut pause = START_PAUSE;
        while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            if refused.observe(self.db().writer_metrics().failed_flushes()) {
                self.restarter.restart_from_scratch();
            }
            self.sync();
            match self.status.sync_fault() {
                Some(fault) if logged_at.is_none_or(|logged_at| logged_at.elapsed() > LATE_AFTER) => {
                    log::error!("nothing has been replicated for more than {LATE_AFTER:?}: {fault}");
                    logged_at = Some(Instant::now());
                }
                None if logged_at.take().is_some() => log::info!("everything is replicated again"),
                _ => {}
            }
            pause = if self.status.has_synced() { SYNC_INTERVAL } else { START_SYNC_INTERVAL };
        }
    }

    /// Makes one barrier and records its result. If nothing was written since the last one, a heartbeat is.
    fn sync(&self) {
        let began = Instant::now();
        let known = self.status.synced_transaction();
        let sync = || match control::sync(&self.folder, SYNC_TIMEOUT) {
            Ok(position) => Ok(position.local),
            Err(error) => Err(error.to_string()),
        };
        let mut result = sync();
        if result == Ok(known) {
            let now = Timestamp::now();
            let written = self.db().write(move |connection| sql::write_heartbeat(connection, now));
            result = written.map_err(|error| error.to_string()).and_then(|()| sync());
        }
        if let Err(fault) = &result {
            log::debug!("the replica is behind: {fault}");
        }
        self.status.record_sync(began, result);
    }

    fn verify_periodically(&self, stopped: &Receiver<()>) {
        let Some(interval) = self.settings.verify_every else { return };
        let mut pause = interval.min(FIRST_VERIFICATION);
        while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            let last = self.db().read(sql::last_verification).unwrap_or_else(|error| {
                log::error!("reading the last verification: {error}");
                None
            });
            pause = time_until_due(last.as_ref(), interval, Timestamp::now());
            if pause.is_zero() && !self.status.has_synced() {
                pause = SYNC_INTERVAL; // The first copy of a large database takes a while.
            }
            if !pause.is_zero() {
                continue;
            }
            let began = Instant::now();
            let is_stopped = || stopped.try_recv() != Err(TryRecvError::Empty);
            match verify(self.db(), &self.settings, &self.folder, &is_stopped) {
                Ok(()) => log::info!("the replica was restored and is whole, in {:.1?}", began.elapsed()),
                Err(_) if is_stopped() => return,
                Err(error) => {
                    log::error!("the replica could not be restored: {error}");
                    if let VerifyError::BadReplica(_) = error {
                        self.restarter.restart_from_scratch(); // Litestream has not noticed.
                    }
                }
            }
            let last = self.db().read(sql::last_verification).ok().flatten();
            pause = time_until_due(last.as_ref(), interval, Timestamp::now()).max(MIN_VERIFY_INTERVAL);
        }
    }
}

/// Watches for commits whose flush the disk refused. The writer overwrites such a commit in the WAL, but
/// until then Litestream, which reads the WAL without SQLite, may have copied it
/// (docs/decisions/0018-wal-and-litestream.md). So Litestream has to copy everything again, as soon as the
/// disk has recovered.
#[derive(Default)]
struct RefusedCommits {
    total: u64,
    is_restart_due: bool,
}

impl RefusedCommits {
    /// Takes the number of refused commits so far. Returns whether Litestream is to be restarted: some
    /// commits were refused, and none since the last call.
    fn observe(&mut self, total: u64) -> bool {
        let is_quiet = self.total == total;
        let is_restart_due = self.is_restart_due && is_quiet;
        self.is_restart_due = !is_quiet;
        self.total = total;
        is_restart_due
    }
}

/// The time until the next verification; zero: it is due.
fn time_until_due(last: Option<&Verification>, interval: Duration, now: Timestamp) -> Duration {
    let Some(last) = last else { return Duration::ZERO };
    let interval = if last.fault.is_some() { interval.min(RETRY_INTERVAL) } else { interval };
    // If the clock was set back, it is due.
    let age = now.checked_duration_since(last.at).unwrap_or(Duration::MAX);
    interval.saturating_sub(age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::time::HOUR;

    const START: Timestamp = Timestamp::EPOCH;

    #[test]
    fn a_verification_is_due_after_an_interval_and_sooner_after_a_fault() {
        let last = |fault: Option<&str>| Some(Verification { at: START, fault: fault.map(str::to_owned) });
        assert_eq!(time_until_due(None, 24 * HOUR, START), Duration::ZERO);
        assert_eq!(time_until_due(last(None).as_ref(), 24 * HOUR, START + HOUR), 23 * HOUR);
        assert_eq!(time_until_due(last(None).as_ref(), 24 * HOUR, START + 25 * HOUR), Duration::ZERO);
        assert_eq!(time_until_due(last(Some("empty")).as_ref(), 24 * HOUR, START + HOUR / 2), HOUR / 2);
        assert_eq!(time_until_due(last(Some("empty")).as_ref(), HOUR / 4, START), HOUR / 4);
        assert_eq!(time_until_due(last(None).as_ref(), HOUR, Timestamp::from_micros(-1)), Duration::ZERO);
    }

    #[test]
    fn litestream_restarts_once_when_no_more_commits_are_refused() {
        let mut refused = RefusedCommits::default();
        let restarts = [0, 0, 2, 3, 3, 3, 3, 4, 4, 4].map(|total| refused.observe(total));
        let due: Vec<usize> = (0..restarts.len()).filter(|&look| restarts[look]).collect();
        assert_eq!(due, [4, 8]);
    }
}
