//! The thread that removes expired rows: once when the server starts, then every hour, in steps so small that
//! other writes run between them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lorem_store::Error;

use super::background::{BackgroundThread, StopRequest};
use crate::deletion::{self, sql::burial};
use crate::device;
use crate::draft;
use crate::mail;
use crate::reset;
use crate::session;
use crate::site::Site;
use crate::site::job_runs::Job;
use crate::site_api;
use crate::sql::Step;
use crate::types::id::SessionId;
use crate::types::time::{DAY, Timestamp};
use crate::user;

/// The time between two rounds. The removed rows have no effect, so it does not matter when they go.
const ROUND_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// The pause after a step as a multiple of the step's duration, for other writes: millions of rows take many
/// steps.
const PAUSE_FACTOR: u32 = 3;

/// A kind of row to be removed.
struct Chore {
    /// The rows that it removes, for the log.
    removes: &'static str,
    /// Removes some of the rows that have expired at this time, after this id, in one
    /// [`Database::write`](lorem_store::Database::write).
    step: fn(&Site, Timestamp, i64) -> Result<Step, Error>,
}

const CHORES: &[Chore] = &[
    Chore { removes: "unused sessions", step: unused_sessions },
    Chore { removes: "unused devices", step: unused_devices },
    Chore { removes: "expired drafts", step: old_drafts },
    Chore { removes: "expired links to set a new password", step: old_resets },
    Chore { removes: "sent mails and addresses that were not confirmed", step: old_mails },
    Chore { removes: "deletions that could be undone", step: old_deletions },
    Chore { removes: "answers of the API that were kept for a day", step: old_answers },
    Chore { removes: "names that were left a year ago", step: left_names },
];

/// `last_used_at` is updated at most once a day, so it may be a day behind: a session is removed a day after
/// its limit.
fn unused_sessions(site: &Site, now: Timestamp, after: i64) -> Result<Step, Error> {
    let cutoff = now - DAY.saturating_mul(site.config.session_days.saturating_add(1));
    site.db.write(move |connection| session::sql::prune(connection, SessionId::new(after), cutoff))
}

fn unused_devices(site: &Site, now: Timestamp, after: i64) -> Result<Step, Error> {
    site.db.write(move |connection| device::sql::prune(connection, after, now - device::LIFETIME))
}

/// One step is enough: the number and the size of all drafts are bounded, and each new draft removes expired
/// ones.
fn old_drafts(site: &Site, now: Timestamp, _: i64) -> Result<Step, Error> {
    let remove = move |connection: &_| draft::sql::remove_before(connection, now - draft::LIFETIME);
    Ok(Step { removed: site.db.write(remove)?, next: None })
}

/// By the system's clock, by which a link expires.
fn old_resets(site: &Site, _: Timestamp, after: i64) -> Result<Step, Error> {
    let before = Timestamp::now() - reset::LIFETIME;
    site.db.write(move |connection| reset::sql::prune(connection, after, before))
}

/// By the system's clock, as above.
fn old_mails(site: &Site, _: Timestamp, _: i64) -> Result<Step, Error> {
    site.db.write(move |connection| mail::sql::prune(connection, Timestamp::now()))
}

/// By the system's clock: what an author deleted must not stay because the site was not used before. A clock that is
/// ahead ends an undo that the author could not make by that clock either.
fn old_deletions(site: &Site, _: Timestamp, after: i64) -> Result<Step, Error> {
    let before = Timestamp::now() - deletion::UNDO_WINDOW;
    site.db.write(move |connection| burial::end_old(connection, after, before))
}

/// By the system's clock, by which an answer is kept.
fn old_answers(site: &Site, _: Timestamp, after: i64) -> Result<Step, Error> {
    let before = Timestamp::now() - site_api::ANSWER_LIFETIME;
    site.db.write(move |connection| site_api::sql::prune(connection, after, before))
}

fn left_names(site: &Site, now: Timestamp, _: i64) -> Result<Step, Error> {
    site.db.write(move |connection| user::sql::names::prune(connection, now - user::NAME_KEPT_BACK))
}

