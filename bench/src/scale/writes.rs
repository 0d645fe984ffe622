//! What a vote costs the writer.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lorem_news::auth::token::Secret;
use lorem_news::schema::SCHEMA;
use lorem_news::session::{self, NewSession};
use lorem_news::types::time::now;
use lorem_news::user;
use lorem_news::vote::{self, Target, Vote};
use lorem_store::{Database, Error};
use rusqlite::Connection;

use super::fill::PEOPLE;
use super::{Options, SMALL};
use crate::report::{grouped, middle, table};
use crate::{Result, process};

/// Writers at once, as in the ten endpoints' runs.
const WRITERS: usize = 20;

/// What a vote costs, by turns with the sign-in that each benchmarking call makes: for one of the newest
/// posts, where nearly all votes go, and for any post of all.
pub fn compare(database: &Path, options: &Options) -> Result<String> {
    eprintln!("votes beside sign-ins");
    let db = Database::open(database, &SCHEMA)?;
    let (posts, newest) = (i64::from(options.posts), i64::from(SMALL));
    let next = AtomicI64::new(0);
    let vote = |post: &dyn Fn(i64) -> i64| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let (user_id, target) = (number % i64::from(PEOPLE) + 1, Target::Post(post(number)));
        db.write(move |connection| vote::sql::change(connection, user_id, target, Vote::Cast, 1)).map(drop)
    };
    // No pair twice; all over the table by a step that has no factor with its size.
    let on_newest = |number: i64| posts - (number + number / i64::from(PEOPLE)) % newest;
    let on_any = |number: i64| number * 7_919 % posts + 1;
    let duration = Duration::from_secs(options.seconds);
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..options.rounds {
        times[0].push(rate(duration, || sign_in(&db))?);
        times[1].push(rate(duration, || vote(&on_newest))?);
        times[2].push(rate(duration, || vote(&on_any))?);
    }
    db.close()?;
    let [sign_ins, newest, any] = times.map(middle);
    let row = |what: &str, rate: f64, asked: &str| {
        [what.to_owned(), grouped(rate), format!("{:.2}", sign_ins / rate), asked.to_owned()]
    };
    let rows = [
        row("sign-in", sign_ins, "–"),
        row(&format!("vote for one of the newest {}", grouped(SMALL.into())), newest, "2"),
        row("vote for any post", any, "–"),
    ];
    let writers = format!("a second, from {WRITERS} threads");
    Ok(table(["write", &writers, "costs sign-ins", "asked, at most"], &rows))
}

/// As each benchmarking call makes it.
fn sign_in(db: &Database) -> std::result::Result<(), Error> {
    let (secret, created_at) = (Secret::random(), now());
    let write = move |connection: &Connection| {
        let user = user::sql::sign_in_random(connection, created_at)?;
        let user_id = user.map_or(1, |user| user.id);
        let new = NewSession { user_id, secret: &secret, ip_address: "::1", user_agent: "oha", created_at };
        session::sql::create(connection, &new)
    };
    db.write(write).map(drop)
}

/// How often `work` is done in a second, by all writers together.
fn rate(duration: Duration, work: impl Fn() -> std::result::Result<(), Error> + Sync) -> Result<f64> {
    let (over, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    let failed = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        work()?;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        let waited = process::wait_for(2 * duration, || Ok((began.elapsed() >= duration).then_some(())));
        over.store(true, Ordering::Relaxed);
        let ended: std::result::Result<(), Error> =
            writers.into_iter().try_for_each(|writer| writer.join().unwrap_or(Ok(())));
        waited.map_err(|error| error.to_string()).and(ended.map_err(|error| error.to_string()))
    });
    failed?;
    Ok(done.into_inner() as f64 / began.elapsed().as_secs_f64())
}
