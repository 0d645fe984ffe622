//! The end: what was asked for is answered, nothing is lost, and it does not take long.

use std::thread;
use std::time::{Duration, Instant};

use lorem_news::server::{Drained, Options};
use rouille::Response;

use crate::harness::{Bare, PATIENCE, Program, Raw, assert_sound, eventually, folder, number, open, seeded};
use crate::limits::gated;

/// Posts comments one after the other until the server says that it ends; how many it answered.
fn comment_until_closed(raw: &mut Raw) -> usize {
    for answered in 0.. {
        raw.ask("POST", "/benchmarking/comment_create", &[("Content-Length", "0")]);
        let answer = raw.try_answer().unwrap_or_else(|error| {
            panic!("request {answered} was sent before any word of an end, and not answered: {error}")
        });
        assert_eq!(answer.status, 200);
        if answer.closes() {
            raw.assert_closed();
            return answered + 1;
        }
    }
    unreachable!()
}

#[test]
fn a_stop_under_load_answers_what_was_asked_and_keeps_what_was_answered() {
    for _ in 0..3 {
        let (folder, database) = folder();
        seeded(&database, 10);
        let before = number(&open(&database), "SELECT count(*) FROM comments");
        let mut program = Program::serve(&database, &[]);
        let address = program.address;
        let clients: Vec<_> =
            (0..8).map(|_| thread::spawn(move || comment_until_closed(&mut Raw::connect(address)))).collect();
        let watch = open(&database);
        eventually("they are at it", || {
            (number(&watch, "SELECT count(*) FROM sessions") > 200).then_some(())
        });
        drop(watch);
        program.signal("TERM");
        let answered: usize = clients.into_iter().map(|client| client.join().expect("all answered")).sum();
        assert_eq!(program.exit().code(), Some(0), "{}", program.log());
        assert!(!program.log().contains("WARN"), "{}", program.log());

        let wal = std::fs::metadata(folder.path().join("news.sqlite3-wal")).map_or(0, |file| file.len());
        assert_eq!(wal, 0, "the database is in one file");
        let database = open(&database);
        assert_sound(&database);
        let answered = i64::try_from(answered).expect("a small number");
        assert_eq!(number(&database, "SELECT count(*) FROM sessions"), answered);
        assert_eq!(number(&database, "SELECT count(*) FROM comments") - before, answered);
    }
}

#[test]
fn a_request_in_the_handler_is_finished() {
    let (server, entered, go) = gated(Options::default());
    let mut raw = server.connect();
    raw.ask("GET", "/slow", &[]);
    entered.recv_timeout(PATIENCE).expect("the request comes in");
    server.stopper.stop();
    // Whoever comes now is not served: the listener is gone.
    eventually("the listener is closed", || {
        std::net::TcpStream::connect(server.address).is_err().then_some(())
    });
    assert!(server.drained.try_recv().is_err(), "it waits for the request");
    go.send(()).expect("the handler waits");
    let answer = raw.answer();
    assert_eq!((answer.text(), answer.closes()), ("/slow", true));
    raw.assert_closed();
    assert_eq!(server.drained.recv_timeout(PATIENCE), Ok(Drained { cut: 0 }));
}

#[test]
fn a_body_on_its_way_is_waited_for() {
    let server = Bare::start(Options::default(), |_| Response::text("all there"));
    let mut raw = server.connect();
    raw.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n");
    assert_eq!(raw.answer().status, 100);
    server.stopper.stop();
    // A client on a slow line: two seconds for eight bytes.
    for _ in 0..8 {
        thread::sleep(Duration::from_millis(250));
        raw.send("x");
    }
    let answer = raw.answer();
    assert_eq!((answer.status, answer.text(), answer.closes()), (200, "all there", true));
    assert_eq!(server.drained.recv_timeout(PATIENCE), Ok(Drained { cut: 0 }));
}

#[test]
fn a_request_that_crosses_the_stop_is_answered() {
    let server = Bare::start(Options::default(), |request| Response::text(request.raw_url()));
    let mut clients: Vec<Raw> = (0..20).map(|_| server.connect()).collect();
    for raw in &mut clients {
        raw.ask("GET", "/before", &[]);
        assert_eq!(raw.answer().text(), "/before");
    }
    server.stopper.stop();
    for raw in &mut clients {
        raw.ask("GET", "/crossing", &[]);
    }
    for raw in &mut clients {
        let answer = raw.answer();
        assert_eq!((answer.text(), answer.closes()), ("/crossing", true));
        raw.assert_closed();
    }
    assert_eq!(server.drained.recv_timeout(PATIENCE), Ok(Drained { cut: 0 }));
}

#[test]
fn idle_and_slow_connections_do_not_delay_the_stop() {
    let server = Bare::start(Options::default(), |_| Response::text("served"));
    let mut clients: Vec<Raw> = (0..50).map(|_| server.connect()).collect();
    for (turn, raw) in clients.iter_mut().enumerate() {
        raw.ask("GET", "/", &[]);
        assert_eq!(raw.answer().text(), "served");
        if turn % 2 == 0 {
            raw.send("GET / HTTP/1.1\r\n");
        }
    }
    let began = Instant::now();
    server.stopper.stop();
    assert_eq!(server.drained.recv_timeout(PATIENCE), Ok(Drained { cut: 0 }));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn what_does_not_end_in_ten_seconds_is_cut() {
    let (server, entered, go) = gated(Options::default());
    let mut raw = server.connect();
    raw.ask("GET", "/endless", &[]);
    entered.recv_timeout(PATIENCE).expect("the request comes in");
    server.stopper.stop();
    assert_eq!(server.drained.recv_timeout(PATIENCE), Ok(Drained { cut: 1 }));
    assert!(raw.try_answer().is_err());
    drop(go);
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    let mut program = Program::serve(&database, &[]);
    let lock = open(&database);
    lock.execute_batch("BEGIN IMMEDIATE").expect("the lock is free");
    let mut raw = Raw::connect(program.address);
    raw.send("POST /benchmarking/post_create HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    assert_eq!(raw.answer().status, 100);
    raw.send("x");
    program.signal("TERM");
    program.await_log("stopping");
    let began = Instant::now();
    program.signal("INT");
    assert_eq!(program.exit().code(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(4), "it waited for the request: {:?}", began.elapsed());
}
