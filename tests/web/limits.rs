//! Connection limits and timeouts: one client must not keep the others out.

use std::io::Write;
use std::net::TcpStream;
use std::panic::AssertUnwindSafe;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, atomic::AtomicBool, atomic::Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lorem_http::{Limits, Options};
use rouille::Response;

use crate::harness::{BareServer, Program, Raw, TIMEOUT, eventually, folder, seeded};

/// Long enough that no test reaches it by accident.
const LONG: Duration = Duration::from_secs(600);

fn options(change: impl FnOnce(&mut Limits)) -> Options {
    let mut limits = Limits {
        max_connections: 100,
        connections_per_address: None,
        head_timeout: LONG,
        body_timeout: LONG,
        idle_timeout: LONG,
        idle_timeout_when_scarce: LONG,
    };
    change(&mut limits);
    Options { limits, ..Options::default() }
}

/// A server that answers with the path.
fn bare(change: impl FnOnce(&mut Limits)) -> BareServer {
    BareServer::start(options(change), |request| Response::text(request.raw_url()))
}

/// A server whose requests wait in the handler. It reports each request that arrives; each message sent
/// releases one.
pub fn gated(options: Options) -> (BareServer, Receiver<()>, Sender<()>) {
    let (came_in, entered) = channel();
    let (go, gate) = channel();
    let gate = Mutex::new(gate);
    let server = BareServer::start(options, move |request| {
        came_in.send(()).expect("the test listens");
        // The gate opens when the test has ended.
        let _ = gate.lock().expect("no holder of the lock panics").recv();
        Response::text(request.raw_url())
    });
    (server, entered, go)
}

/// Waits 50 ms, so that later events are later by the server's clock too, even if one of its threads is
/// delayed.
fn tick() {
    let began = Instant::now();
    eventually("the clock goes on", || (began.elapsed() > Duration::from_millis(50)).then_some(()));
}

fn assert_serves(raw: &mut Raw, path: &str) {
    raw.ask("GET", path, &[]);
    assert_eq!(raw.answer().text(), path);
}

#[test]
fn all_are_served_while_idle_and_slow_clients_take_every_connection() {
    rlimit::increase_nofile_limit(8192).expect("this process may open files");
    let (_folder, database) = folder();
    seeded(&database, 20);
    let program = Program::serve(&database, &["--max-connections", "1024"]);
    let address = program.address;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (ready, all_there) = channel();
        let (is_over, idle_ready, slow_ready) = (&over, ready.clone(), ready);
        scope.spawn(move || {
            let _idle: Vec<TcpStream> = (0..2_000).filter_map(|_| TcpStream::connect(address).ok()).collect();
            idle_ready.send(()).expect("the test waits for it");
            eventually("the test is over", || is_over.load(Ordering::SeqCst).then_some(()));
        });
        scope.spawn(move || {
            let connect = || {
                let mut slow = TcpStream::connect(address).ok()?;
                slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").ok().map(|()| slow)
            };
            let mut slow: Vec<Option<TcpStream>> = (0..300).map(|_| connect()).collect();
            slow_ready.send(()).expect("the test waits for it");
            while !is_over.load(Ordering::SeqCst) {
                // A byte now and then; a client that was closed for a new connection connects again.
                for client in &mut slow {
                    if client.as_mut().is_none_or(|client| client.write_all(b"x").is_err()) {
                        *client = connect();
                    }
                }
                thread::sleep(Duration::from_millis(50));
            }
        });
        // The two threads end even if the test panics.
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
            (0..2).for_each(|_| all_there.recv_timeout(TIMEOUT).expect("all connect"));
            // The system has accepted the connections. After this answer the server has accepted them, too.
            assert_eq!(program.get("/").status, 200);
            let mut kept = Raw::connect(address);
            for turn in 0..40 {
                let began = Instant::now();
                assert_eq!(program.get("/").status, 200);
                kept.ask("GET", "/posts/1", &[]);
                assert_eq!(kept.answer().status, 200);
                assert!(began.elapsed() < Duration::from_secs(5), "turn {turn}: {:?}", began.elapsed());
            }
        }));
        over.store(true, Ordering::SeqCst);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

#[test]
fn at_the_limit_the_longest_waiting_connection_is_closed() {
    let server = bare(|limits| limits.max_connections = 3);
    let mut clients: Vec<Raw> = Vec::new();
    for path in ["/a", "/b", "/c"] {
        let mut raw = server.connect();
        assert_serves(&mut raw, path);
        clients.push(raw);
        tick();
    }
    // The first has just been served, and half a request is no request: the second is closed.
    assert_serves(&mut clients[0], "/a-again");
    clients[1].send("GET / HTTP/1.1\r\nHost: a\r\n");
    tick();
    assert_serves(&mut server.connect(), "/newcomer");
    assert_eq!(clients[1].answer().status, 503);
    clients[1].assert_closed();
    assert_serves(&mut clients[0], "/a");
    assert_serves(&mut clients[2], "/c");
}