/// A clock that does not trust the system's: its time is at most the last use of the site that the database
/// records, plus the time that this process has run. With a system clock that is a year ahead by mistake, all
/// sessions would be removed. The price: if the site was not used for a month, rows are removed a month
/// later.
struct Clock {
    last_use: Option<Timestamp>,
    began: Instant,
}

impl Clock {
    /// Reads the last use before the server starts: later uses are recorded with the system clock's time.
    fn of(site: &Site) -> Clock {
        let last_use = site.db.read(session::sql::last_use).unwrap_or_else(|error| {
            log::error!("cannot read when the site was last used: {error}");
            None
        });
        Clock { last_use, began: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        self.plausible(Timestamp::now(), self.began.elapsed())
    }

    fn plausible(&self, now: Timestamp, passed: Duration) -> Timestamp {
        self.last_use.map_or(now, |last_use| now.min(last_use + passed))
    }
}

/// The handle of the thread. Dropping it stops the thread after the present step.
pub struct Housekeeping {
    _thread: BackgroundThread,
}

impl Housekeeping {
    /// Starts the thread, and with it the first round. If that fails, the error is logged and the site runs
    /// on: the database grows until the next start.
    #[must_use]
    pub fn start(site: Arc<Site>) -> Housekeeping {
        Housekeeping::with(site, CHORES, ROUND_INTERVAL)
    }

