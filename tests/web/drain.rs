//! Graceful shutdown: requests under way are answered, then their connections are closed.

use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use lorem_http::{Drained, Options, Server};
use rouille::{Request, Response};

use crate::harness::{
    BareServer, Program, Raw, TIMEOUT, assert_sound, eventually, folder, number, open, seeded,
};

/// No connection was aborted.
const PEACE: Drained = Drained { aborted: 0 };

/// A server whose handler reports that it has begun, waits for a message to go on, and answers with the
/// path and the length of the body.
fn patient() -> (BareServer, Receiver<()>, Sender<()>) {
    let (begun, began) = channel();
    let (go_on, word) = channel();
    let word = Mutex::new(word);
    let bare = BareServer::start(Options::default(), move |request: &Request| {
        begun.send(()).unwrap();
        word.lock().unwrap().recv().unwrap();
        echo(request)
    });
    (bare, began, go_on)
}

fn echo(request: &Request) -> Response {
    let mut body = Vec::new();
    std::io::Read::read_to_end(&mut request.data().unwrap(), &mut body).unwrap();
    Response::text(format!("{} {}", request.url(), body.len()))
}

fn drained(bare: &BareServer) -> Drained {
    bare.drained.recv_timeout(TIMEOUT).expect("the server ends")
}

/// Waits until the server has closed its listener.
fn wait_until_deaf(bare: &BareServer) {
    eventually("new connections are refused", || TcpStream::connect(bare.address).is_err().then_some(()));
}

fn assert_no_wal(database: &Path) {
    let wal = database.with_extension("sqlite3-wal");
    let left = std::fs::metadata(wal).map_or(0, |file| file.len());
    assert_eq!(left, 0, "bytes are left in the WAL");
}

/// Sends request after request until the server announces the last answer. Counts those with status 200.
fn closed_loop(mut raw: Raw, answered: &AtomicI64) {
    loop {
        raw.ask("POST", "/benchmarking/comment_create", &[]);
        let answer = raw.try_answer().expect("no answer has announced that the connection closes");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answered.fetch_add(1, Ordering::SeqCst);
        if answer.closes() {
            return raw.assert_closed();
        }
    }
}

#[test]
fn a_stop_under_load_answers_every_request_and_leaves_a_whole_database() {
    for round in 1..=4 {
        let (_folder, database) = folder();
        seeded(&database, 10);
        let mut program = Program::serve(&database, &[]);
        let answered = Arc::new(AtomicI64::new(0));
        let clients: Vec<_> = (0..20)
            .map(|_| {
                let (raw, answered) = (Raw::connect(program.address), Arc::clone(&answered));
                thread::spawn(move || closed_loop(raw, &answered))
            })
            .collect();
        eventually("the load is on", || (answered.load(Ordering::SeqCst) > 100 * round).then_some(()));
        program.signal("TERM");
        for client in clients {
            client.join().unwrap_or_else(|_| panic!("round {round}: a client got no answer"));
        }
        assert_eq!(program.exit().code(), Some(0), "{}", program.log());
        assert_no_wal(&database);
        let connection = open(&database);
        assert_sound(&connection);
        let answered = answered.load(Ordering::SeqCst);
        assert_eq!(number(&connection, "SELECT count(*) FROM sessions"), answered);
        assert_eq!(
            number(&connection, "SELECT count(*) FROM comments WHERE body LIKE 'Comment ________-%'"),
            answered
        );
    }
}

#[test]
fn an_interrupt_stops_the_program_as_a_termination_does() {
    let (_folder, database) = folder();
    let mut program = Program::serve(&database, &[]);
    assert_eq!(program.get("/").status, 200);
    program.signal("INT");
    assert_eq!(program.exit().code(), Some(0), "{}", program.log());
    assert_no_wal(&database);
}

#[test]
fn a_request_in_its_handler_is_finished() {
    let (bare, began, go_on) = patient();
    let mut raw = bare.connect();
    raw.ask("GET", "/slow", &[]);
    began.recv_timeout(TIMEOUT).unwrap();
    bare.stopper.stop();
    wait_until_deaf(&bare);
    assert!(bare.drained.try_recv().is_err(), "the server did not wait for the request");
    go_on.send(()).unwrap();
    let answer = raw.answer();
    assert_eq!((answer.status, answer.text()), (200, "/slow 0"));
    assert!(answer.closes());
    raw.assert_closed();
    assert_eq!(drained(&bare), PEACE);
}

