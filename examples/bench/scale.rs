//! `bin/bench scale`: whether pages and votes cost the same with a million posts as with a thousand.
//!
//! Two databases are made, the small one with the newest posts of the large one, so that both have as
//! many posts a day and their pages as many rows. A server is started on each, and each page is asked
//! for by turns: what one sees of a noisy machine the other sees as well. Then the writer is given
//! sign-ins and votes by turns, without HTTP.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use lorem_news::db::Db;
use lorem_news::search;
use lorem_news::session::{self, NewSession, Secret};
use lorem_news::ui::time::{DAY, Micros, now};
use lorem_news::vote::{self, Target, Vote};
use lorem_news::{rank, user};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, params};

use crate::load::{self, Much};
use crate::report::middle;
use crate::server::{self, Build, Server};
use crate::{Result, database, process};

/// Compare a large database with a small one
#[derive(Args, Debug)]
pub struct Options {
    /// Posts in the large database, made over ten years
    #[arg(long, default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u32).range(10_000..))]
    posts: u32,
    /// Votes a post, on average
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    votes: u32,
    /// How long a page is asked for in a turn
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How often each has its turn
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Keep the databases in this folder; those that are there are used again, whatever their sizes are
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// Posts in the small database.
const SMALL: u32 = 1_000;
/// Ten years.
const SPAN: Micros = 3_652 * DAY;
/// People in each.
const PEOPLE: u32 = 10_000;
/// Comments on the post of the page that is asked for in both databases.
const THREAD: u32 = 500;
/// Comments on each of the posts that are compared with each other, see [`SHAPES`].
const LONG_THREAD: u32 = 5_000;
/// A rare word is in so many titles.
const RARE: u32 = 50;
/// Clients that ask at once: enough to keep the server busy, few enough that they do not wait for each other.
const CLIENTS: u64 = 4;
/// Writers at once, as in the ten endpoints' runs.
const WRITERS: usize = 20;

/// What is asked for, and what it is called.
const PAGES: [(&str, &str); 8] = [
    ("front page", "/"),
    ("newest posts", "/posts"),
    ("best of the day", "/best/day"),
    ("best of the week", "/best/week"),
    ("best of all time", "/best/all"),
    ("a thread", "/posts/1"),
    ("search for rare words", "/search?q=rare00007"),
    ("search for a common word", "/search?q=common"),
];

/// How long discussions may be shaped: the same comments, replying to nothing, to a random one, or each
/// to the one before it. Their posts have these numbers.
const SHAPES: [(&str, i64); 3] = [("flat", 2), ("nested", 3), ("a chain", 4)];

/// Makes both databases, times pages and writes, and prints the ratios.
pub fn run(options: &Options) -> Result<()> {
    // Beside the build, not in /tmp: that is often kept in memory.
    let passing = tempfile::tempdir_in(server::build_folder(Build::Release)?)?;
    let folder = options.keep.as_deref().unwrap_or(passing.path());
    let (small, large) = (folder.join("small"), folder.join("large"));
    for (path, posts) in [(&small, SMALL), (&large, options.posts)] {
        if path.join(database::NAME).exists() {
            continue;
        }
        std::fs::create_dir_all(path)?;
        let began = Instant::now();
        fill(&path.join(database::NAME), posts, options)?;
        eprintln!("{posts} posts made in {:.0} s", began.elapsed().as_secs_f32());
    }
    println!("| what | with {SMALL} | with {} | ratio |\n|---|---:|---:|---:|", options.posts);
    pages(&small, &large, options)?;
    shapes(&large, options)?;
    writes(&large.join(database::NAME), options)
}

/// By turns.
fn pages(small: &Path, large: &Path, options: &Options) -> Result<()> {
    let servers = [Server::serve(small)?, Server::serve(large)?];
    for (what, path) in PAGES {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..options.rounds {
            for (server, times) in servers.iter().zip(&mut times) {
                times.push(time(server, path, options, small)?);
            }
        }
        let [small, large] = times.map(middle);
        println!("| {what} (`{path}`) | {small:.2} ms | {large:.2} ms | {:.2} |", large / small);
    }
    for server in servers {
        server.stop()?;
    }
    Ok(())
}

/// Milliseconds of a client between asking for a page and having it.
fn time(server: &Server, path: &str, options: &Options, folder: &Path) -> Result<f64> {
    let url = format!("{}{path}", server.url());
    let answers = load::get(&url, CLIENTS, &Much::Seconds(options.seconds), folder)?;
    if !answers.others.is_empty() {
        return Err(format!("{path}: {:?}", answers.others).into());
    }
    Ok(1000.0 * CLIENTS as f64 / answers.per_second)
}

/// The first page of each long discussion, and that of the comment at the end of the chain, by turns.
fn shapes(large: &Path, options: &Options) -> Result<()> {
    let end = THREAD + LONG_THREAD * SHAPES.len() as u32;
    let mut pages: Vec<(&str, String, Vec<f64>)> =
        SHAPES.iter().map(|(name, post)| (*name, format!("/posts/{post}"), Vec::new())).collect();
    pages.push(("the end of the chain", format!("/comments/{end}"), Vec::new()));
    let server = Server::serve(large)?;
    for _ in 0..options.rounds {
        for (_, path, times) in &mut pages {
            times.push(time(&server, path, options, large)?);
        }
    }
    server.stop()?;
    println!("\n| {LONG_THREAD} comments | a page | beside flat |\n|---|---:|---:|");
    let flat = pages.first().map_or(f64::NAN, |(.., times)| middle(times.clone()));
    for (name, path, times) in pages {
        let page = middle(times);
        println!("| {name} (`{path}`) | {page:.2} ms | {:.2} |", page / flat);
    }
    Ok(())
}

/// What a vote costs the writer, by turns with the sign-in that each benchmarking call makes: for one of
/// the newest posts, where nearly all votes go, and for any post of all.
fn writes(database: &Path, options: &Options) -> Result<()> {
    let db = Db::open(database)?;
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
    println!("\n| write | a second, from {WRITERS} threads | costs sign-ins |\n|---|---:|---:|");
    println!("| sign-in | {sign_ins:.0} | 1 |");
    println!("| vote for one of the newest {SMALL} posts | {newest:.0} | {:.2} |", sign_ins / newest);
    println!("| vote for any post | {any:.0} | {:.2} |", sign_ins / any);
    Ok(())
}

/// As each benchmarking call makes it.
fn sign_in(db: &Db) -> std::result::Result<(), lorem_news::db::Error> {
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
fn rate(
    duration: Duration,
    work: impl Fn() -> std::result::Result<(), lorem_news::db::Error> + Sync,
) -> Result<f64> {
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
        let ended: std::result::Result<(), lorem_news::db::Error> =
            writers.into_iter().try_for_each(|writer| writer.join().unwrap_or(Ok(())));
        waited.map_err(|error| error.to_string()).and(ended.map_err(|error| error.to_string()))
    });
    failed?;
    Ok(done.into_inner() as f64 / began.elapsed().as_secs_f64())
}

