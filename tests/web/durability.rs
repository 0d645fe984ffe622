//! Durability: an answered write is committed, and concurrent writes wait for each other only.
//! Failing disks and lost files are in tests/faults.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use lorem_news::site::hashing::HashMemory;
use lorem_news::user::password;
use rusqlite::Connection;

use crate::client::Client;
use crate::harness::{
    Answer, Program, Raw, Site, ask, assert_sound, eventually, folder, number, older_database, open, seeded,
    texts,
};

fn sessions(connection: &Connection) -> BTreeSet<i64> {
    let mut statement = connection.prepare("SELECT id FROM sessions").unwrap();
    let ids = statement.query_map([], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

/// Starts `clients` threads that each create a post at once.
fn writers(address: SocketAddr, clients: usize, done: &Arc<AtomicUsize>) -> Vec<thread::JoinHandle<Answer>> {
    (0..clients)
        .map(|_| {
            let done = Arc::clone(done);
            thread::spawn(move || {
                let answer = ask(address, "POST", "/benchmarking/post_create", &[]);
                done.fetch_add(1, Ordering::SeqCst);
                answer
            })
        })
        .collect()
}

#[test]
fn a_write_lock_of_another_process_delays_writes_and_loses_none() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let other = open(&database);
    other.execute_batch("BEGIN IMMEDIATE; UPDATE users SET last_seen_at = 1").unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let waiting = writers(program.address, 6, &done);
    let (began, mut reads) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(3) {
        for path in ["/", "/posts/1", "/users/1"] {
            assert_eq!(program.get(path).status, 200, "{path}");
            reads += 1;
        }
        assert_eq!(done.load(Ordering::SeqCst), 0, "a write was answered although the lock was held");
    }
    assert!(reads > 10, "only {reads} reads in three seconds");
    other.execute_batch("COMMIT").unwrap();
    for writer in waiting {
        assert_eq!(writer.join().unwrap().status, 200);
    }
    assert_eq!(sessions(&other).len(), 6);
    assert_sound(&other);
}

#[test]
fn a_write_lock_that_is_held_too_long_is_answered_with_503() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let other = open(&database);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let waiting = writers(program.address, 10, &done);
    // All wait at once. One after another they would take ten times five seconds.
    eventually("all are answered", || (done.load(Ordering::SeqCst) == 10).then_some(()));
    for writer in waiting {
        let answer = writer.join().unwrap();
        assert_eq!(answer.status, 503);
        assert!(answer.header("Retry-After").unwrap().parse::<u32>().unwrap() > 0);
        assert!(answer.text().contains("Nothing was changed. Please try again in a moment."));
        assert_eq!(answer.header("Set-Cookie"), None);
    }
    assert_eq!(program.get("/").status, 200);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(sessions(&other).len(), 0, "a refused write was made");
    assert_eq!(program.post("/benchmarking/post_create").status, 200);
    assert_eq!(sessions(&other).len(), 1);
    assert_sound(&other);
}

#[test]
fn many_concurrent_writers_lose_no_write() {
    const CLIENTS: usize = 50;
    const EACH: usize = 20;
    let site = Site::start();
    let together = Arc::new(Barrier::new(CLIENTS));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (mut raw, together) = (Raw::connect(site.address), Arc::clone(&together));
            thread::spawn(move || {
                together.wait();
                let write = |_| {
                    raw.ask("POST", "/benchmarking/post_create", &[]);
                    let answer = raw.answer();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    answer.session_id()
                };
                (0..EACH).map(write).collect::<Vec<i64>>()
            })
        })
        .collect();
    let mut given = BTreeSet::new();
    for client in clients {
        for id in client.join().unwrap() {
            assert!(given.insert(id), "{id} was given twice");
        }
    }
    let connection = site.database();
    assert_eq!(sessions(&connection), given);
    assert_eq!(number(&connection, "SELECT count(*) FROM posts") as usize, 20 + CLIENTS * EACH);
    assert_sound(&connection);
}

#[test]
fn a_database_of_the_first_schema_keeps_working() {
    let site = Site::with(0, |config| {
        let first = older_database(&config.database, 1);
        let hash = password::hash("password", &mut HashMemory::default()).expect("a hash");
        first
            .execute_batch(&format!(
                "INSERT INTO users (screen_name, created_at, updated_at, posts_count) VALUES ('Velit_000', 1, 1, 1);
                 INSERT INTO profiles (user_id, password_hash) VALUES (1, '{hash}');
                 INSERT INTO posts (user_id, created_at, updated_at, hotness, title) VALUES (1, 1, 1, 1, 'A title');
                 INSERT INTO descriptions (post_id, text) VALUES (1, 'A text');"
            ))
            .expect("the schema is known");
    });
    let client = Client::new(&site);
    assert_eq!(client.sign_in("velit_000").status, 303);
    assert_eq!(client.post("/posts/1/comments", &[("body", "It goes on")]).status, 303);
    assert_eq!(texts(&client.get("/posts/1").html(), "h1"), ["A title"]);
    assert_sound(&site.database());
}
