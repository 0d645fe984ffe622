//! The last runs of the jobs beside the requests, in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::types::time::Timestamp;

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Removes expired rows.
    Housekeeping,
    /// Puts new texts into the search index.
    Indexer,
    /// Sends mails.
    Mailer,
    /// Restores a copy to try.
    Trial,
}

impl Job {
    /// All of them.
    pub const ALL: [Job; 4] = [Job::Housekeeping, Job::Indexer, Job::Mailer, Job::Trial];

    /// Its name as a label of metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Job::Housekeeping => "housekeeping",
            Job::Indexer => "indexer",
            Job::Mailer => "mailer",
            Job::Trial => "trial",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Job::Housekeeping => "Housekeeping",
            Job::Indexer => "Search index",
            Job::Mailer => "Mail",
            Job::Trial => "Copy to try",
        }
    }
}

/// What is remembered of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobRecord {
    /// The start of the run that goes on.
    pub running_since: Option<Timestamp>,
    /// The last run that has ended.
    pub last: Option<Run>,
    /// The runs that have ended since the start of the program.
    pub runs: u64,
    /// Those of them that failed.
    pub failures: u64,
}

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its start.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Why it failed; `None`: it did not.
    pub fault: Option<String>,
}

/// The records of all jobs.
#[derive(Debug, Default)]
pub struct JobRuns {
    records: Mutex<[JobRecord; Job::ALL.len()]>,
}

/// A run that goes on.
#[must_use]
pub struct Running<'r> {
    runs: &'r JobRuns,
    job: Job,
    started_at: Timestamp,
    began: Instant,
}

impl JobRuns {
    /// The records, in the order of [`Job::ALL`].
    #[must_use]
    pub fn records(&self) -> [(Job, JobRecord); Job::ALL.len()] {
        let records = self.lock();
        Job::ALL.map(|job| (job, records[job as usize].clone()))
    }

    /// A run begins now.
    pub fn begin(&self, job: Job) -> Running<'_> {
        let started_at = Timestamp::now();
        self.lock()[job as usize].running_since = Some(started_at);
        Running { runs: self, job, started_at, began: Instant::now() }
    }

    fn lock(&self) -> MutexGuard<'_, [JobRecord; Job::ALL.len()]> {
        // Nothing panics while it is held.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running<'_> {
    /// It has ended; `fault`: why it failed.
    pub fn end(self, fault: Option<String>) {
        let mut records = self.runs.lock();
        let record = &mut records[self.job as usize];
        record.runs += 1;
        record.failures += u64::from(fault.is_some());
        record.running_since = None;
        record.last = Some(Run { started_at: self.started_at, took: self.began.elapsed(), fault });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_its_last_run_and_its_numbers() {
        let runs = JobRuns::default();
        let running = runs.begin(Job::Mailer);
        assert!(runs.records()[Job::Mailer as usize].1.running_since.is_some());
        running.end(Some("no server".to_owned()));
        runs.begin(Job::Mailer).end(None);
        let (job, record) = runs.records()[Job::Mailer as usize].clone();
        assert_eq!((job, record.runs, record.failures, record.running_since), (Job::Mailer, 2, 1, None));
        assert_eq!(record.last.and_then(|run| run.fault), None);
        assert_eq!(runs.records()[Job::Indexer as usize].1, JobRecord::default());
    }
}