/// Makes a database with the newest `posts` of those that the large one has.
fn fill(path: &PathBuf, posts: u32, options: &Options) -> Result<()> {
    Db::open(path)?.close()?;
    let mut connection = Connection::open(path)?;
    // It is thrown away: nothing has to survive a crash of this program.
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000")?;
    let now = now();
    let transaction = connection.transaction()?;
    people(&transaction, now)?;
    let (voters, scores) = votes(posts, options.votes);
    write_posts(&transaction, posts, &scores, SPAN / i64::from(options.posts), now)?;
    transaction.execute_batch("DROP INDEX votes_of_post")?;
    {
        let mut insert = transaction.prepare("INSERT INTO post_votes VALUES (?1, ?2, ?3)")?;
        for (user_id, post_ids) in (1_i64..).zip(&voters) {
            for post_id in post_ids {
                insert.execute(params![user_id, post_id, now])?;
            }
        }
    }
    transaction.execute_batch("CREATE INDEX votes_of_post ON post_votes (post_id)")?;
    comments(&transaction, posts, now)?;
    while search::sql::index_some(&transaction)? {}
    transaction.commit()?;
    Db::open(path)?.close()?;
    Ok(())
}

fn people(connection: &Connection, now: Micros) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO users (id, screen_name, folded_name, created_at, updated_at) VALUES (?1, ?2, ?2, ?3, ?3)",
    )?;
    let mut profile = connection.prepare("INSERT INTO profiles (user_id, password_hash) VALUES (?1, '')")?;
    for id in 1..=PEOPLE {
        insert.execute(params![id, format!("user{id}"), now - SPAN])?;
        profile.execute([id])?;
    }
    Ok(())
}

