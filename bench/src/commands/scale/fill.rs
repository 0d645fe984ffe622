//! The databases that are compared: made in one transaction, in the order of their rows, with the indexes last.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use lorem_news::schema::SCHEMA;
use lorem_news::types::time::Timestamp;
use lorem_news::{rank, search};
use lorem_store::Database;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, params};

use super::options::Options;
use crate::format;
use crate::process::{check_stop_signal, stop_requested};

/// The time over which the posts of the large database are spread: ten years.
const SPAN: Duration = Duration::from_hours(3_652 * 24);
/// Users in each database.
pub const USERS: u32 = 10_000;
/// The id of a user who wrote more than a page of posts and of comments in both databases.
pub const FREQUENT_AUTHOR: i64 = 1;
/// One post and one comment in this number is by [`FREQUENT_AUTHOR`].
const FREQUENCY: i64 = 25;
/// Comments on the post that is requested from both databases.
const THREAD: u32 = 500;
/// Comments in each of the [`THREADS`].
pub const LONG_THREAD: u32 = 5_000;
/// The number of titles that contain the same rare word.
const RARE: u32 = 50;

/// Long threads that differ in their shape, with the ids of their posts in the large database: each comment replies to
/// no other, to a random one, or to the one before it.
pub const THREADS: [(&str, i64); 3] = [("flat", 2), ("nested", 3), ("a chain", 4)];

/// The id of the last comment of the chain. The short thread and the long ones are the first to be made.
pub const END_OF_CHAIN: u32 = THREAD + LONG_THREAD * THREADS.len() as u32;

/// SQLite steps between two looks for a stop signal, see `sqlite3_progress_handler`.
const STEPS_PER_CHECK: i32 = 100_000;

/// Makes a database with `posts` posts, the newest of them from now, unless the file exists. The file gets its name
/// when it is complete.
pub fn make(path: &Path, posts: u32, options: &Options) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let began = Instant::now();
    let unfinished = path.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_file(&unfinished)?;
    }
    fill(&unfinished, posts, options)?;
    fs::rename(unfinished, path)?;
    eprintln!("{} posts made in {}", format::grouped(posts.into()), format::duration(began.elapsed()));
    Ok(())
}

fn fill(path: &Path, posts: u32, options: &Options) -> Result<()> {
    let step = SPAN / options.posts;
    in_one_transaction(path, |transaction| {
        let now = Timestamp::now();
        create_users(transaction, now)?;
        eprintln!("making {} posts and their votes", format::grouped(posts.into()));
        let (votes, scores) = draw_votes(posts, options.votes)?;
        without_indexes(transaction, "posts", || create_posts(transaction, posts, &scores, step, now))?;
        without_indexes(transaction, "post_votes", || create_votes(transaction, &votes, now))?;
        eprintln!("making their comments");
        let is_large = posts == options.posts;
        without_indexes(transaction, "comments", || {
            create_threads(transaction, is_large, now)?;
            create_comments(transaction, posts, options.comments)
        })?;
        count(transaction)?;
        eprintln!("making the index of words");
        while search::sql::index_step(transaction)? {}
        Ok(())
    })
}

/// Opens a database, creates it if it is missing, and fills it in one transaction. The database does not have to
/// survive a crash of this program. A stop signal interrupts each statement.
pub fn in_one_transaction(path: &Path, fill: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
    Database::open(path, &SCHEMA)?.close()?;
    let mut connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000")?;
    connection.progress_handler(STEPS_PER_CHECK, Some(stop_requested))?;
    let transaction = connection.transaction()?;
    fill(&transaction)?;
    transaction.commit()?;
    drop(connection);
    Ok(Database::open(path, &SCHEMA)?.close()?)
}

/// Fills a table, and creates its indexes afterwards: sorting once is far cheaper than finding each row's place.
pub fn without_indexes(
    connection: &Connection,
    table: &str,
    fill: impl FnOnce() -> rusqlite::Result<()>,
) -> Result<()> {
    let indexes: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL",
        )?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    fill()?;
    for (_, sql) in &indexes {
        connection.execute_batch(sql)?;
    }
    Ok(())
}

fn create_users(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO users (id, screen_name, folded_name, created_at, updated_at) VALUES (?1, ?2, ?2, ?3, ?3)",
    )?;
    let mut profile = connection.prepare("INSERT INTO profiles (user_id, password_hash) VALUES (?1, '')")?;
    for id in 1..=USERS {
        insert.execute(params![id, format!("user{id}"), now - SPAN])?;
        profile.execute([id])?;
    }
    Ok(())
}

/// The author of a post or comment. The ids of the authors of two neighbouring rows are far from each other.
fn author(id: i64) -> i64 {
    if id % FREQUENCY == 0 { FREQUENT_AUTHOR } else { id * 7_919 % i64::from(USERS) + 1 }
}

