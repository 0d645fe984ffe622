//! The cost of a vote for the writer.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use lorem_news::auth::token::Secret;
use lorem_news::schema::SCHEMA;
use lorem_news::session::{self, NewSession};
use lorem_news::types::id::{PostId, UserId};
use lorem_news::types::time::Timestamp;
use lorem_news::user;
use lorem_news::vote::{self, Target, Vote};
use lorem_store::{Database, Error};
use rusqlite::Connection;

use super::fill::USERS;
use super::options::{Options, SMALL_POSTS};
use crate::format::{self, grouped, table};
use crate::process;
use crate::statistics::median_or_nan;

/// Threads that write at once: as many as the clients of the ablation.
const WRITERS: usize = 20;

/// Compares a vote with the sign-in of each benchmarking call, in interleaved runs: a vote for one of the newest posts,
/// which get nearly all votes, and a vote for any post.
pub fn compare(database: &Path, options: &Options) -> Result<String> {
    eprintln!("votes and sign-ins");
    let db = Database::open(database, &SCHEMA)?;
    let (posts, newest) = (i64::from(options.posts), i64::from(SMALL_POSTS));
    let next = AtomicI64::new(0);
    let vote = |post: &dyn Fn(i64) -> i64| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let (user_id, target) = (number % i64::from(USERS) + 1, Target::Post(PostId::new(post(number))));
        db.write(move |connection| {
            vote::sql::change(connection, UserId::new(user_id), target, Vote::Cast, Timestamp::from_micros(1))
        })
        .map(drop)
    };
    // No user votes twice for a post. The step has no common factor with the number of posts, so that votes for any
    // post spread over the whole table.
    let on_newest = |number: i64| posts - (number + number / i64::from(USERS)) % newest;
    let on_any = |number: i64| number * 7_919 % posts + 1;
    let duration = Duration::from_secs(options.seconds);
    let mut throughputs = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..options.rounds {
        throughputs[0].push(throughput(duration, || sign_in(&db))?);
        throughputs[1].push(throughput(duration, || vote(&on_newest))?);
        throughputs[2].push(throughput(duration, || vote(&on_any))?);
    }
    db.close()?;
    let [sign_ins, newest, any] = throughputs.map(median_or_nan);
    let row = |write: &str, throughput: f64, target: &str| {
        [write.to_owned(), grouped(throughput), format!("{:.2}", sign_ins / throughput), target.to_owned()]
    };
    let rows = [
        row("sign-in", sign_ins, &format::unknown()),
        row(&format!("vote for one of the newest {}", grouped(SMALL_POSTS.into())), newest, "2"),
        row("vote for any post", any, &format::unknown()),
    ];
    let writers = format!("writes/s, {WRITERS} threads");
    Ok(table(["write", &writers, "cost in sign-ins", "target, at most"], &rows))
}

/// The sign-in that each benchmarking call makes.
fn sign_in(db: &Database) -> Result<(), Error> {
    let (secret, created_at) = (Secret::random(), Timestamp::now());
    let write = move |connection: &Connection| {
        let user = user::sql::sign_in_random(connection, created_at)?;
        let user_id = user.map_or(UserId::new(1), |(user, _)| user.id);
        let new = NewSession { user_id, secret: &secret, ip_address: "::1", user_agent: "oha", created_at };
        session::sql::create(connection, &new)
    };
    db.write(write).map(drop)
}

/// How often per second all writers together run `write`.
fn throughput(duration: Duration, write: impl Fn() -> Result<(), Error> + Sync) -> Result<f64> {
    let (over, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        write()?;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        let waited = process::wait_for(2 * duration, || Ok((began.elapsed() >= duration).then_some(())));
        over.store(true, Ordering::Relaxed);
        let ended: Result<(), Error> =
            writers.into_iter().try_for_each(|writer| writer.join().unwrap_or(Ok(())));
        waited.and(ended.context("a writer failed"))
    })?;
    Ok(done.into_inner() as f64 / began.elapsed().as_secs_f64())
}