    fn with(site: Arc<Site>, chores: &'static [Chore], every: Duration) -> Housekeeping {
        let clock = Clock::of(&site);
        let rounds = move |stop: &StopRequest| {
            loop {
                // Its error is logged. A chore that fails keeps none of the others from running.
                let _ = site.run_job(Job::Housekeeping, || {
                    let run = |fault, chore: &Chore| chore.run(&site, clock.now(), stop).or(fault);
                    chores.iter().fold(None, run).map_or(Ok(()), Err)
                });
                if stop.within(every) {
                    break;
                }
            }
        };
        Housekeeping { _thread: BackgroundThread::start("housekeeping", rounds) }
    }
}

impl Chore {
    /// Runs steps until no row is left to remove, a step fails, or the thread is stopped. Returns the error.
    fn run(&self, site: &Site, now: Timestamp, stop: &StopRequest) -> Option<Error> {
        let (mut removed, mut next, mut pause, mut fault) = (0, Some(0), Duration::ZERO, None);
        while let Some(after) = next
            && !stop.within(pause)
        {
            let began = Instant::now();
            next = match (self.step)(site, now, after) {
                Ok(step) => {
                    removed += step.removed;
                    step.next
                }
                Err(error) => {
                    log::error!("removing {}: {error}; the next round tries again", self.removes);
                    fault = Some(error);
                    None
                }
            };
            pause = began.elapsed() * PAUSE_FACTOR;
        }
        if removed > 0 {
            log::info!("removed {removed} {}", self.removes);
        }
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::site::config::Config;
    use crate::types::time::{HOUR, MINUTE};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{LazyLock, Mutex};
    use std::thread;

    const LONG: Duration = Duration::from_secs(30);

    fn site() -> (tempfile::TempDir, Arc<Site>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = folder.path().join("news.sqlite3");
        let app = App::open(Config::local(database, ([127, 0, 0, 1], 0).into()));
        (folder, Arc::new(app.expect("the database opens").site))
    }

    /// The channel by which a chore's steps report to the test: a `fn` captures nothing.
    type Steps<T> = LazyLock<(Sender<T>, Mutex<Receiver<T>>)>;

    fn step_channel<T>() -> (Sender<T>, Mutex<Receiver<T>>) {
        let (sender, receiver) = channel();
        (sender, Mutex::new(receiver))
    }

    fn next<T>(steps: &Steps<T>) -> T {
        steps.1.lock().expect("held for a moment").recv_timeout(LONG).expect("the next step")
    }

    #[test]
    fn a_system_clock_far_ahead_is_not_trusted() {
        let clock = |last_use| Clock { last_use, began: Instant::now() };
        let (last_use, ahead) = (Timestamp::EPOCH + 1_000 * DAY, Timestamp::EPOCH + 1_365 * DAY);
        assert_eq!(clock(Some(last_use)).plausible(ahead, HOUR), last_use + HOUR);
        // A clock that is right, or behind, is.
        for now in [last_use + MINUTE, Timestamp::from_micros(10)] {
            assert_eq!(clock(Some(last_use)).plausible(now, HOUR), now);
        }
        assert_eq!(clock(None).plausible(ahead, HOUR), ahead);
        let early = Timestamp::from_micros(5);
        assert_eq!(clock(Some(Timestamp::MAX)).plausible(early, HOUR), early);
    }

    #[test]
    fn a_chore_without_end_is_stopped_between_two_steps() {
        static STEPS: AtomicUsize = AtomicUsize::new(0);
        fn endless(_: &Site, _: Timestamp, after: i64) -> Result<Step, Error> {
            STEPS.fetch_add(1, Ordering::SeqCst);
            Ok(Step { removed: 1, next: Some(after + 1) })
        }
        static ENDLESS: [Chore; 2] =
            [Chore { removes: "steps", step: endless }, Chore { removes: "more steps", step: endless }];
        let (_folder, site) = site();
        let housekeeping = Housekeeping::with(Arc::clone(&site), &ENDLESS, ROUND_INTERVAL);
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
    fn steps_continue_where_the_last_one_ended_and_rounds_start_over_even_after_an_error() {
        static STEPS_SEEN: Steps<i64> = LazyLock::new(step_channel);
        fn three_steps(_: &Site, _: Timestamp, after: i64) -> Result<Step, Error> {
            STEPS_SEEN.0.send(after).expect("the test receives");
            match after {
                0 => Ok(Step { removed: 2, next: Some(7) }),
                7 => Ok(Step { removed: 0, next: Some(9) }),
                _ => Ok(Step { removed: 1, next: None }),
            }
        }
        fn fails(_: &Site, _: Timestamp, after: i64) -> Result<Step, Error> {
            STEPS_SEEN.0.send(-1 - after).expect("the test receives");
            Err(Error::Overloaded)
        }
        static CHORES: [Chore; 2] =
            [Chore { removes: "nothing", step: fails }, Chore { removes: "steps", step: three_steps }];
        let (_folder, site) = site();
        let _housekeeping = Housekeeping::with(site, &CHORES, Duration::from_millis(1));
        for _ in 0..3 {
            assert_eq!(
                [next(&STEPS_SEEN), next(&STEPS_SEEN), next(&STEPS_SEEN), next(&STEPS_SEEN)],
                [-1, 0, 7, 9]
            );
        }
    }

    #[test]
    fn the_pause_after_a_step_is_a_multiple_of_its_duration() {
        const WORK: Duration = Duration::from_millis(5);
        static STEPS_SEEN: Steps<[Instant; 2]> = LazyLock::new(step_channel);
        fn works(_: &Site, _: Timestamp, after: i64) -> Result<Step, Error> {
            let began = Instant::now();
            while began.elapsed() < WORK {
                thread::yield_now();
            }
            STEPS_SEEN.0.send([began, Instant::now()]).expect("the test receives");
            Ok(Step { removed: 0, next: Some(after + 1) })
        }
        static CHORES: [Chore; 1] = [Chore { removes: "nothing", step: works }];
        let (_folder, site) = site();
        let _housekeeping = Housekeeping::with(site, &CHORES, ROUND_INTERVAL);
        let [mut began, mut ended] = next(&STEPS_SEEN);
        for _ in 0..3 {
            let [next_began, next_ended] = next(&STEPS_SEEN);
            assert!(next_began - ended >= (ended - began) * 3, "the pause was too short");
            (began, ended) = (next_began, next_ended);
        }
    }
}
