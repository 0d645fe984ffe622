//! Titles that the server fetches: from whom, and what a hostile host can do.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lorem_news::page_title::AddressPolicy;
use lorem_news::site::rate_limits::RateLimits;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

/// A server that hands each connection, once a request's head has arrived, to a function with the path that it asks for.
struct Host {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Host {
    fn start(ip: &str, answer: impl Fn(TcpStream, &str) + Send + Sync + 'static) -> Host {
        let listener = TcpListener::bind((ip, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, answer) = (Arc::clone(&connections), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = Arc::clone(&answer);
                let Ok(mut stream) = stream else { continue };
                thread::spawn(move || {
                    let mut head = vec![0; 4096];
                    let length = stream.read(&mut head).unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..length]).into_owned();
                    answer(stream, head.split(' ').nth(1).unwrap_or_default());
                });
            }
        });
        Host { address, connections }
    }

    fn url(&self, path: &str) -> String {
        format!("http://page.localhost:{}{path}", self.address.port())
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn send(mut stream: TcpStream, head: &str, body: &[u8]) {
    let _ = stream.write_all(format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes());
    let _ = stream.write_all(body);
}

const HTML: &str = "200 OK\r\nContent-Type: text/html";

/// A site that fetches titles from these networks beside public addresses.
fn site(networks: &[&str]) -> Site {
    let networks = networks.iter().map(|network| network.parse().expect("a network")).collect();
    Site::with(20, |config| config.fetch_titles = Some(AddressPolicy::with(networks)))
}

fn fetch(client: &Client, url: &str) -> Answer {
    let form = [("title", "Typed"), ("url", url), ("description", "A text"), ("fetch_title", "1")];
    let answer = client.post("/posts", &form);
    assert_guarded(&answer);
    assert_eq!((line(&answer, "url"), area(&answer, "description")), (url.to_owned(), "A text".to_owned()));
    answer
}

/// The title that a fetch fills in.
fn title(client: &Client, url: &str) -> String {
    let answer = fetch(client, url);
    assert_eq!(answer.status, 200, "{}", answer.text());
    line(&answer, "title")
}

/// Checks that there is no title for this reason, and that the typed one stays.
fn assert_none(client: &Client, url: &str, reason: &str) {
    let answer = fetch(client, url);
    assert_eq!((answer.status, line(&answer, "title")), (422, "Typed".to_owned()), "{url}");
    assert_refused(&answer.html(), "post", &[reason]);
}

const NO_PAGE: &str = "The title could not be fetched from this page";
const NO_TITLE: &str = "This page has no title";

#[test]
fn the_title_of_a_page_fills_the_field_and_nothing_is_stored() {
    let host = Host::start("127.0.0.1", |stream, path| match path {
        "/moved" => send(stream, "302 Found\r\nLocation: /page", b""),
        _ => send(stream, HTML, b"<!DOCTYPE html><title>\n A page &amp; its title </title>"),
    });
    let site = site(&["127.0.0.0/8"]);
    let (client, database) = (Client::signed_in(&site), site.database());
    let posts = count(&database, "posts");
    assert_eq!(
        texts(&client.get("/posts/new").html(), "main form button"),
        ["Create Post", "Preview", "Fetch the title"]
    );
    assert_eq!(texts(&client.get("/posts/new").html(), "button[name=fetch_title]").len(), 1);
    for path in ["/page", "/page", "/moved"] {
        assert_eq!(title(&client, &host.url(path)), "A page & its title");
    }
    assert_none(&client, "", "URL can't be blank");
    assert_eq!(client.post("/posts", &[("url", "nonsense:/"), ("fetch_title", "1")]).status, 422);
    assert_eq!(count(&database, "posts"), posts);
    // A guest signs in first, and the link is in the form again.
    let guest = Client::new(&site);
    let connections = host.connections();
    assert_eq!(guest.post("/posts", &[("url", &host.url("/page")), ("fetch_title", "1")]).status, 303);
    guest.set_cookie("session", &client.cookie("session").expect("a session"));
    assert_eq!(line(&guest.get("/posts/new"), "url"), host.url("/page"));
    database.execute("UPDATE users SET banned_at = 1 WHERE id = ?1", [client.user_id]).unwrap();
    assert_eq!(client.post("/posts", &[("url", &host.url("/page")), ("fetch_title", "1")]).status, 403);
    assert_eq!(host.connections(), connections, "neither asks the host");
}

#[test]
fn unless_the_operator_allows_it_there_is_no_button_and_no_connection() {
    let host = Host::start("127.0.0.1", |stream, _| send(stream, HTML, b"<title>A title</title>"));
    let site = Site::start();
    let client = Client::signed_in(&site);
    assert_eq!(texts(&client.get("/posts/new").html(), "button[name=fetch_title]"), [""; 0]);
    let form = [("title", ""), ("url", &*host.url("/")), ("fetch_title", "1")];
    assert_eq!(client.post("/posts", &form).status, 422);
    assert_eq!(host.connections(), 0);
}

#[test]
fn no_address_is_connected_to_that_is_not_public() {
    let host = Host::start("127.0.0.1", |stream, _| send(stream, HTML, b"<title>A secret</title>"));
    let site = site(&[]);
    let client = Client::signed_in(&site);
    let port = host.address.port();
    for name in [
        "page.localhost",
        "PAGE.LOCALHOST.",
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
    ] {
        let form = [("title", "Typed"), ("url", &*format!("http://{name}:{port}/")), ("fetch_title", "1")];
        let answer = client.post("/posts", &form);
        assert_eq!((answer.status, line(&answer, "title")), (422, "Typed".to_owned()), "{name}");
    }
    assert_eq!(host.connections(), 0);
}

#[test]
fn a_redirect_leads_to_no_address_that_is_not_permitted() {
    let secret = Host::start("127.0.0.2", |stream, _| send(stream, HTML, b"<title>A secret</title>"));
    let target = format!("http://{}/", secret.address);
    let open = Host::start("127.0.0.1", move |stream, path| match path {
        "/loop" => send(stream, "302 Found\r\nLocation: /loop", b""),
        "/file" => send(stream, "302 Found\r\nLocation: file:///etc/passwd", b""),
        "/ok" => send(stream, HTML, b"<title>Open</title>"),
        _ => send(stream, &format!("302 Found\r\nLocation: {target}"), b""),
    });
    let site = site(&["127.0.0.1"]);
    let client = Client::signed_in(&site);
    assert_eq!(title(&client, &open.url("/ok")), "Open");
    for path in ["/", "/loop", "/file"] {
        assert_none(&client, &open.url(path), NO_PAGE);
    }
    assert_eq!(secret.connections(), 0);
    assert!(open.connections() <= 4 * (1 + 3), "each fetch follows three redirects: {}", open.connections());
}

#[test]
fn a_hostile_host_gets_neither_time_nor_memory() {
    let host = Host::start("127.0.0.1", |mut stream, path| {
        let chunks = "200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked";
        let _ = match path {
            "/silent" => stream.read(&mut [0]).map(drop),
            "/head" => drip(stream, "HTTP/1.1 200 OK\r\n", "X-Header: a\r\n"),
            "/drip" => drip(stream, &format!("HTTP/1.1 {chunks}\r\n\r\n"), "1\r\na\r\n"),
            "/title-and-drip" => drip(
                stream,
                &format!("HTTP/1.1 {chunks}\r\n\r\n1c\r\n<title>A title early</title>\r\n"),
                "1\r\na\r\n",
            ),
            "/endless" => {
                let part = format!("4000\r\n{}\r\n", "<title>".repeat(2341)[..0x4000].to_owned());
                let mut sent = stream.write_all(format!("HTTP/1.1 {chunks}\r\n\r\n").as_bytes());
                while sent.is_ok() {
                    sent = stream.write_all(part.as_bytes());
                }
                Ok(())
            }
            "/gzip" => {
                send(
                    stream,
                    "200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip",
                    b"\x1f\x8b<title>no</title>",
                );
                Ok(())
            }
            "/image" => {
                send(stream, "200 OK\r\nContent-Type: image/svg+xml", b"<title>no</title>");
                Ok(())
            }
            "/gone" => {
                send(stream, "404 Not Found\r\nContent-Type: text/html", b"<title>no</title>");
                Ok(())
            }
            "/closed" => Ok(()),
            "/huge" => {
                send(stream, HTML, format!("<title>{}</title>", "long ".repeat(20_000)).as_bytes());
                Ok(())
            }
            "/charset" => {
                send(
                    stream,
                    "200 OK\r\nContent-Type: text/html; charset=utf-8",
                    b"<title>caf\xe9 au lait</title>",
                );
                Ok(())
            }
            _ => stream.write_all(b"nonsense\r\n\r\n"),
        };
    });
    let site = site(&["127.0.0.0/8"]);
    let client = Client::signed_in(&site);
    for path in ["/silent", "/head", "/closed", "/nonsense", "/gone"] {
        assert_none(&client, &host.url(path), NO_PAGE);
    }
    for path in ["/drip", "/endless", "/gzip", "/image"] {
        assert_none(&client, &host.url(path), NO_TITLE);
    }
    assert_eq!(title(&client, &host.url("/title-and-drip")), "A title early");
    assert_eq!(title(&client, &host.url("/huge")).trim().chars().count(), 254);
    assert_eq!(title(&client, &host.url("/charset")), "caf\u{fffd} au lait");
}

/// Sends a beginning, and then a little now and then for as long as the other side reads.
fn drip(mut stream: TcpStream, beginning: &str, drop: &str) -> std::io::Result<()> {
    stream.write_all(beginning.as_bytes())?;
    loop {
        thread::sleep(Duration::from_millis(20)); // It is what the host does, not a wait of the test.
        stream.write_all(drop.as_bytes())?;
    }
}

#[test]
fn a_link_by_https_begins_with_a_handshake_for_its_host() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut hello = vec![0; 4096];
        let length = stream.read(&mut hello).expect("a handshake");
        hello.truncate(length);
        hello
    });
    let site = site(&["127.0.0.0/8"]);
    assert_none(&Client::signed_in(&site), &format!("https://page.localhost:{port}/"), NO_PAGE);
    let hello = seen.join().expect("it was seen");
    assert_eq!(hello[..2], [0x16, 3], "a TLS handshake");
    assert!(hello.windows(14).any(|name| name == b"page.localhost"), "it names the host");
}

#[test]
fn titles_have_a_rate_limit_of_their_own() {
    let host = Host::start("127.0.0.1", |stream, _| send(stream, HTML, b"<title>A title</title>"));
    let site = Site::with(20, |config| {
        config.fetch_titles = Some(AddressPolicy::with(vec!["127.0.0.0/8".parse().unwrap()]));
        config.rates = Some(RateLimits::default());
    });
    let client = Client::signed_in_as(&site, 1);
    for _ in 0..10 {
        assert_eq!(title(&client, &host.url("/")), "A title");
    }
    let answer = fetch(&client, &host.url("/"));
    assert_eq!((answer.status, line(&answer, "title")), (429, "Typed".to_owned()));
    assert_eq!(host.connections(), 10);
    assert_eq!(title(&Client::signed_in_as(&site, 2), &host.url("/")), "A title");
    assert_eq!(client.post("/posts", &[("title", "A title that is sent")]).status, 303);
}