#[test]
fn when_all_connections_are_busy_a_new_one_gets_503() {
    let (server, entered, go) = gated(options(|limits| limits.max_connections = 2));
    let mut busy = [server.connect(), server.connect()];
    for raw in &mut busy {
        raw.ask("GET", "/busy", &[]);
        entered.recv_timeout(TIMEOUT).expect("the request comes in");
    }
    for _ in 0..3 {
        let mut newcomer = server.connect();
        newcomer.ask("GET", "/newcomer", &[]);
        let answer = newcomer.answer();
        assert_eq!((answer.status, answer.closes()), (503, true));
        assert!(answer.header("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
        newcomer.assert_closed();
    }
    (0..3).for_each(|_| go.send(()).expect("the handlers wait"));
    for raw in &mut busy {
        assert_eq!(raw.answer().text(), "/busy");
    }
    assert_serves(&mut server.connect(), "/newcomer");
}

#[test]
fn every_one_of_many_connections_beyond_the_limit_gets_its_503() {
    let (server, entered, _go) = gated(options(|limits| limits.max_connections = 1));
    let mut busy = server.connect();
    busy.ask("GET", "/busy", &[]);
    entered.recv_timeout(TIMEOUT).expect("the request comes in");
    // None of them closes, and some ask only after the answer.
    let mut newcomers: Vec<Raw> = (0..200).map(|_| server.connect()).collect();
    for newcomer in &mut newcomers {
        let _ = newcomer.try_send("GET /newcomer HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(newcomer.answer().status, 503);
    }
}

#[test]
fn headers_that_take_too_long_are_408() {
    let server = bare(|limits| limits.head_timeout = Duration::from_millis(300));
    let mut raw = server.connect();
    assert_serves(&mut raw, "/first");
    raw.send("GET / HTTP/1.1\r\nHost: a\r\n");
    let answer = raw.answer();
    assert_eq!((answer.status, answer.closes()), (408, true));
    raw.assert_closed();
}

#[test]
fn a_byte_now_and_then_does_not_extend_the_timeout() {
    let server = bare(|limits| limits.head_timeout = Duration::from_millis(300));
    let mut raw = server.connect();
    raw.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    let slow = raw.stream.try_clone().expect("a second handle");
    let dribble = thread::spawn(move || {
        // The server closes long before the header is too long.
        (0..15_000).try_for_each(|_| {
            thread::sleep(Duration::from_millis(20));
            (&slow).write_all(b"x")
        })
    });
    assert_eq!(raw.answer().status, 408);
    drop(raw);
    let _ = dribble.join().expect("it only writes");
}

#[test]
fn a_body_that_takes_too_long_is_408() {
    let server = bare(|limits| limits.body_timeout = Duration::from_millis(300));
    for framing in ["Content-Length: 9", "Transfer-Encoding: chunked"] {
        let mut raw = server.connect();
        raw.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n5\r\nhe"));
        let answer = raw.answer();
        assert_eq!((answer.status, answer.closes()), (408, true), "{framing}");
        raw.assert_closed();
    }
}

#[test]
fn a_body_of_much_framing_and_little_content_times_out() {
    let server = bare(|limits| limits.body_timeout = Duration::from_millis(300));
    let mut raw = server.connect();
    raw.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let stream = raw.stream.try_clone().expect("a second handle");
    let flood = thread::spawn(move || {
        // One gigabyte of these chunks is a body of one megabyte.
        let chunks = format!("1;{}\r\nx\r\n", "x".repeat(1_000)).repeat(64);
        while (&stream).write_all(chunks.as_bytes()).is_ok() {}
    });
    assert_eq!(raw.answer().status, 408);
    drop(raw);
    flood.join().expect("it only writes");
}

#[test]
fn an_idle_connection_is_closed_without_an_answer() {
    let server = bare(|limits| limits.idle_timeout = Duration::from_millis(300));
    let mut raw = server.connect();
    assert_serves(&mut raw, "/first");
    raw.assert_closed();
    server.connect().assert_closed();
}

#[test]
fn an_idle_connection_is_closed_sooner_when_connections_are_scarce() {
    let server = bare(|limits| {
        limits.max_connections = 4;
        limits.idle_timeout_when_scarce = Duration::from_millis(300);
    });
    let mut clients = Vec::new();
    for path in ["/a", "/b", "/c"] {
        let mut raw = server.connect();
        assert_serves(&mut raw, path);
        clients.push(raw);
        tick();
    }
    // Only the third was accepted when three quarters of the connections were taken.
    clients[2].assert_closed();
    assert_serves(&mut clients[0], "/still-here");
}

#[test]
fn the_default_limits_are_the_documented_ones() {
    let limits = Limits::default();
    assert_eq!(limits.per_address(), 256);
    let Limits {
        max_connections,
        connections_per_address: _,
        head_timeout,
        body_timeout,
        idle_timeout,
        idle_timeout_when_scarce,
    } = limits;
    let seconds =
        [head_timeout, body_timeout, idle_timeout, idle_timeout_when_scarce].map(|time| time.as_secs());
    assert_eq!((max_connections, seconds), (1024, [10, 30, 60, 2]));
}

#[test]
fn few_file_descriptors_lower_the_connection_limit() {
    let (_folder, database) = folder();
    let mut command = Command::new("sh");
    command.env_clear().args(["-c", "ulimit -n 90; exec \"$@\"", "sh"]);
    command.args([env!("CARGO_BIN_EXE_lorem-news"), "serve", "--listen", "127.0.0.1:0", "--database"]);
    let program = Program::start({
        command.arg(&database);
        command
    });
    program.await_log("file descriptors allow 26 connections");
    let idle: Vec<Raw> = (0..200).map(|_| Raw::connect(program.address)).collect();
    for _ in 0..20 {
        assert_eq!(program.get("/").status, 200);
    }
    drop(idle);
}

#[test]
fn half_sent_bodies_do_not_keep_new_connections_out() {
    let bare = bare(|limits| limits.max_connections = 8);
    let _half: Vec<Raw> = (0..8)
        .map(|_| {
            let mut raw = bare.connect();
            raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
            assert_eq!(raw.answer().status, 100);
            raw.send("half");
            raw
        })
        .collect();
    // Each body gets a moment; then the one that has taken longest is closed.
    let served = eventually("a new connection is served", || {
        let mut raw = bare.connect();
        raw.try_send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").ok()?;
        raw.try_answer().ok().filter(|answer| answer.status == 200)
    });
    assert!(!served.closes());
}