/// The posts that each user votes for, in the order of the users, and the score of each post by its id.
fn draw_votes(posts: u32, votes_per_post: u32) -> Result<(Vec<BTreeSet<u32>>, Vec<u32>)> {
    let mut rng = StdRng::seed_from_u64(2024);
    let mut scores = vec![1; posts as usize + 1];
    let per_user = (u64::from(posts) * u64::from(votes_per_post)).div_ceil(u64::from(USERS));
    let mut votes = Vec::new();
    for user in 1..=USERS {
        check_stop_signal()?;
        let chosen: BTreeSet<u32> = (0..per_user)
            .map(|_| {
                // The product of two random numbers: some posts get a hundred times the votes of others.
                let chance: f64 = rng.random::<f64>() * rng.random::<f64>();
                // The step has no common factor with the number of posts, so that popular posts are of all ages.
                let place = (chance * f64::from(posts)) as u64;
                (place * 7_919 % u64::from(posts)) as u32 + 1
            })
            // A post begins with its author's vote.
            .filter(|&post| author(post.into()) != i64::from(user))
            .collect();
        for &post in &chosen {
            scores[post as usize] += 1;
        }
        votes.push(chosen);
    }
    Ok((votes, scores))
}

fn create_posts(
    connection: &Connection,
    posts: u32,
    scores: &[u32],
    step: Duration,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO posts (id, user_id, created_at, updated_at, title, score, hotness) \
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)",
    )?;
    let mut describe = connection.prepare("INSERT INTO descriptions (post_id, text) VALUES (?1, ?2)")?;
    for id in 1..=posts {
        let created_at = now - step * (posts - id);
        let score = i64::from(scores[id as usize]);
        let title = format!("Title {id} common rare{:05}", id % (posts / RARE));
        let hotness = rank::hotness(score, created_at);
        insert.execute(params![id, author(id.into()), created_at, title, score, hotness])?;
        describe.execute(params![id, "A short text."])?;
    }
    Ok(())
}

fn create_votes(connection: &Connection, votes: &[BTreeSet<u32>], now: Timestamp) -> rusqlite::Result<()> {
    let mut insert = connection.prepare("INSERT INTO post_votes VALUES (?1, ?2, ?3)")?;
    for (user_id, post_ids) in (1_i64..).zip(votes) {
        for post_id in post_ids {
            insert.execute(params![user_id, post_id, now])?;
        }
    }
    Ok(())
}

/// The short thread and, in the large database, the [`THREADS`].
fn create_threads(connection: &Connection, is_large: bool, now: Timestamp) -> rusqlite::Result<()> {
    let mut rng = StdRng::seed_from_u64(2024);
    let mut any = |id, first| (id > first && rng.random_bool(0.7)).then(|| rng.random_range(first..id));
    create_thread(connection, 1, THREAD, now, &mut any)?;
    for (shape, post) in THREADS.into_iter().filter(|_| is_large) {
        create_thread(connection, post, LONG_THREAD, now, |id, first| match shape {
            "nested" => any(id, first),
            "a chain" => (id > first).then(|| id - 1),
            _ => None,
        })?;
    }
    Ok(())
}

/// Inserts a comment, one deeper than its parent.
const COMMENT: &str = "INSERT INTO comments \
    (id, post_id, user_id, parent_id, depth, created_at, updated_at, body) VALUES \
    (?1, ?2, ?3, ?4, coalesce((SELECT depth + 1 FROM comments WHERE id = ?4), 0), ?5, ?5, 'A remark.')";

/// Inserts `number` comments on a post. `parent` returns the id that a comment replies to, from the comment's own id and
/// the id of the thread's first comment.
fn create_thread(
    connection: &Connection,
    post: i64,
    number: u32,
    now: Timestamp,
    mut parent: impl FnMut(i64, i64) -> Option<i64>,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(COMMENT)?;
    let first = next_comment_id(connection)?;
    for (id, later) in (first..).zip(0..number) {
        let time = now + Duration::from_micros(later.into());
        insert.execute(params![id, post, id % i64::from(USERS) + 1, parent(id, first), time])?;
    }
    connection.execute("UPDATE posts SET comments_count = ?1 WHERE id = ?2", params![number, post])?;
    Ok(())
}

fn next_comment_id(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM comments", [], |row| row.get(0))
}

/// Inserts comments on each post that has none, a second apart. Each third comment replies to the one before it.
fn create_comments(connection: &Connection, posts: u32, per_post: u32) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(COMMENT)?;
    let mut times =
        connection.prepare("SELECT created_at FROM posts WHERE id = ?1 AND comments_count = 0")?;
    let mut counted = connection.prepare("UPDATE posts SET comments_count = ?1 WHERE id = ?2")?;
    let mut id = next_comment_id(connection)?;
    for post in 1..=posts {
        let mut rows = times.query([post])?;
        let Some(row) = rows.next()? else { continue };
        let created_at: Timestamp = row.get(0)?;
        drop(rows);
        for number in 0..per_post {
            let parent = (number % 3 == 2).then(|| id - 1);
            let time = created_at + Duration::from_secs(u64::from(number) + 1);
            insert.execute(params![id, post, author(id), parent, time])?;
            id += 1;
        }
        counted.execute(params![per_post, post])?;
    }
    Ok(())
}

/// Sets the counters of all users.
fn count(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "UPDATE users SET
            comments_count = (SELECT count(*) FROM comments WHERE user_id = users.id),
            posts_count = (SELECT count(*) FROM posts WHERE user_id = users.id),
            karma = coalesce((SELECT sum(score - 1) FROM posts WHERE user_id = users.id), 0)",
    )
}
