//! HTTP/1.1 on the wire.

use std::io::Read;
use std::thread;

use lorem_http::{Network, Options};
use rouille::{Request, Response};

use crate::harness::{Answer, BareServer, Program, Raw, Site, eventually, folder, seeded};

/// A server with test routes.
fn bare() -> BareServer {
    BareServer::start(Options::default(), handler)
}

fn handler(request: &Request) -> Response {
    let url = request.raw_url();
    match url.split('?').next().unwrap_or_default() {
        "/echo" => {
            let mut body = Vec::new();
            request.data().expect("it is read once").read_to_end(&mut body).expect("it is in memory");
            Response::from_data("application/octet-stream", body)
        }
        "/panic" => panic!("asked for by a test"),
        "/big" => Response::from_data("text/plain", vec![b'x'; 4 * 1024 * 1024]),
        "/split" => Response::text("one")
            .with_additional_header("X-Name", "a\r\nSet-Cookie: stolen=1")
            .with_additional_header("X-Line", "a\nSet-Cookie: stolen=1")
            .with_additional_header("X-A\r\nSet-Cookie: stolen", "1")
            .with_additional_header("Content-Length", "9999")
            .with_additional_header("Transfer-Encoding", "chunked"),
        "/who" => {
            let secure = if request.is_secure() { "https" } else { "http" };
            let claims: Vec<&str> = request
                .headers()
                .map(|(name, _)| name)
                .filter(|name| name.to_ascii_lowercase().starts_with("x-forwarded"))
                .collect();
            Response::text(format!("{secure} {} {claims:?}", request.remote_addr().ip()))
        }
        _ => Response::text(format!("{} {url}", request.method())),
    }
}

/// The answer to these bytes. Panics unless the server closes the connection cleanly after it.
fn last_answer(server: &BareServer, bytes: impl AsRef<[u8]>) -> Answer {
    let mut raw = server.connect();
    raw.send(bytes);
    let answer = raw.answer();
    assert!(answer.closes(), "{answer:?}");
    raw.assert_closed();
    answer
}