/// For whom everybody votes, in order, and the score of each post.
fn votes(posts: u32, each: u32) -> (Vec<BTreeSet<u32>>, Vec<u32>) {
    let mut rng = StdRng::seed_from_u64(2024);
    let mut scores = vec![1; posts as usize + 1];
    let number = (u64::from(posts) * u64::from(each)).div_ceil(u64::from(PEOPLE));
    let voters = (1..=PEOPLE)
        .map(|user| {
            let chosen: BTreeSet<u32> = (0..number)
                .map(|_| {
                    // The product of two chances: some posts have a hundred times the votes of others.
                    let chance: f64 = rng.random::<f64>() * rng.random::<f64>();
                    // Spread over all ages by a step that has no factor with the number of posts.
                    let place = (chance * f64::from(posts)) as u64;
                    (place * 7_919 % u64::from(posts)) as u32 + 1
                })
                // One's own post has one's voice already.
                .filter(|post| post % PEOPLE + 1 != user)
                .collect();
            for &post in &chosen {
                scores[post as usize] += 1;
            }
            chosen
        })
        .collect();
    (voters, scores)
}

fn write_posts(
    connection: &Connection,
    posts: u32,
    scores: &[u32],
    step: Micros,
    now: Micros,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO posts (id, user_id, created_at, updated_at, title, score, hotness) \
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)",
    )?;
    let mut describe = connection.prepare("INSERT INTO descriptions (post_id, text) VALUES (?1, ?2)")?;
    for id in 1..=posts {
        let created_at = now - step * i64::from(posts - id);
        let score = i64::from(scores[id as usize]);
        let title = format!("Title {id} common rare{:05}", id % (posts / RARE));
        insert.execute(params![
            id,
            id % PEOPLE + 1,
            created_at,
            title,
            score,
            rank::hotness(score, created_at)
        ])?;
        describe.execute(params![id, "A short text."])?;
    }
    Ok(())
}

/// The discussions, and the counters.
fn comments(connection: &Connection, posts: u32, now: Micros) -> rusqlite::Result<()> {
    let mut rng = StdRng::seed_from_u64(2024);
    let mut any = |id, first| (id > first && rng.random_bool(0.7)).then(|| rng.random_range(first..id));
    discuss(connection, 1, THREAD, now, &mut any)?;
    for (shape, post) in SHAPES {
        discuss(connection, post, LONG_THREAD, now, |id, first| match shape {
            "nested" => any(id, first),
            "a chain" => (id > first).then(|| id - 1),
            _ => None,
        })?;
    }
    connection.execute(
        "UPDATE users SET comments_count = (SELECT count(*) FROM comments WHERE user_id = users.id), \
         posts_count = (SELECT count(*) FROM posts WHERE user_id = users.id)",
        [],
    )?;
    connection.execute(
        "UPDATE users SET karma = coalesce((SELECT sum(score - 1) FROM posts WHERE user_id = users.id AND id <= ?1), 0)",
        [posts],
    )?;
    Ok(())
}

/// Makes so many comments on a post. `parent` tells what a comment replies to, of its own number and
/// that of the first.
fn discuss(
    connection: &Connection,
    post: i64,
    number: u32,
    now: Micros,
    mut parent: impl FnMut(i64, i64) -> Option<i64>,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO comments (id, post_id, user_id, parent_id, depth, created_at, updated_at, body) \
         VALUES (?1, ?2, ?3, ?4, coalesce((SELECT depth + 1 FROM comments WHERE id = ?4), 0), ?5, ?5, 'A remark.')",
    )?;
    let first: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM comments", [], |row| row.get(0))?;
    for id in first..first + i64::from(number) {
        insert.execute(params![id, post, id % i64::from(PEOPLE) + 1, parent(id, first), now + id - first])?;
    }
    connection.execute("UPDATE posts SET comments_count = ?1 WHERE id = ?2", params![number, post])?;
    Ok(())
}
