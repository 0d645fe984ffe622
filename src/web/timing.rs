//! Where a request's time goes: told in the log when it takes too long, and to the browser in a demo.

use std::cell::Cell;
use std::time::{Duration, Instant};

use lorem_store::WriteTimings;

/// What a request does, or waits for. What is left of its time is rendering, above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It waits for its turn to compute.
    Permit,
    /// It reads.
    Read,
    /// Its write waits for the writer.
    Queue,
    /// The writer works, also for those who share the transaction.
    Work,
    /// The transaction is brought to the disk.
    Commit,
    /// A password is hashed, or waits for that.
    Hash,
}

const PHASES: [(Phase, &str); 6] = [
    (Phase::Permit, "turn"),
    (Phase::Read, "read"),
    (Phase::Queue, "queue"),
    (Phase::Work, "work"),
    (Phase::Commit, "commit"),
    (Phase::Hash, "hash"),
];

/// What a request has spent its time on so far.
pub struct Timing {
    began: Instant,
    spent: [Cell<Duration>; PHASES.len()],
}

impl Timing {
    /// It begins now.
    #[must_use]
    pub fn start() -> Timing {
        Timing { began: Instant::now(), spent: Default::default() }
    }

    /// Since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Runs `work`, whose time is that of `phase`.
    pub(super) fn during<T>(&self, phase: Phase, work: impl FnOnce() -> T) -> T {
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

    /// The phases there were and the rest, of so much time.
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
    fn each_part_has_a_place_of_its_own() {
        for (at, (phase, _)) in PHASES.iter().enumerate() {
            assert_eq!(*phase as usize, at);
        }
    }
}
