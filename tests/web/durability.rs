//! What was answered is on disk, whatever happens next.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Program, Raw, assert_sound, eventually, folder, number, open, seeded, texts};

#[test]
fn what_was_answered_survives_a_kill_in_the_middle_of_writing() {
    let (_folder, database) = folder();
    seeded(&database, 5);
    // The second round begins with the WAL that the first has left.
    let mut answered: HashMap<i64, String> = HashMap::new();
    for round in 1..=3 {
        let mut program = Program::serve(&database, &[]);
        let address = program.address;
        let answers = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut raw = Raw::connect(address);
                    loop {
                        let request = "POST /benchmarking/post_create HTTP/1.1\r\nHost: a\r\n\r\n";
                        let Ok(answer) = raw.try_send(request).and_then(|()| raw.try_answer()) else {
                            return;
                        };
                        assert_eq!(answer.status, 200);
                        let title = texts(&answer.html(), "h1").remove(0);
                        answers.lock().expect("held for a moment").push((answer.session_id(), title));
                    }
                });
            }
            eventually("they are at it", || {
                (answers.lock().expect("held for a moment").len() > 100).then_some(())
            });
            program.kill();
        });
        let answers = answers.into_inner().expect("everybody has finished");
        let number_of_answers = answers.len();
        let before = answered.len();
        answered.extend(answers);
        assert_eq!(answered.len() - before, number_of_answers, "a session's number was given twice");

        let database = open(&database);
        assert_sound(&database);
        let mut session = database.prepare("SELECT count(*) FROM sessions WHERE id = ?1").expect("SQL");
        let mut post = database.prepare("SELECT count(*) FROM posts WHERE title = ?1").expect("SQL");
        for (id, title) in &answered {
            let found: i64 = session.query_row([id], |row| row.get(0)).expect("a number");
            assert_eq!(found, 1, "round {round}: session {id} was answered and is lost");
            let found: i64 = post.query_row([title], |row| row.get(0)).expect("a number");
            assert_eq!(found, 1, "round {round}: {title} was answered and is lost");
        }
    }
    let program = Program::serve(&database, &[]);
    assert_eq!(program.get("/").status, 200);
}

#[test]
fn another_programs_lock_delays_writes_and_loses_none() {
    let (_folder, database) = folder();
    seeded(&database, 5);
    let program = Program::serve(&database, &[]);
    let address = program.address;
    let other = open(&database);
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock is free");
    let released = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let answer = crate::harness::ask(address, "POST", "/benchmarking/comment_create", &[]);
                    assert!(released.load(Ordering::SeqCst), "it was answered before it could be written");
                    answer.status
                })
            })
            .collect();
        // Three seconds of somebody else's work. Reading goes on meanwhile.
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(3) {
            assert_eq!(program.get("/posts").status, 200);
            thread::sleep(Duration::from_millis(50));
        }
        released.store(true, Ordering::SeqCst);
        other.execute_batch("COMMIT").expect("the lock is ours");
        for client in clients {
            assert_eq!(client.join().expect("an answer"), 200);
        }
    });
    assert_eq!(number(&other, "SELECT count(*) FROM sessions"), 6);
    assert_sound(&other);
}

#[test]
fn a_lock_held_too_long_is_503_for_all_who_wait_and_then_all_is_well_again() {
    let (_folder, database) = folder();
    seeded(&database, 5);
    let program = Program::serve(&database, &[]);
    let other = open(&database);
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock is free");
    let began = Instant::now();
    thread::scope(|scope| {
        let clients: Vec<_> =
            (0..6).map(|_| scope.spawn(|| program.post("/benchmarking/post_create"))).collect();
        for client in clients {
            let answer = client.join().expect("an answer");
            assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("2")));
            assert_eq!(texts(&answer.html(), "h1"), ["We're a little busy."]);
        }
    });
    // One wait of five seconds for all, not one each; two if some came after the first had begun.
    assert!(began.elapsed() < Duration::from_secs(14), "{:?}", began.elapsed());
    other.execute_batch("COMMIT").expect("the lock is ours");
    assert_eq!(number(&other, "SELECT count(*) FROM sessions"), 0);
    assert_eq!(program.post("/benchmarking/post_create").status, 200);
    assert_eq!(number(&other, "SELECT count(*) FROM sessions"), 1);
    assert_sound(&other);
}
