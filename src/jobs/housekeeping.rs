//! Removes what nobody needs any more, beside everything else: once when the server starts, then
//! every hour, in steps so small that other writes go between them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::draft;
use crate::session;
use crate::site::Site;
use crate::sql::Step;
use crate::types::time::{DAY, Micros, now};
use lorem_store::Error;

/// Between two rounds. What is removed is of no use to anybody any more, so an hour more is nothing.
const EVERY: Duration = Duration::from_secs(60 * 60);
/// After a step others have so many times as long for their writes: of millions of rows there are many steps.
const PATIENCE: u32 = 3;

/// Something to be removed now and then.
struct Chore {
    /// What it removes, for the log.
    what: &'static str,
    /// Removes some of it: at this moment, in the rows after this id. One [`Database::write`](lorem_store::Database::write).
    step: fn(&Site, Micros, i64) -> Result<Step, Error>,
}

const CHORES: &[Chore] = &[
    Chore { what: "unused sessions", step: unused_sessions },
    Chore { what: "drafts that are over", step: old_drafts },
];

/// `last_used_at` is touched at most once a day, so it may be a day behind: only what is a day older
/// than it may become was surely not used for so long.
fn unused_sessions(site: &Site, now: Micros, after: i64) -> Result<Step, Error> {
    let cutoff = now - (i64::from(site.config.session_days) + 1) * DAY;
    site.db.write(move |connection| session::sql::prune(connection, after, cutoff))
}

/// All at once: the number and the size of all drafts are bounded, and each new one has removed those before it.
fn old_drafts(site: &Site, now: Micros, _: i64) -> Result<Step, Error> {
    let remove = move |connection: &_| draft::sql::remove_before(connection, now - draft::LIFETIME);
    Ok(Step { removed: site.db.write(remove)?, next: None })
}

/// What time it is as far as that can be believed: not later than the last use of the site that the
/// database knows of, and the time since then that this process has seen pass. A clock that is a year
/// ahead by mistake would end everybody's sessions. Where nobody came for a month, all goes a month later.
struct Clock {
    last_use: Option<Micros>,
    began: Instant,
}

impl Clock {
    /// Looks before anybody is served: what is used from now on has the time of the clock in question.
    fn of(site: &Site) -> Clock {
        let last_use = site.db.read(session::sql::last_use).unwrap_or_else(|error| {
            log::error!("asking when the site was used last: {error}");
            None
        });
        Clock { last_use, began: Instant::now() }
    }

    fn now(&self) -> Micros {
        self.believe(now(), self.began.elapsed())
    }

    fn believe(&self, now: Micros, passed: Duration) -> Micros {
        let passed = Micros::try_from(passed.as_micros()).unwrap_or(Micros::MAX);
        self.last_use.map_or(now, |last_use| now.min(last_use.saturating_add(passed)))
    }
}

/// The thread that does all chores. It stops when this is dropped: after the step that it is at.
pub struct Housekeeping {
    /// Nothing is ever sent: that it is gone says stop.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Housekeeping {
    /// Begins with the first round at once. Without a thread, which is logged, the site is served all
    /// the same: it grows until the next start.
    #[must_use]
    pub fn start(site: Arc<Site>) -> Housekeeping {
        Housekeeping::with(site, CHORES, EVERY)
    }

