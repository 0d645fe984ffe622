//! How the replica is: data that the threads in [`watch`](super::watch) write and the pages read.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lorem_store::{self as store, Database};

use super::location::Location;
use super::{Verification, sql};

/// Without a copy for longer than this the replica has a fault.
pub const LATE_AFTER: Duration = Duration::from_secs(60);

/// The server's record of its replica.
#[derive(Debug)]
pub struct ReplicaStatus {
    location: Location,
    database: PathBuf,
    sync: Mutex<SyncState>,
}

#[derive(Debug)]
struct SyncState {
    /// The start of the last successful barrier; before the first one, the start of the server.
    synced_at: Instant,
    has_synced: bool,
    /// Litestream's number of the newest transaction at that time.
    transaction: u64,
    /// The failure of the last barrier; `None`: it succeeded.
    fault: Option<String>,
}

/// The replica's health at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The time since every write was last in the replica; `None`: that has not been so yet.
    pub last_sync_age: Option<Duration>,
    /// The last verification, if there was one.
    pub verification: Option<Verification>,
    /// The reason for which nothing has been copied for more than [`LATE_AFTER`].
    pub fault: Option<String>,
}

impl Health {
    /// Whether no fault is known.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.fault.is_none() && self.verification.as_ref().is_none_or(|last| last.fault.is_none())
    }
}

impl SyncState {
    fn fault_at(&self, age: Duration) -> Option<String> {
        (age > LATE_AFTER).then(|| self.fault.clone().unwrap_or_else(|| "it takes too long".to_owned()))
    }
}

impl ReplicaStatus {
    /// The status of a replica that has not been asked yet.
    #[must_use]
    pub fn new(location: Location, database: PathBuf) -> ReplicaStatus {
        let sync = SyncState { synced_at: Instant::now(), has_synced: false, transaction: 0, fault: None };
        ReplicaStatus { location, database, sync: Mutex::new(sync) }
    }

    /// The replica's location.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Whether the replica is a folder on the database's disk.
    #[must_use]
    pub fn is_on_database_disk(&self) -> bool {
        self.location.is_on_disk_of(&self.database)
    }

    /// The health at this moment. The last verification is read from the database, because a process beside
    /// the server may have made it.
    ///
    /// # Errors
    /// Those of [`Database::read`].
    pub fn health(&self, db: &Database) -> Result<Health, store::Error> {
        Ok(self.health_with(db.read(sql::last_verification)?))
    }

    fn health_with(&self, verification: Option<Verification>) -> Health {
        let state = self.lock();
        let age = state.synced_at.elapsed();
        Health { last_sync_age: state.has_synced.then_some(age), verification, fault: state.fault_at(age) }
    }

    /// Whether there has been a successful barrier.
    pub(crate) fn has_synced(&self) -> bool {
        self.lock().has_synced
    }

    /// The reason for which nothing has been copied for more than [`LATE_AFTER`]; `None`: something has.
    pub(crate) fn sync_fault(&self) -> Option<String> {
        let state = self.lock();
        state.fault_at(state.synced_at.elapsed())
    }

    /// The number of the newest transaction at the last successful barrier.
    pub(crate) fn synced_transaction(&self) -> u64 {
        self.lock().transaction
    }

    /// Records a barrier that began at `began`: the number of the newest transaction, or why it failed.
    pub(crate) fn record_sync(&self, began: Instant, result: Result<u64, String>) {
        let mut state = self.lock();
        match result {
            Ok(transaction) => {
                *state = SyncState { synced_at: began, has_synced: true, transaction, fault: None };
            }
            Err(fault) => state.fault = Some(fault),
        }
    }

    fn lock(&self) -> MutexGuard<'_, SyncState> {
        // Nothing panics while it is held.
        self.sync.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::time::Timestamp;

    #[test]
    fn a_replica_is_well_until_it_is_late_or_a_verification_has_failed() {
        let status = ReplicaStatus::new(Location::Folder("/replica".into()), "/database".into());
        let health = status.health_with(None);
        assert!(health.is_ok() && health.last_sync_age.is_none());
        status.record_sync(Instant::now(), Ok(7));
        assert!(status.health_with(None).last_sync_age.is_some());
        status.record_sync(Instant::now(), Err("no store".into()));
        assert!(status.health_with(None).is_ok(), "one failed barrier is no fault");
        let fault = Some("empty".to_owned());
        assert!(!status.health_with(Some(Verification { at: Timestamp::EPOCH, fault })).is_ok());
        assert!(status.health_with(Some(Verification { at: Timestamp::EPOCH, fault: None })).is_ok());
        status.lock().synced_at -= LATE_AFTER + Duration::from_secs(1);
        let health = status.health_with(None);
        assert_eq!(health.fault.as_deref(), Some("no store"));
        assert!(!health.is_ok());
    }
}