/// A client that has announced a body of `length` bytes and received 100 Continue.
fn invited(bare: &BareServer, length: usize) -> Raw {
    let mut raw = bare.connect();
    raw.send(format!(
        "POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    ));
    assert_eq!(raw.answer().status, 100);
    raw
}

/// Panics unless the answer has this text, and the server then ends without aborting a connection.
fn assert_answered_last(bare: &BareServer, raw: &mut Raw, text: &str) {
    let answer = raw.answer();
    assert_eq!((answer.status, answer.text()), (200, text));
    assert!(answer.closes());
    assert_eq!(drained(bare), PEACE);
}

#[test]
fn the_server_waits_for_a_body_that_is_arriving() {
    let bare = BareServer::start(Options::default(), echo);
    let mut raw = invited(&bare, 10);
    raw.send("01234");
    bare.stopper.stop();
    wait_until_deaf(&bare);
    raw.send("56789");
    assert_answered_last(&bare, &mut raw, "/form 10");
}

#[test]
fn the_server_waits_for_a_head_that_is_arriving() {
    let bare = BareServer::start(Options::default(), echo);
    let mut used = bare.connect();
    used.ask("GET", "/first", &[]);
    assert!(!used.answer().closes());
    let mut new = bare.connect();
    for raw in [&mut used, &mut new] {
        raw.send("POST /form HTTP/1.1\r\nHost: x\r\nContent-Le");
    }
    bare.stopper.stop();
    for raw in [&mut used, &mut new] {
        raw.send("ngth: 3\r\n\r\nabc");
        let answer = raw.answer();
        assert_eq!((answer.status, answer.text()), (200, "/form 3"));
        assert!(answer.closes());
        raw.assert_closed();
    }
    assert_eq!(drained(&bare), PEACE);
}

#[test]
fn idle_connections_are_closed_and_do_not_delay_the_stop() {
    let bare = BareServer::start(Options::default(), echo);
    let mut idle: Vec<Raw> = (0..20).map(|_| bare.connect()).collect();
    for raw in idle.iter_mut().take(10) {
        raw.ask("GET", "/", &[]);
        assert_eq!(raw.answer().status, 200);
    }
    bare.stopper.stop();
    let end = bare.drained.recv_timeout(Duration::from_secs(5)).expect("idle connections delay the stop");
    assert_eq!(end, PEACE);
    for raw in &mut idle {
        raw.assert_closed();
    }
}

#[test]
fn connections_in_the_backlog_are_served() {
    let server = Server::bind("127.0.0.1:0", Options::default()).unwrap();
    let (address, stopper) = (server.address(), server.stopper());
    let mut early = Raw::connect(address);
    early.ask("GET", "/early", &[]);
    let mut late = Raw::connect(address);
    stopper.stop();
    let running = thread::spawn(move || server.run(echo));
    late.ask("GET", "/late", &[]);
    for (raw, text) in [(&mut early, "/early 0"), (&mut late, "/late 0")] {
        let answer = raw.answer();
        assert_eq!((answer.status, answer.text()), (200, text));
        assert!(answer.closes());
        raw.assert_closed();
    }
    assert_eq!(running.join().unwrap(), PEACE);
}

#[test]
fn requests_that_were_pipelined_before_the_stop_are_answered() {
    let (bare, began, go_on) = patient();
    let mut raw = bare.connect();
    let first = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
    let second = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
    // The first two arrive together, the last when the first is in its handler.
    raw.send([first, second].concat());
    began.recv_timeout(TIMEOUT).unwrap();
    raw.send("GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
    bare.stopper.stop();
    wait_until_deaf(&bare);
    for _ in 0..3 {
        go_on.send(()).unwrap();
    }
    for (text, closes) in [("/1 0", false), ("/2 4", false), ("/3 0", true)] {
        let answer = raw.answer();
        assert_eq!((answer.status, answer.text(), answer.closes()), (200, text, closes));
    }
    raw.assert_closed();
    assert_eq!(drained(&bare), PEACE);
}

#[test]
fn stopping_is_idempotent() {
    let bare = BareServer::start(Options::default(), echo);
    bare.stopper.stop();
    bare.stopper.clone().stop();
    assert_eq!(drained(&bare), PEACE);
    bare.stopper.stop();
}

#[test]
fn a_second_signal_ends_the_program_although_a_request_hangs() {
    let (_folder, database) = folder();
    let mut program = Program::serve(&database, &[]);
    let mut raw = Raw::connect(program.address);
    raw.send("POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(raw.answer().status, 100);
    raw.send("half");
    program.signal("TERM");
    eventually("the stop is logged", || program.log().contains("stopping").then_some(()));
    program.signal("TERM");
    assert_eq!(program.exit().code(), Some(1));
    assert!(program.log().contains("stopped at once"), "{}", program.log());
    assert!(!program.log().contains("unfinished"), "the program waited for the request: {}", program.log());
    // As after a crash, nothing is lost.
    assert_eq!(Program::serve(&database, &[]).get("/").status, 200);
}

#[test]
fn a_body_that_never_arrives_does_not_make_the_stop_fail() {
    let (_folder, database) = folder();
    let mut program = Program::serve(&database, &[]);
    let mut raw = Raw::connect(program.address);
    raw.send("POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(raw.answer().status, 100);
    raw.send("half");
    program.signal("TERM");
    assert_eq!(program.exit().code(), Some(0), "{}", program.log());
    assert_no_wal(&database);
}

#[test]
fn a_slow_body_has_its_time_although_the_server_stops() {
    let bare = BareServer::start(Options::default(), echo);
    let mut raw = invited(&bare, 8);
    bare.stopper.stop();
    // Longer than the server waits for connections without a request.
    for _ in 0..8 {
        thread::sleep(Duration::from_millis(200));
        raw.send("x");
    }
    assert_answered_last(&bare, &mut raw, "/form 8");
}

#[test]
fn requests_that_cross_the_stop_are_answered() {
    let bare = BareServer::start(Options::default(), echo);
    let mut clients: Vec<Raw> = (0..20).map(|_| bare.connect()).collect();
    for raw in &mut clients {
        raw.ask("GET", "/before", &[]);
        assert_eq!(raw.answer().text(), "/before 0");
    }
    bare.stopper.stop();
    for raw in &mut clients {
        raw.ask("GET", "/crossing", &[]);
    }
    for raw in &mut clients {
        let answer = raw.answer();
        assert_eq!((answer.text(), answer.closes()), ("/crossing 0", true));
        raw.assert_closed();
    }
    assert_eq!(drained(&bare), PEACE);
}

#[test]
fn a_request_that_does_not_end_in_ten_seconds_is_aborted() {
    let (bare, began, go_on) = patient();
    let mut raw = bare.connect();
    raw.ask("GET", "/endless", &[]);
    began.recv_timeout(TIMEOUT).unwrap();
    bare.stopper.stop();
    assert_eq!(drained(&bare), Drained { aborted: 1 });
    assert!(raw.try_answer().is_err(), "an aborted request is answered");
    go_on.send(()).unwrap();
}