#[test]
fn one_connection_serves_many_requests() {
    let server = bare();
    let mut raw = server.connect();
    for turn in 0..20 {
        raw.ask("GET", &format!("/{turn}"), &[]);
        let answer = raw.answer();
        assert_eq!((answer.status, answer.text()), (200, &*format!("GET /{turn}")));
        assert_eq!(answer.header("Connection"), None);
        assert!(answer.header("Date").is_some_and(|date| date.ends_with(" GMT")), "{answer:?}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = bare();
    let mut raw = server.connect();
    let mut wire = Vec::new();
    for turn in 0..50 {
        wire.extend(format!("GET /{turn} HTTP/1.1\r\nHost: a\r\n\r\n").bytes());
        wire.extend(format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n{turn:03}").bytes());
        wire.extend(
            b"\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n",
        );
    }
    raw.send(wire);
    for turn in 0..50 {
        assert_eq!(raw.answer().text(), format!("GET /{turn}"));
        assert_eq!(raw.answer().text(), format!("{turn:03}"));
        assert_eq!(raw.answer().text(), "c");
    }
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let server = bare();
    let mut raw = server.connect();
    let wire = "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
    for byte in wire.bytes().chain("GET / HTTP/1.1\r\nHost: a\r\n\r\n".bytes()) {
        raw.send([byte]);
        // A slow line: without a pause the server would find several bytes at once.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert_eq!(raw.answer().text(), "ab");
    assert_eq!(raw.answer().text(), "GET /");
}

#[test]
fn head_is_answered_like_get_without_the_body() {
    let site = Site::start();
    let pages = ["/", "/posts", "/posts/1", "/up", "/nowhere", "/posts?after=x", "/icon.png", "/robots.txt"];
    let mut raw = Raw::connect(site.address);
    for path in pages {
        raw.ask("GET", path, &[]);
        let get = raw.answer();
        raw.ask("HEAD", path, &[]);
        let head = raw.head();
        let but_for_time = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.retain(|(name, _)| !["Date", "ETag", "Server-Timing"].contains(&&**name));
            (answer.status, headers)
        };
        assert_eq!(but_for_time(&head), but_for_time(&get), "{path}");
        assert_eq!(head.header("Content-Length"), Some(&*get.body.len().to_string()), "{path}");
    }
}

#[test]
fn an_unsupported_method_is_405_and_the_others_are_named() {
    let site = Site::start();
    for (method, path, allowed) in [
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/posts", "GET, HEAD, POST"),
        ("OPTIONS", "/posts/1", "GET, HEAD, PATCH, PUT, DELETE"),
        ("PUT", "/users/1", "GET, HEAD"),
        ("PATCH", "/up", "GET, HEAD"),
        ("TRACE", "/robots.txt", "GET, HEAD"),
        ("GET", "/benchmarking/post_show", "POST"),
        ("HEAD", "/benchmarking/post_show", "POST"),
    ] {
        let answer = site.ask(method, path, &[]);
        assert_eq!((answer.status, answer.header("Allow")), (405, Some(allowed)), "{method} {path}");
    }
    assert_eq!(site.ask("POST", "/nowhere", &[]).status, 404);
}

#[test]
fn a_client_that_expects_100_continue_receives_it_once() {
    let server = bare();
    let mut raw = server.connect();
    for _ in 0..2 {
        raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n");
        assert_eq!(raw.answer().status, 100);
        raw.send("b");
        raw.send("ody");
        assert_eq!(raw.answer().text(), "body");
    }
    // The client has not waited, or sends no body: no 100 is needed.
    raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody");
    assert_eq!(raw.answer().text(), "body");
    raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(raw.answer().status, 200);
    // HTTP/1.0 has no 100 Continue.
    raw.send("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    raw.send("body");
    assert_eq!(raw.answer().text(), "body");
}

#[test]
fn an_expectation_that_cannot_be_met_is_refused() {
    let server = bare();
    for (headers, status) in [
        ("Expect: 100-continue\r\nContent-Length: 1048577\r\n", 413),
        ("Expect: 100-continue\r\nContent-Length: 99999999999999999999999999\r\n", 413),
        ("Expect: 200-ok\r\nContent-Length: 1\r\n", 417),
    ] {
        let answer = last_answer(&server, format!("POST /echo HTTP/1.1\r\nHost: a\r\n{headers}\r\n"));
        assert_eq!(answer.status, status, "{headers}");
    }
}

#[test]
fn a_chunked_body_is_reassembled() {
    let server = bare();
    let mut raw = server.connect();
    let big = vec![b'z'; 1024 * 1024];
    let mut chunks = Vec::new();
    for chunk in big.chunks(60_000) {
        chunks.extend(format!("{:X};name=value\r\n", chunk.len()).bytes());
        chunks.extend(chunk);
        chunks.extend(b"\r\n");
    }
    chunks.extend(b"0\r\nTrailer: read over\r\n\r\n");
    for (wire, body) in [
        (&b"0\r\n\r\n"[..], &b""[..]),
        (b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
        (&chunks, &big),
    ] {
        raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        raw.send(wire);
        assert!(raw.answer().body == body);
    }
}

#[test]
fn malformed_chunks_are_400_and_close_the_connection() {
    let server = bare();
    for chunks in [
        "x\r\n",
        "-1\r\nx\r\n",
        "0x1\r\na\r\n",
        "1\nx\r\n",
        "1\r\nxy\r\n",
        "1\r\nxy\n0\r\n\r\n",
        "\r\n",
        "0\r\nA: b\n\n",
    ] {
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(last_answer(&server, format!("{head}{chunks}")).status, 400, "{chunks:?}");
    }
    let mut endless = server.connect();
    endless.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    endless.send(vec![b'x'; 1024 * 1024]);
    assert_eq!(endless.answer().status, 400);
}

#[test]
fn a_body_shorter_than_announced_is_400_when_the_client_has_ended() {
    let server = bare();
    for framing in ["Content-Length: 9", "Transfer-Encoding: chunked"] {
        let mut raw = server.connect();
        raw.send(format!("POST /echo HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n5\r\nhe"));
        raw.end();
        assert_eq!(raw.answer().status, 400, "{framing}");
        raw.assert_closed();
    }
}

#[test]
fn bytes_beyond_the_announced_length_are_the_next_request() {
    let server = bare();
    let mut raw = server.connect();
    raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyand more\r\n\r\n");
    assert_eq!(raw.answer().text(), "body");
    assert_eq!(raw.answer().status, 400);
    raw.assert_closed();
}

#[test]
fn an_ambiguous_request_is_refused() {
    let server = bare();
    for (headers, status) in [
        ("Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        ("Content-Length: 1\r\nContent-Length: 1\r\n", 400),
        ("Content-Length: 1, 1\r\n", 400),
        ("Content-Length: +1\r\n", 400),
        ("Content-Length: 0x1\r\n", 400),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: \r\n", 400),
        ("Content-Length : 1\r\n", 400),
        ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", 400),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: identity\r\n", 501),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501),
        ("Transfer-Encoding: \x0bchunked\r\n", 400),
        ("X-Folded: a\r\n b\r\n", 400),
        ("X-Null: a\0b\r\n", 400),
        ("X-BareServer: a\rb\r\n", 400),
        ("No colon\r\n", 400),
        (": no name\r\n", 400),
        ("Host: a\r\n", 400),
    ] {
        let wire = format!("POST /echo HTTP/1.1\r\nHost: a\r\n{headers}\r\nx");
        assert_eq!(last_answer(&server, wire).status, status, "{headers:?}");
    }
}

#[test]
fn a_request_that_is_not_http_1_gets_the_fitting_status() {
    let server = bare();
    for (wire, status) in [
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("GET posts HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n", 400),
    ] {
        assert_eq!(last_answer(&server, wire).status, status, "{wire:?}");
    }
}

#[test]
fn http_1_0_is_closed_unless_it_asks_for_keep_alive() {
    let server = bare();
    let mut raw = server.connect();
    raw.send("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    let kept = raw.answer();
    assert_eq!((kept.text(), kept.header("Connection")), ("GET /a", Some("keep-alive")));
    raw.send("GET /b HTTP/1.0\r\n\r\n");
    let last = raw.answer();
    assert_eq!(last.text(), "GET /b");
    assert!(last.closes());
    raw.assert_closed();
}

#[test]
fn a_client_that_asks_for_close_gets_it_after_the_answer() {
    let server = bare();
    let wire = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(last_answer(&server, wire).text(), "GET /a");
}

#[test]
fn an_absolute_address_is_served_by_its_path() {
    let server = bare();
    let mut raw = server.connect();
    raw.ask("GET", "http://news.example/posts?a=b", &[]);
    assert_eq!(raw.answer().text(), "GET /posts?a=b");
}

/// Sends all bytes before it reads the answer.
fn answer_to_a_client_that_does_not_listen(server: &BareServer, bytes: &[u8]) -> Answer {
    let mut raw = server.connect();
    bytes.chunks(32 * 1024).for_each(|piece| raw.send(piece));
    raw.end();
    let answer = raw.answer();
    raw.assert_closed();
    answer
}

#[test]
fn too_large_a_request_is_refused_and_a_client_still_sending_sees_why() {
    let server = bare();
    let much = vec![b'x'; 3 * 1024 * 1024];
    let lines = "x: y\r\n".repeat(100_000);
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(64));
    let post = |framing: &str| format!("POST /echo HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
    for (start, rest, status) in [
        ("GET /".to_owned(), &much[..], 414),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-Much: ".to_owned(), &much, 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n".to_owned(), lines.as_bytes(), 431),
        (many, b"", 431),
        (post("Content-Length: 1048577"), &much[..1_048_577], 413),
        (post("Content-Length: 3000000"), &much, 413),
        (post("Transfer-Encoding: chunked") + "200000\r\n", &much, 413),
        (post("Content-Length: 1, 1"), &much, 400),
    ] {
        let answer = answer_to_a_client_that_does_not_listen(&server, &[start.as_bytes(), rest].concat());
        assert_eq!(answer.status, status, "{start:?}");
        assert!(answer.closes() && answer.text().starts_with(&status.to_string()), "{answer:?}");
    }
}

#[test]
fn a_request_just_within_the_limits_is_served() {
    let server = bare();
    let mut raw = server.connect();
    raw.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "x: y\r\n".repeat(63)));
    assert_eq!(raw.answer().status, 200);
    let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    raw.send(format!("{start}{}\r\n\r\n", "x".repeat(16 * 1024 - start.len() - 4)));
    assert_eq!(raw.answer().status, 200);
    raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n");
    raw.send(vec![b'x'; 1_048_576]);
    assert_eq!(raw.answer().body.len(), 1_048_576);
}

#[test]
fn endless_headers_do_not_exhaust_memory() {
    let (_folder, database) = folder();
    let program = Program::serve(&database, &[]);
    assert_eq!(program.get("/").status, 200);
    let before = program.resident();
    // Some never end their headers; others exceed a limit and go on for 4 MB.
    let mut held: Vec<Raw> = (0..100).map(|_| Raw::connect(program.address)).collect();
    for raw in &mut held {
        raw.send("GET / HTTP/1.1\r\nHost: a\r\n");
        raw.send("x: y\r\n".repeat(2_500));
    }
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut raw = Raw::connect(program.address);
                raw.send("GET / HTTP/1.1\r\nHost: a\r\n");
                let lines = "Endless: line\r\n".repeat(4096);
                // The server may close the connection before all is sent.
                let _ = (0..64).try_for_each(|_| raw.try_send(&lines));
                assert!(raw.answer().status == 431);
            });
        }
    });
    let grown = program.resident().saturating_sub(before);
    assert!(grown < 24 * 1024, "64 MB of headers took {grown} KiB");
    drop(held);
    assert_eq!(program.get("/").status, 200);
}