    fn with(site: Arc<Site>, chores: &'static [Chore], every: Duration) -> Housekeeping {
        let (stop, stopped) = channel();
        let clock = Clock::of(&site);
        let rounds = move || {
            loop {
                chores.iter().for_each(|chore| chore.run(&site, clock.now(), &stopped));
                if stopped.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name("housekeeping".into()).spawn(rounds);
        if let Err(error) = &thread {
            log::error!("no thread for housekeeping: {error}");
        }
        Housekeeping { stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for Housekeeping {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("housekeeping panicked");
        }
    }
}

impl Chore {
    /// Step by step, until there is nothing more to remove, an error, or a stop.
    fn run(&self, site: &Site, now: Micros, stopped: &Receiver<()>) {
        let (mut removed, mut next, mut pause) = (0, Some(0), Duration::ZERO);
        while let Some(after) = next
            && stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout)
        {
            let began = Instant::now();
            next = match (self.step)(site, now, after) {
                Ok(step) => {
                    removed += step.removed;
                    step.next
                }
                Err(error) => {
                    log::error!("removing {}: {error}; it is tried again in the next round", self.what);
                    None
                }
            };
            pause = began.elapsed() * PATIENCE;
        }
        if removed > 0 {
            log::info!("removed {removed} {}", self.what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::site::config::Config;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{LazyLock, Mutex};

    const LONG: Duration = Duration::from_secs(30);

    fn site() -> (tempfile::TempDir, Arc<Site>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = folder.path().join("news.sqlite3");
        let app = App::open(Config::local(database, ([127, 0, 0, 1], 0).into()));
        (folder, Arc::new(app.expect("the database opens").site))
    }

    /// Where a chore's steps are told, for they can hold nothing themselves.
    type Told<T> = LazyLock<(Sender<T>, Mutex<Receiver<T>>)>;

    fn told<T>() -> (Sender<T>, Mutex<Receiver<T>>) {
        let (tell, told) = channel();
        (tell, Mutex::new(told))
    }

    fn next<T>(told: &Told<T>) -> T {
        told.1.lock().expect("held for a moment").recv_timeout(LONG).expect("the next step")
    }

    #[test]
    fn a_clock_that_is_far_ahead_is_not_believed() {
        let clock = |last_use| Clock { last_use, began: Instant::now() };
        let hour = Duration::from_secs(60 * 60);
        assert_eq!(clock(Some(1_000 * DAY)).believe(1_365 * DAY, hour), 1_000 * DAY + DAY / 24);
        // Right, or behind, it is.
        for now in [1_000 * DAY + 60_000_000, 10] {
            assert_eq!(clock(Some(1_000 * DAY)).believe(now, hour), now);
        }
        assert_eq!(clock(None).believe(1_365 * DAY, hour), 1_365 * DAY);
        assert_eq!(clock(Some(Micros::MAX)).believe(5, hour), 5);
    }

    #[test]
    fn a_chore_without_end_is_stopped_between_two_steps() {
        static STEPS: AtomicUsize = AtomicUsize::new(0);
        fn endless(_: &Site, _: Micros, after: i64) -> Result<Step, Error> {
            STEPS.fetch_add(1, Ordering::SeqCst);
            Ok(Step { removed: 1, next: Some(after + 1) })
        }
        static ENDLESS: [Chore; 2] =
            [Chore { what: "steps", step: endless }, Chore { what: "more steps", step: endless }];
        let (_folder, site) = site();
        let housekeeping = Housekeeping::with(Arc::clone(&site), &ENDLESS, EVERY);
        while STEPS.load(Ordering::SeqCst) < 10 {
            thread::yield_now();
        }
        let (ended, end) = channel();
        thread::spawn(move || {
            drop(housekeeping);
            ended.send(())
        });
        end.recv_timeout(LONG).expect("it stops");
        assert_eq!(Arc::strong_count(&site), 1, "the database can be closed");
    }

    #[test]
    fn steps_go_on_where_the_last_one_ended_and_rounds_begin_anew_even_after_an_error() {
        static TOLD: Told<i64> = LazyLock::new(told);
        fn three_steps(_: &Site, _: Micros, after: i64) -> Result<Step, Error> {
            TOLD.0.send(after).expect("somebody listens");
            match after {
                0 => Ok(Step { removed: 2, next: Some(7) }),
                7 => Ok(Step { removed: 0, next: Some(9) }),
                _ => Ok(Step { removed: 1, next: None }),
            }
        }
        fn fails(_: &Site, _: Micros, after: i64) -> Result<Step, Error> {
            TOLD.0.send(-1 - after).expect("somebody listens");
            Err(Error::Overloaded)
        }
        static CHORES: [Chore; 2] =
            [Chore { what: "nothing", step: fails }, Chore { what: "steps", step: three_steps }];
        let (_folder, site) = site();
        let _housekeeping = Housekeeping::with(site, &CHORES, Duration::from_millis(1));
        for _ in 0..3 {
            assert_eq!([next(&TOLD), next(&TOLD), next(&TOLD), next(&TOLD)], [-1, 0, 7, 9]);
        }
    }

    #[test]
    fn after_each_step_others_have_a_multiple_of_its_time() {
        const WORK: Duration = Duration::from_millis(5);
        static TOLD: Told<[Instant; 2]> = LazyLock::new(told);
        fn works(_: &Site, _: Micros, after: i64) -> Result<Step, Error> {
            let began = Instant::now();
            while began.elapsed() < WORK {
                thread::yield_now();
            }
            TOLD.0.send([began, Instant::now()]).expect("somebody listens");
            Ok(Step { removed: 0, next: Some(after + 1) })
        }
        static CHORES: [Chore; 1] = [Chore { what: "nothing", step: works }];
        let (_folder, site) = site();
        let _housekeeping = Housekeeping::with(site, &CHORES, EVERY);
        let [mut began, mut ended] = next(&TOLD);
        for _ in 0..3 {
            let [next_began, next_ended] = next(&TOLD);
            assert!(next_began - ended >= (ended - began) * 3, "the writer was theirs for too short");
            (began, ended) = (next_began, next_ended);
        }
    }
}
