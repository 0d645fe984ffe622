//! The time that a request spends in each phase, for the log of slow requests and the `Server-Timing` header.

use std::cell::Cell;
use std::time::{Duration, Instant};

use lorem_store::WriteTimings;

/// A phase of a request. The rest of its time is mostly rendering. It indexes `PHASES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for a permit to read and render.
    Permit,
    /// Reading from the database.
    Read,
    /// The write waits in the writer's queue.
    Queue,
    /// The writer runs the transaction's statements, those of the batch's other writes included.
    Work,
    /// The writer commits the transaction to the disk.
    Commit,
    /// Hashing a password, with the wait for a permit.
    Hash,
    /// Looking for a copy of the page.
    Cache,
}

const PHASES: [(Phase, &str); 7] = [
    (Phase::Permit, "turn"),
    (Phase::Read, "read"),
    (Phase::Queue, "queue"),
    (Phase::Work, "work"),
    (Phase::Commit, "commit"),
    (Phase::Hash, "hash"),
    (Phase::Cache, "cache"),
];

/// The time that a request has spent in each phase.
pub struct Timing {
    began: Instant,
    spent: [Cell<Duration>; PHASES.len()],
}

impl Timing {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Timing {
        Timing { began: Instant::now(), spent: Default::default() }
    }

    /// The time since [`Timing::start`].
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Runs `work` and adds its time to `phase`.
    pub fn during<T>(&self, phase: Phase, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.add(phase, began.elapsed());
        done
    }

    /// Adds the phases of a write.
    pub(super) fn add_write(&self, spent: WriteTimings) {
        self.add(Phase::Queue, spent.queue);
        self.add(Phase::Work, spent.work);
        self.add(Phase::Commit, spent.commit);
    }

    pub(super) fn add(&self, phase: Phase, time: Duration) {
        let spent = &self.spent[phase as usize];
        spent.set(spent.get() + time);
    }

    /// The phases that took time, and the rest of `took` as `render`.
    pub(super) fn phases(&self, took: Duration) -> impl Iterator<Item = (&'static str, Duration)> {
        let named: Duration = self.spent.iter().map(Cell::get).sum();
        let rest = ("render", took.saturating_sub(named));
        let phases = PHASES.iter().map(|(phase, name)| (*name, self.spent[*phase as usize].get()));
        phases.filter(|(_, time)| !time.is_zero()).chain([rest])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_are_indexed_by_their_enum() {
        for (at, (phase, _)) in PHASES.iter().enumerate() {
            assert_eq!(*phase as usize, at);
        }
    }
}