#[test]
fn a_small_response_arrives_in_one_read() {
    let server = bare();
    let mut raw = server.connect();
    for length in [0, 1, 1_000, 10_000] {
        let body = "x".repeat(length);
        raw.send(format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"));
        let mut bytes = vec![0; 64 * 1024];
        let read = raw.stream.read(&mut bytes).expect("an answer");
        let text = std::str::from_utf8(&bytes[..read]).expect("text");
        assert!(
            text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with(&format!("\r\n\r\n{body}")),
            "{text}"
        );
    }
}

#[test]
fn a_response_larger_than_the_socket_buffer_arrives_whole() {
    let server = bare();
    let mut raw = server.connect();
    for _ in 0..3 {
        raw.ask("GET", "/big", &[]);
    }
    for _ in 0..3 {
        assert!(raw.answer().body == vec![b'x'; 4 * 1024 * 1024]);
    }
}

#[test]
fn a_panic_costs_one_500_and_nothing_else() {
    let server = bare();
    let mut other = server.connect();
    for _ in 0..3 {
        let mut raw = server.connect();
        raw.ask("GET", "/panic", &[]);
        let answer = raw.answer();
        assert_eq!(answer.status, 500);
        assert!(!answer.text().contains("asked for by a test"), "{answer:?}");
        raw.ask("GET", "/after", &[]);
        assert_eq!(raw.answer().text(), "GET /after");
        other.ask("GET", "/other", &[]);
        assert_eq!(other.answer().text(), "GET /other");
    }
}

#[test]
fn a_header_value_cannot_add_a_header() {
    let server = bare();
    let mut raw = server.connect();
    raw.ask("GET", "/split", &[]);
    let answer = raw.answer();
    assert_eq!((answer.status, answer.text(), answer.header("Set-Cookie")), (200, "one", None));
    assert_eq!(answer.header("Transfer-Encoding"), None);
    raw.ask("GET", "/after", &[]);
    assert_eq!(raw.answer().text(), "GET /after");
}

#[test]
fn line_breaks_in_a_path_cannot_split_the_response() {
    let site = Site::start();
    // Encoded line breaks stay encoded, also in the redirect.
    let answer = site.get("/posts/%0d%0aSet-Cookie:%20stolen=1/");
    assert_eq!((answer.status, answer.header("Set-Cookie")), (301, None));
}

#[test]
fn only_a_trusted_proxy_sets_the_client_address() {
    let network = |text: &str| text.parse::<Network>().expect(text);
    let proxy = network("127.0.0.1");
    let claims = [("X-Forwarded-For", "6.6.6.6, 198.51.100.7"), ("X-Forwarded-Proto", "https")];
    let ask = |trusted_proxies: Vec<Network>, claims: &[(&str, &str)]| {
        let server = BareServer::start(Options { trusted_proxies, ..Options::default() }, handler);
        let mut raw = server.connect();
        raw.ask("GET", "/who", claims);
        raw.answer().text().to_owned()
    };
    assert_eq!(ask(vec![], &claims), "http 127.0.0.1 []");
    assert_eq!(ask(vec![network("10.0.0.1")], &claims), "http 127.0.0.1 []");
    // The proxy itself saw the last hop. Any client can forge the ones before it.
    assert_eq!(ask(vec![proxy], &claims), "https 198.51.100.7 []");
    assert_eq!(ask(vec![proxy, network("198.51.100.0/24")], &claims), "https 6.6.6.6 []");
    assert_eq!(ask(vec![proxy], &[("X-Forwarded-For", "nobody")]), "http 127.0.0.1 []");
    assert_eq!(ask(vec![proxy], &[]), "http 127.0.0.1 []");
}

#[test]
fn the_access_log_has_one_line_per_request() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    let mut command = crate::harness::program(&["serve", "--listen", "127.0.0.1:0", "--database"]);
    command.arg(&database).env("RUST_LOG", "access=info");
    let program = Program::start(command);
    // One connection keeps the lines in order: each is written after its answer.
    let mut raw = Raw::connect(program.address);
    raw.ask("GET", "/", &[]);
    let front = raw.answer();
    raw.ask("POST", "/posts/1?a=b", &[]);
    assert_eq!(raw.answer().status, 405);
    let lines: Vec<Vec<String>> = eventually("two lines in the log", || {
        let log = program.log();
        let lines = log.lines().filter_map(|line| line.split_once("access] ").map(|(_, line)| line));
        let lines: Vec<Vec<String>> =
            lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect();
        (lines.len() == 2).then_some(lines)
    });
    let length = front.body.len().to_string();
    for (line, expected) in lines.iter().zip([["GET", "/", "200"], ["POST", "/posts/1?a=b", "405"]]) {
        let [id, address, method, path, status, bytes, unit, micros, microseconds] = &line[..] else {
            panic!("not nine words: {line:?}")
        };
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line:?}");
        assert_eq!(address, "127.0.0.1");
        assert_eq!([method, path, status], expected);
        assert!(*bytes == length || method == "POST", "{line:?}");
        assert_eq!((&**unit, &**microseconds), ("B", "µs"));
        assert!(micros.parse::<u64>().is_ok(), "{line:?}");
    }
    assert_ne!(lines[0][0], lines[1][0], "each request has its own id");
}
