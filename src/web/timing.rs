//! Where a request's time goes: told in the log when it takes too long, and to the browser in a demo.

use std::cell::Cell;
use std::time::{Duration, Instant};

use lorem_store::WriteTimings;

/// What a request does, or waits for. What is left of its time is rendering, above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It waits for its turn to compute.
    Turn,
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

const PARTS: [(Part, &str); 6] = [
    (Part::Turn, "turn"),
    (Part::Read, "read"),
    (Part::Queue, "queue"),
    (Part::Work, "work"),
    (Part::Commit, "commit"),
    (Part::Hash, "hash"),
];

/// What a request has spent its time on so far.
pub struct Timing {
    began: Instant,
    spent: [Cell<Duration>; PARTS.len()],
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

    /// Runs `work`, whose time is that of `part`.
    pub(super) fn during<T>(&self, part: Part, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.add(part, began.elapsed());
        done
    }

    /// Adds the parts of a write.
    pub(super) fn add_write(&self, spent: WriteTimings) {
        self.add(Part::Queue, spent.queue);
        self.add(Part::Work, spent.work);
        self.add(Part::Commit, spent.commit);
    }

    pub(super) fn add(&self, part: Part, time: Duration) {
        let spent = &self.spent[part as usize];
        spent.set(spent.get() + time);
    }

    /// The parts there were and the rest, of so much time.
    pub(super) fn parts(&self, took: Duration) -> impl Iterator<Item = (&'static str, Duration)> {
        let named: Duration = self.spent.iter().map(Cell::get).sum();
        let rest = ("render", took.saturating_sub(named));
        let parts = PARTS.iter().map(|(part, name)| (*name, self.spent[*part as usize].get()));
        parts.filter(|(_, time)| !time.is_zero()).chain([rest])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_a_place_of_its_own() {
        for (at, (part, _)) in PARTS.iter().enumerate() {
            assert_eq!(*part as usize, at);
        }
    }
}
