//! Clients that read or send next to nothing. `bin/bench crowd` has them by the thousand.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use lorem_http::limits::{MAX_HELD_BYTES, WRITE_TIMEOUT};
use lorem_http::{Limits, Options};
use rouille::Response;
use socket2::{Domain, Socket, Type};

use crate::harness::{BareServer, Program, Raw, TIMEOUT, attributes, eventually, folder, seeded};

/// The connections of the server: three quarters are 12, a half is 8, a quarter is 4.
const CONNECTIONS: &str = "16";

/// A client with so small a receive buffer that the server soon has to wait for it.
fn narrow(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(2048).expect("an option can be set");
    socket.set_tcp_mss(1400).expect("an option can be set");
    socket.connect(&address.into()).expect("the server accepts");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout can be set");
    stream
}

/// The value of a metric without labels. `None`: the request was not answered 200.
fn metric(program: &Program, name: &str) -> Option<usize> {
    let mut raw = Raw::connect(program.address);
    raw.try_send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
    let answer = raw.try_answer().ok().filter(|answer| answer.status == 200)?;
    let prefix = format!("{name} ");
    answer.text().lines().find_map(|line| line.strip_prefix(&prefix)?.parse().ok())
}

/// Waits until the server works on no request but the look itself: every reader stands still.
fn await_standstill(program: &Program) {
    let mut calm = 0;
    eventually("the readers stand still", || {
        let stalled = metric(program, "lorem_news_connections_stalled")?;
        let busy = metric(program, "lorem_news_connections_busy")?;
        calm = if stalled > 0 && busy == stalled + 1 { calm + 1 } else { 0 };
        (calm == 5).then_some(())
    });
}

#[test]
fn clients_that_do_not_read_their_responses_do_not_keep_others_out() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let scripts = attributes(&program.get("/").html(), "script", "src");
    let asset = scripts.iter().find(|path| path.contains("htmx")).expect("a page loads htmx").clone();
    let etag = program.get("/").header("ETag").expect("a page has an entity tag").to_owned();
    drop(program);
    let request = |method: &str, path: &str, more: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n")
    };
    for (kind, requests) in [
        ("a large file", request("GET", &asset, "").repeat(20)),
        ("heads", request("HEAD", &asset, "").repeat(1_000)),
        ("304", request("GET", "/", &format!("If-None-Match: {etag}\r\n")).repeat(1_000)),
        ("refused forms", (request("POST", "/sessions", "Content-Length: 1\r\n") + "x").repeat(300)),
        ("the last before a refusal", request("GET", &asset, "").repeat(20) + "nonsense\r\n\r\n"),
    ] {
        let program = Program::serve(&database, &["--max-connections", CONNECTIONS]);
        let readers: Vec<TcpStream> = (0..24)
            .map(|_| {
                let mut reader = narrow(program.address);
                reader.write_all(requests.as_bytes()).expect("the server receives");
                reader.peek(&mut [0]).expect("the first response");
                reader
            })
            .collect();
        await_standstill(&program);
        for turn in 0..20 {
            assert_eq!(program.get("/").status, 200, "{kind}, turn {turn}: {}", program.log());
        }
        // A crowd of others, which are there all at once.
        let mut others: Vec<Raw> = (0..6).map(|_| Raw::connect(program.address)).collect();
        others.iter_mut().for_each(|other| other.ask("GET", "/", &[]));
        for other in &mut others {
            assert_eq!(other.answer().status, 200, "{kind}: {}", program.log());
        }
        program.await_log("read its response too slowly");
        drop(readers);
    }
}

#[test]
fn half_sent_bodies_do_not_keep_others_out_and_are_told_why_they_were_closed() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &["--max-connections", CONNECTIONS]);
    let mut halves = Vec::new();
    for turn in 0..60 {
        let mut half = Raw::connect(program.address);
        half.send("POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nx");
        halves.push(half);
        assert_eq!(program.get("/").status, 200, "turn {turn}: {}", program.log());
    }
    program.await_log("sent a request's body too slowly");
    // The oldest went first.
    for half in &mut halves[..40] {
        let answer = half.answer();
        assert_eq!((answer.status, answer.closes()), (503, true));
        assert!(answer.header("Retry-After").is_some());
        half.assert_closed();
    }
}

#[test]
fn a_new_client_that_makes_room_for_another_is_told_so() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    // Its request may be on the way, or has come in part: without an answer it would not know what to do.
    for sent in ["", "GET / HTTP/1.1\r\nHost: local"] {
        let program = Program::serve(&database, &["--max-connections", "1"]);
        let mut newcomer = Raw::connect(program.address);
        newcomer.send(sent);
        assert_eq!(program.get("/up").status, 200, "{sent:?}: {}", program.log());
        let answer = newcomer.answer();
        assert_eq!((answer.status, answer.closes()), (503, true), "{sent:?}");
        assert!(answer.header("Retry-After").is_some());
        newcomer.assert_closed();
        program.await_log("it got 503 to make room for others");
    }
    // One that has an answer is idle, and sends its next request on a new connection.
    let program = Program::serve(&database, &["--max-connections", "1"]);
    let mut idle = Raw::connect(program.address);
    idle.ask("GET", "/up", &[]);
    assert_eq!(idle.answer().status, 200);
    eventually("it has made room", || (program.get("/up").status == 200).then_some(()));
    idle.assert_closed();
}

#[test]
fn a_slow_upload_goes_on_while_connections_are_plentiful() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &["--max-connections", CONNECTIONS]);
    // More than a quarter of the connections, fewer than three quarters.
    let mut uploads: Vec<Raw> = (0..10).map(|_| Raw::connect(program.address)).collect();
    for upload in &mut uploads {
        upload.send("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    }
    eventually("all bodies are waited for", || {
        metric(&program, "lorem_news_connections_stalled").filter(|stalled| *stalled == 10)
    });
    for upload in &mut uploads {
        upload.send("a body");
        assert_ne!(upload.answer().status, 503);
    }
}

#[test]
fn responses_that_are_not_read_have_a_bound_for_all_clients_together() {
    const RESPONSE_BYTES: usize = 8 * 1024 * 1024;
    const CLIENTS: usize = 40;
    let limits = Limits { max_connections: 1_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let server = BareServer::start(options, |_| Response::text("x".repeat(RESPONSE_BYTES)));
    let began = Instant::now();
    let clients: Vec<TcpStream> = (0..CLIENTS)
        .map(|_| {
            let mut client = narrow(server.address);
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("it is sent");
            client.peek(&mut [0]).expect("the beginning of the response");
            client
        })
        .collect();
    let mut closed = 0;
    eventually("the slowest are closed", || {
        // A connection that was reset reports it once.
        closed +=
            clients.iter().filter(|client| client.take_error().is_ok_and(|error| error.is_some())).count();
        (closed >= CLIENTS - MAX_HELD_BYTES / RESPONSE_BYTES).then_some(())
    });
    assert!(began.elapsed() < WRITE_TIMEOUT, "they may have been closed because they stood still too long");
    // A client that reads gets all of it, while the others wait.
    let mut reader = server.connect();
    reader.ask("GET", "/", &[]);
    assert_eq!(reader.answer().body.len(), RESPONSE_BYTES);
}
