//! The databases that are compared: made in one transaction, in the order of their rows, with the indexes last.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use lorem_news::schema::SCHEMA;
use lorem_news::types::time::{DAY, Micros, now};
use lorem_news::{rank, search};
use lorem_store::Database;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, params};

use super::Options;
use crate::process::unless_signalled;
use crate::{Result, report};

/// Ten years.
const SPAN: Micros = 3_652 * DAY;
/// People in each.
pub const PEOPLE: u32 = 10_000;
/// Somebody who writes every so-many-th post and comment: in both databases more than a page of each.
pub const BUSY: i64 = 1;
const OF_BUSY: i64 = 25;
/// Comments on the post of the thread that is asked for in both databases.
const THREAD: u32 = 500;
/// Comments on each of the posts that are compared with each other, see [`SHAPES`].
pub const LONG_THREAD: u32 = 5_000;
/// A rare word is in so many titles.
const RARE: u32 = 50;

/// How long discussions may be shaped: the same comments, replying to nothing, to a random one, or each
/// to the one before it. Their posts have these numbers, in the large database.
pub const SHAPES: [(&str, i64); 3] = [("flat", 2), ("nested", 3), ("a chain", 4)];

/// The last comment of the chain, of a thread and the three discussions, which come first.
pub const END_OF_CHAIN: u32 = THREAD + LONG_THREAD * SHAPES.len() as u32;

/// Makes a database with so many posts, the newest of them from now, unless it is there. It has its name only when it
/// is whole.
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
    eprintln!("{} posts made in {}", report::grouped(posts.into()), report::duration(began.elapsed()));
    Ok(())
}

/// Makes such a database.
fn fill(path: &Path, posts: u32, options: &Options) -> Result<()> {
    let step = SPAN / i64::from(options.posts);
    at_once(path, |transaction| {
        let now = now();
        people(transaction, now)?;
        eprintln!("{} posts and their votes", report::grouped(posts.into()));
        let (voters, scores) = votes(posts, options.votes);
        without_indexes(transaction, "posts", || write_posts(transaction, posts, &scores, step, now))?;
        without_indexes(transaction, "post_votes", || cast(transaction, &voters, now))?;
        unless_signalled()?;
        eprintln!("their comments");
        let is_large = posts == options.posts;
        without_indexes(transaction, "comments", || {
            discussions(transaction, is_large, now)?;
            comments(transaction, posts, options.comments)
        })?;
        count(transaction)?;
        unless_signalled()?;
        eprintln!("the index of words");
        while search::sql::index_some(transaction)? {}
        Ok(())
    })
}

/// Opens a database, makes it if it is missing, and fills it in one transaction. It is thrown away in the end:
/// nothing has to survive a crash of this program.
pub fn at_once(path: &Path, fill: impl FnOnce(&Connection) -> Result<()>) -> Result<()> {
    Database::open(path, &SCHEMA)?.close()?;
    let mut connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000")?;
    let transaction = connection.transaction()?;
    fill(&transaction)?;
    transaction.commit()?;
    drop(connection);
    Ok(Database::open(path, &SCHEMA)?.close()?)
}

/// Fills a table, and makes its indexes afterwards: sorting once is far cheaper than finding each row's place.
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
        unless_signalled()?;
        connection.execute_batch(sql)?;
    }
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

/// Who wrote a post or comment: one row's author is nowhere near the next one's.
fn author(id: i64) -> i64 {
    if id % OF_BUSY == 0 { BUSY } else { id * 7_919 % i64::from(PEOPLE) + 1 }
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
                .filter(|&post| author(post.into()) != i64::from(user))
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
        let hotness = rank::hotness(score, created_at);
        insert.execute(params![id, author(id.into()), created_at, title, score, hotness])?;
        describe.execute(params![id, "A short text."])?;
    }
    Ok(())
}

fn cast(connection: &Connection, voters: &[BTreeSet<u32>], now: Micros) -> rusqlite::Result<()> {
    let mut insert = connection.prepare("INSERT INTO post_votes VALUES (?1, ?2, ?3)")?;
    for (user_id, post_ids) in (1_i64..).zip(voters) {
        for post_id in post_ids {
            insert.execute(params![user_id, post_id, now])?;
        }
    }
    Ok(())
}

/// The thread and, in the large database, the long discussions.
fn discussions(connection: &Connection, is_large: bool, now: Micros) -> rusqlite::Result<()> {
    let mut rng = StdRng::seed_from_u64(2024);
    let mut any = |id, first| (id > first && rng.random_bool(0.7)).then(|| rng.random_range(first..id));
    discuss(connection, 1, THREAD, now, &mut any)?;
    for (shape, post) in SHAPES.into_iter().filter(|_| is_large) {
        discuss(connection, post, LONG_THREAD, now, |id, first| match shape {
            "nested" => any(id, first),
            "a chain" => (id > first).then(|| id - 1),
            _ => None,
        })?;
    }
    Ok(())
}

/// The statement for a comment, which knows how deep it is.
const COMMENT: &str = "INSERT INTO comments \
    (id, post_id, user_id, parent_id, depth, created_at, updated_at, body) VALUES \
    (?1, ?2, ?3, ?4, coalesce((SELECT depth + 1 FROM comments WHERE id = ?4), 0), ?5, ?5, 'A remark.')";

/// Makes so many comments on a post. `parent` tells what a comment replies to, of its own number and
/// that of the first.
fn discuss(
    connection: &Connection,
    post: i64,
    number: u32,
    now: Micros,
    mut parent: impl FnMut(i64, i64) -> Option<i64>,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(COMMENT)?;
    let first = next_comment(connection)?;
    for id in first..first + i64::from(number) {
        insert.execute(params![id, post, id % i64::from(PEOPLE) + 1, parent(id, first), now + id - first])?;
    }
    connection.execute("UPDATE posts SET comments_count = ?1 WHERE id = ?2", params![number, post])?;
    Ok(())
}

fn next_comment(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM comments", [], |row| row.get(0))
}

/// So many comments on each post that has none, a second apart; every third answers the one before it.
fn comments(connection: &Connection, posts: u32, each: u32) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(COMMENT)?;
    let mut times =
        connection.prepare("SELECT created_at FROM posts WHERE id = ?1 AND comments_count = 0")?;
    let mut counted = connection.prepare("UPDATE posts SET comments_count = ?1 WHERE id = ?2")?;
    let mut id = next_comment(connection)?;
    for post in 1..=posts {
        let mut rows = times.query([post])?;
        let Some(row) = rows.next()? else { continue };
        let created_at: Micros = row.get(0)?;
        drop(rows);
        for number in 0..each {
            let parent = (number % 3 == 2).then(|| id - 1);
            let time = created_at + i64::from(number + 1) * 1_000_000;
            insert.execute(params![id, post, author(id), parent, time])?;
            id += 1;
        }
        counted.execute(params![each, post])?;
    }
    Ok(())
}

/// Everybody's counters.
fn count(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "UPDATE users SET
            comments_count = (SELECT count(*) FROM comments WHERE user_id = users.id),
            posts_count = (SELECT count(*) FROM posts WHERE user_id = users.id),
            karma = coalesce((SELECT sum(score - 1) FROM posts WHERE user_id = users.id), 0)",
    )
}
