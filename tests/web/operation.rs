//! Observability: metrics, the slow log, and the Server-Timing header.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use lorem_news::app::App;
use lorem_news::site::rate_limits::{Limit, RateLimit, RateLimits};
use prometheus_parse::{Sample, Value};
use rouille::Request;

use crate::client::Client;
use crate::harness::*;

const REQUESTS: &str = "lorem_news_requests_total";
const TIMES: &str = "lorem_news_request_duration_seconds";

/// The metrics page, read by an independent parser.
pub struct Scrape(Vec<Sample>);

impl Scrape {
    pub fn of(address: SocketAddr) -> Scrape {
        let answer = ask(address, "GET", "/metrics", &[]);
        assert_eq!(answer.status, 200, "{}", answer.text());
        Scrape::read(answer.text())
    }

    fn read(text: &str) -> Scrape {
        let values = assert_well_formed(text);
        let lines = text.lines().map(|line| Ok(line.to_owned()));
        let samples = prometheus_parse::Scrape::parse(lines).expect("lines in memory").samples;
        let read: usize = samples
            .iter()
            .map(|sample| match &sample.value {
                Value::Histogram(buckets) => buckets.len(),
                _ => 1,
            })
            .sum();
        assert_eq!(read, values, "the parser has left something out of\n{text}");
        Scrape(samples)
    }

    fn find(&self, metric: &str, labels: &[(&str, &str)]) -> Option<&Value> {
        let is_it = |sample: &&Sample| {
            sample.metric == metric
                && sample.labels.len() == labels.len()
                && labels.iter().all(|(name, content)| sample.labels.get(name) == Some(content))
        };
        self.0.iter().find(is_it).map(|sample| &sample.value)
    }

    pub fn number(&self, metric: &str, labels: &[(&str, &str)]) -> f64 {
        match self.find(metric, labels) {
            Some(Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value)) => *value,
            other => panic!("{metric}{labels:?}: {other:?}"),
        }
    }

    /// The number of answers of a route with this method and status.
    fn requests(&self, route: &str, method: &str, status: &str) -> f64 {
        let labels = [("route", route), ("method", method), ("status", status)];
        self.find(REQUESTS, &labels).map_or(0.0, |_| self.number(REQUESTS, &labels))
    }

    fn refused(&self, reason: &str) -> f64 {
        self.number("lorem_news_refused_total", &[("reason", reason)])
    }

    /// The names and labels of all series.
    fn series(&self) -> BTreeSet<String> {
        self.0.iter().map(|sample| format!("{}{{{}}}", sample.metric, sample.labels)).collect()
    }
}

/// Panics if an answered page counts under no route.
pub fn assert_routed(site: &Site) {
    let scrape = Scrape::of(site.address);
    let found = scrape.requests("none", "GET", "200") + scrape.requests("none", "POST", "303");
    assert_eq!(found, 0.0, "a page counts under no route");
    assert!(scrape.requests("/", "GET", "200") > 0.0);
}

/// Panics unless the text follows the exposition format and Prometheus' naming rules, where parsers are
/// lenient. Returns the number of values.
fn assert_well_formed(text: &str) -> usize {
    assert!(text.ends_with('\n'), "the last line has no end");
    let (mut metrics, mut values) = (BTreeSet::new(), BTreeSet::new());
    let (mut name, mut kind, mut helped) = ("", "", "");
    let mut buckets: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (metric, help) = rest.split_once(' ').expect(line);
            assert!(metrics.insert(metric), "{metric} is there twice");
            assert!(!help.is_empty(), "{line}");
            helped = metric;
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            (name, kind) = rest.split_once(' ').expect(line);
            assert_eq!(name, helped, "the help comes before the type");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(name.starts_with("lorem_news_") || name.starts_with("process_"), "{line}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            assert_eq!(name.contains("duration") || name.contains("_age"), name.ends_with("_seconds"));
        } else {
            let (series, value) = line.rsplit_once(' ').expect(line);
            let value: f64 = value.parse().expect(line);
            assert!(value >= 0.0, "{line}");
            assert!(values.insert(series), "{series} is there twice");
            let (metric, labels) = match series.split_once('{') {
                Some((metric, labels)) => (metric, labels.strip_suffix('}').expect(line)),
                None => (series, ""),
            };
            for label in labels.split(',').filter(|label| !label.is_empty()) {
                let (_, content) = label.split_once('=').expect(line);
                assert!(content.len() >= 2 && content.starts_with('"') && content.ends_with('"'), "{line}");
            }
            match (metric.strip_prefix(name), kind) {
                (Some("_bucket"), "histogram") => {
                    let (others, bound) = labels.rsplit_once("le=\"").expect(line);
                    let bound = bound.strip_suffix('"').and_then(|bound| bound.parse().ok()).expect(line);
                    let others = format!("{name}{{{}", others.trim_end_matches(','));
                    buckets.entry(others).or_default().push((bound, value));
                }
                (Some("_count"), "histogram") => {
                    let last = buckets[&format!("{name}{{{labels}")].last().copied();
                    assert_eq!(last, Some((f64::INFINITY, value)), "{line}");
                }
                (Some("_sum"), "histogram") | (Some(""), "counter" | "gauge") => {}
                _ => panic!("it is none of {name}, a {kind}: {line}"),
            }
        }
    }
    for (histogram, buckets) in &buckets {
        let grow = |two: &[(f64, f64)]| two[0].0 < two[1].0 && two[0].1 <= two[1].1;
        assert!(buckets.windows(2).all(grow), "{histogram}: {buckets:?}");
    }
    values.len()
}

#[test]
fn a_broken_exposition_format_is_detected() {
    let right = "# HELP lorem_news_a_total A.\n# TYPE lorem_news_a_total counter\nlorem_news_a_total{b=\"c\"} 1\n\
                 # HELP lorem_news_b B.\n# TYPE lorem_news_b histogram\nlorem_news_b_bucket{le=\"1\"} 1\n\
                 lorem_news_b_bucket{le=\"+Inf\"} 2\nlorem_news_b_sum 5\nlorem_news_b_count 2\n";
    assert_eq!(assert_well_formed(right), 5);
    for (part, wrong) in [
        ("# HELP lorem_news_a_total A.\n", ""),
        ("A.", ""),
        ("a_total", "a"),
        ("counter", "gauge"),
        ("counter", "count"),
        ("lorem_news_a_total{b=\"c\"}", "lorem_news_c_total"),
        ("{b=\"c\"}", "{b=c}"),
        ("{b=\"c\"}", "{b=\"c\""),
        ("} 1\n#", "} one\n#"),
        ("lorem_news_b_bucket{le=\"1\"} 1", "lorem_news_b_bucket{le=\"1\"} 3"),
        ("_bucket{le=\"+Inf\"} 2", "_bucket{le=\"+Inf\"} 3"),
        ("_sum 5\n", "_sum 5\nlorem_news_b_sum 6\n"),
        ("_count 2\n", "_count 2"),
    ] {
        let broken = right.replace(part, wrong);
        assert_ne!(broken, right);
        let quiet = thread::Builder::new().name("expected to panic".into());
        let found = quiet.spawn(move || assert_well_formed(&broken)).expect("a thread").join();
        assert!(found.is_err(), "{part} as {wrong}");
    }
}

/// The headers that reveal a proxy.
const FORWARDED: [(&str, &str); 12] = [
    ("X-Forwarded-For", "203.0.113.9"),
    ("x-forwarded-for", "127.0.0.1"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "news.example"),
    ("X-Forwarded-Server", "proxy"),
    ("X-Forwarded-Port", "443"),
    ("Forwarded", "for=127.0.0.1"),
    ("Via", "1.1 proxy"),
    ("X-Real-IP", "127.0.0.1"),
    ("CF-Connecting-IP", "127.0.0.1"),
    ("True-Client-IP", "127.0.0.1"),
    ("X-Client-IP", "127.0.0.1"),
];

fn assert_hidden(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 404, "{what}");
    assert!(answer.text().contains("The page you were looking for doesn't exist."), "{what}");
}

#[test]
fn metrics_are_for_the_local_machine_unless_enabled() {
    let site = Site::start();
    let answer = site.get("/metrics");
    assert_eq!(
        (answer.status, answer.header("Content-Type"), answer.header("Cache-Control")),
        (200, Some("text/plain; version=0.0.4; charset=utf-8"), Some("no-store"))
    );
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    for header in FORWARDED {
        assert_hidden(&site.ask("GET", "/metrics", &[header]), header.0);
        // Another method does not reveal the route.
        assert_hidden(&site.ask("POST", "/metrics", &[header]), header.0);
    }
    for (host, status) in [("localhost:3000", 200), ("[::1]", 200), ("news.example", 404), ("10.0.0.1", 404)]
    {
        let mut raw = Raw::connect(site.address);
        raw.send(format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(raw.answer().status, status, "{host}");
    }
    let mut raw = Raw::connect(site.address);
    raw.send("GET /metrics HTTP/1.0\r\n\r\n");
    assert_hidden(&raw.answer(), "without a Host");

    let asked_for = Site::with(1, |config| config.metrics = true);
    for header in FORWARDED {
        assert_eq!(asked_for.ask("GET", "/metrics", &[header]).status, 200, "{header:?}");
    }
}

/// The answers of the health check and the status page to a client: the JSON, and the page's text.
fn health_of(client: &Client, headers: &[(&str, &str)]) -> (String, String) {
    let json: Vec<_> = [("Accept", "application/json")].iter().chain(headers).copied().collect();
    let answers = ["/up", "/status"]
        .map(|path| client.ask("GET", path, &[], if path == "/up" { &json } else { headers }));
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 200], "{headers:?}");
    let [json, page] = answers;
    (json.text().to_owned(), page.text().to_owned())
}

fn assert_hides_the_backup((json, page): &(String, String), what: &str) {
    assert_eq!(json, r#"{"ok":true}"#, "{what}");
    assert!(page.contains("The site is up.") && !page.contains("backup"), "{what}: {page}");
}

fn assert_shows_the_backup((json, page): &(String, String), what: &str) {
    assert_eq!(json, r#"{"ok":true,"replica":null}"#, "{what}");
    assert!(page.contains("There is no backup"), "{what}: {page}");
}

#[test]
fn the_state_of_the_backup_is_for_the_local_machine_and_admins() {
    let site = Site::start();
    site.database().execute("UPDATE users SET is_admin = id = 2", []).expect("the schema is known");
    let (guest, user, admin) = (Client::new(&site), Client::signed_in(&site), Client::signed_in_as(&site, 2));
    for _ in 0..2 {
        for client in [&guest, &user, &admin] {
            assert_shows_the_backup(&health_of(client, &[]), "on this machine");
        }
        for header in FORWARDED {
            assert_hides_the_backup(&health_of(&guest, &[header]), header.0);
            assert_hides_the_backup(&health_of(&user, &[header, ("HX-Request", "true")]), header.0);
            assert_shows_the_backup(&health_of(&admin, &[header]), header.0);
        }
    }
    // A load balancer goes by the status code.
    for header in FORWARDED {
        let answer = site.ask("GET", "/up", &[header]);
        assert!(answer.status == 200 && answer.text().contains("green"), "{}", header.0);
    }
    let mut raw = Raw::connect(site.address);
    raw.send("GET /up HTTP/1.1\r\nHost: news.example\r\nAccept: application/json\r\n\r\n");
    assert_eq!(raw.answer().text(), r#"{"ok":true}"#);

    let published = Site::with(1, |config| config.metrics = true);
    assert_shows_the_backup(&health_of(&Client::new(&published), &[FORWARDED[0]]), "published");
}

#[test]
fn a_trusted_proxy_on_this_machine_publishes_no_metrics() {
    let site = Site::with(1, |config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]);
    for client in ["203.0.113.9", "127.0.0.1", "::1", "10.0.0.1", "nonsense", ""] {
        let header = ("X-Forwarded-For", client);
        assert_hidden(&site.ask("GET", "/metrics", &[header]), client);
    }
    assert_hidden(&site.ask("GET", "/metrics", &[("X-Forwarded-Proto", "https")]), "a scheme");
    // A request from the proxy's machine that does not come through the proxy.
    assert_eq!(site.get("/metrics").status, 200);
}

#[test]
fn metrics_are_not_for_another_machine() {
    let (_folder, database) = folder();
    let mut app = App::open(config(&database)).expect("a new database opens");
    let status = |app: &App, from: &str| {
        let headers = vec![("Host".to_owned(), "localhost".to_owned())];
        let peer = from.parse().expect(from);
        let request = Request::fake_http_from(peer, "GET", "/metrics", headers, Vec::new());
        app.handle(&request).status_code
    };
    let peers =
        [("127.0.0.1:4711", 200), ("[::1]:4711", 200), ("203.0.113.9:4711", 404), ("[fe80::1]:1", 404)];
    for (peer, expected) in peers {
        assert_eq!(status(&app, peer), expected, "{peer}");
    }
    app.site.config.metrics = true;
    for (peer, _) in peers {
        assert_eq!(status(&app, peer), 200, "{peer}");
    }
}

#[test]
fn metrics_answer_head_and_refuse_other_methods() {
    let site = Site::start();
    let mut raw = Raw::connect(site.address);
    raw.ask("HEAD", "/metrics", &[]);
    let head = raw.head();
    assert_eq!(head.status, 200);
    let length: usize =
        head.header("Content-Length").and_then(|length| length.parse().ok()).expect("a length");
    assert!(length > 1000, "{length}");
    // The next bytes are the next answer, not a body.
    raw.ask("GET", "/up", &[]);
    assert_eq!(raw.answer().status, 200);
    let answer = site.post("/metrics");
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET, HEAD")));
    let scrape = Scrape::of(site.address);
    assert_eq!(scrape.requests("/metrics", "HEAD", "200"), 1.0);
    assert_eq!(scrape.requests("/metrics", "POST", "405"), 1.0);
}

#[test]
fn each_request_is_counted_once_by_its_route_method_and_status() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    let own = client.post("/posts", &[("title", "Of mine"), ("description", "A text.")]);
    let own = own.header("Location").expect("it is posted").to_owned();
    client.post(&own, &[("_method", "PATCH"), ("title", "Still of mine"), ("description", "A text.")]);
    client.post(&own, &[("_method", "DELETE")]);
    client.post("/posts", &[("title", ""), ("description", "")]);
    for path in ["/posts/2", "/posts/3", "/posts/999999", "/posts/02", "/users/1", "/sign_up", "/users/new"] {
        site.get(path);
    }
    site.ask("HEAD", "/posts/2", &[]);
    site.ask("PUT", "/best", &[]);
    site.get("/posts/");
    let scrape = Scrape::of(site.address);
    for (route, method, status, count) in [
        ("/posts", "POST", "303", 1.0),
        ("/posts", "POST", "422", 1.0),
        ("/posts/:id", "PATCH", "303", 1.0),
        ("/posts/:id", "DELETE", "303", 1.0),
        ("/posts/:id", "GET", "200", 2.0),
        ("/posts/:id", "GET", "404", 2.0),
        ("/posts/:id", "HEAD", "200", 1.0),
        ("/users/:id", "GET", "200", 1.0),
        ("/sign_up", "GET", "200", 2.0),
        ("/best", "PUT", "405", 1.0),
        ("none", "GET", "301", 1.0),
        // A request is counted after its answer.
        ("/metrics", "GET", "200", 0.0),
    ] {
        assert_eq!(scrape.requests(route, method, status), count, "{method} {route} {status}");
    }
    assert_eq!(scrape.number(&format!("{TIMES}_count"), &[("route", "/posts/:id")]), 7.0);
    assert!(scrape.number(&format!("{TIMES}_sum"), &[("route", "/posts/:id")]) > 0.0);
    assert_eq!(Scrape::of(site.address).requests("/metrics", "GET", "200"), 1.0);
}

#[test]
fn concurrent_requests_are_all_counted() {
    const CLIENTS: usize = 8;
    const EACH: usize = 25;
    let site = Site::start();
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let mut raw = Raw::connect(site.address);
            scope.spawn(move || {
                for turn in 0..EACH {
                    raw.ask("GET", &format!("/posts/{}", 1 + (number + turn) % 20), &[]);
                    assert_eq!(raw.answer().status, 200);
                    raw.ask("GET", &format!("/nowhere/{number}/{turn}"), &[]);
                    assert_eq!(raw.answer().status, 404);
                }
            });
        }
    });
    let (scrape, all) = (Scrape::of(site.address), (CLIENTS * EACH) as f64);
    assert_eq!(scrape.requests("/posts/:id", "GET", "200"), all);
    assert_eq!(scrape.requests("none", "GET", "404"), all);
    for route in ["/posts/:id", "none"] {
        assert_eq!(scrape.number(&format!("{TIMES}_count"), &[("route", route)]), all, "{route}");
    }
}

#[test]
fn unknown_paths_add_no_series() {
    let site = Site::start();
    let ask_all = |round: usize| {
        for number in 0..20 {
            let number = 1000 * round + number;
            for path in [
                format!("/nowhere{number}"),
                format!("/posts/{number}x"),
                format!("/users/{number}/{number}"),
                format!("/search?q=word{number}"),
                format!("/best/{number}"),
                format!("/assets/{number}.css"),
            ] {
                site.get(&path);
                site.ask("DELETE", &path, &[]);
                site.ask("TRACE", &path, &[]);
                site.ask("CONNECT", &path, &[]);
            }
        }
        Scrape::of(site.address).series()
    };
    site.get("/metrics");
    let before = ask_all(1);
    assert!(before.iter().any(|series| series.contains("/posts/:id")), "{before:?}");
    assert_eq!(ask_all(2), before);
    assert!(before.iter().all(|series| !series.contains("1000")), "{before:?}");
}

#[test]
fn refusals_are_counted_by_reason() {
    let site = Site::with(20, |config| {
        config.rates = Some(RateLimits::default().with(RateLimit::SignIns, Limit::per_minute(1)));
    });
    for status in [422, 429, 429] {
        let form = [("screen_name", "nobody"), ("password", "wrong")];
        assert_eq!(Client::new(&site).post("/sessions", &form).status, status);
    }
    let mut raw = Raw::connect(site.address);
    raw.send("GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(raw.answer().status, 400);
    let scrape = Scrape::of(site.address);
    assert_eq!(scrape.refused("too_fast"), 2.0);
    assert_eq!(scrape.requests("/sessions", "POST", "429"), 2.0);
    assert_eq!(scrape.refused("unavailable"), 0.0);
    assert_eq!(scrape.number("lorem_news_malformed_requests_total", &[]), 1.0);
}

#[test]
fn connections_beyond_the_limit_are_counted() {
    let (_folder, database) = folder();
    seeded(&database, 5);
    let program = Program::serve(&database, &["--max-connections", "2"]);
    let other = open(&database);
    other.execute_batch("BEGIN IMMEDIATE").expect("no writer");
    // The accepted requests wait for the lock. Until they do, a new connection may replace them.
    let mut inside = Vec::new();
    eventually("the connection limit is reached", || {
        let mut newcomer = Raw::connect(program.address);
        newcomer.ask("POST", "/benchmarking/user_show", &[]);
        newcomer.stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a time-out can be set");
        let answer = newcomer.try_answer();
        inside.push(newcomer);
        answer.ok().filter(|answer| answer.text().contains("All connections are in use"))
    });
    other.execute_batch("ROLLBACK").expect("the transaction is open");
    drop(inside);
    let scrape = eventually("a connection is served again", || {
        let mut raw = Raw::connect(program.address);
        raw.try_send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
        raw.try_answer().ok().filter(|answer| answer.status == 200)
    });
    assert!(Scrape::read(scrape.text()).refused("connections") >= 1.0);
}

#[test]
fn the_gauges_show_waiting_writes() {
    let (_folder, database) = folder();
    seeded(&database, 5);
    let program = Program::serve(&database, &[]);
    let batches = |scrape: &Scrape| scrape.number("lorem_news_commit_writes_sum", &[]);
    let waiting = |scrape: &Scrape| scrape.number("lorem_news_write_queue_length", &[]);
    let busy = |scrape: &Scrape| scrape.number("lorem_news_connections_busy", &[]);
    // The work at the start has ended.
    let before = eventually("no other request", || {
        let scrape = Scrape::of(program.address);
        ((waiting(&scrape), busy(&scrape)) == (0.0, 1.0)).then_some(scrape)
    });
    let other = open(&database);
    other.execute_batch("BEGIN IMMEDIATE").expect("no writer");
    let mut writers: Vec<Raw> = (0..6).map(|_| Raw::connect(program.address)).collect();
    for raw in &mut writers {
        raw.ask("POST", "/benchmarking/user_show", &[]);
    }
    // The writer has taken the first and waits for the lock; the others wait for the writer.
    let during = eventually("they queue up", || {
        let scrape = Scrape::of(program.address);
        (waiting(&scrape) >= 5.0 && busy(&scrape) == 7.0).then_some(scrape)
    });
    assert!(during.number("lorem_news_connections", &[]) >= 7.0);
    other.execute_batch("ROLLBACK").expect("the transaction is open");
    for raw in &mut writers {
        assert_eq!(raw.answer().status, 200);
    }
    assert!(batches(&Scrape::of(program.address)) >= batches(&before) + 6.0);
    // The writer counts pages after it has answered its callers.
    let after = eventually("all is written", || {
        let scrape = Scrape::of(program.address);
        let (writes, times) = ("lorem_news_commit_writes_count", "lorem_news_commit_duration_seconds_count");
        let is_counted = scrape.number(writes, &[]) == scrape.number(times, &[]);
        let has_pages = scrape.number("lorem_news_wal_pages", &[]) > 0.0;
        (waiting(&scrape) == 0.0 && is_counted && has_pages).then_some(scrape)
    });
    let readers = |state: &str| after.number("lorem_news_readers", &[("state", state)]);
    assert!(readers("idle") >= 1.0 && readers("busy") + readers("idle") >= 4.0);
    assert_eq!(after.number("lorem_news_connections_max", &[]), 1024.0);
    // The system's number, within a factor of two: memory changes meanwhile.
    let (reported, seen) =
        (after.number("process_resident_memory_bytes", &[]), program.resident() as f64 * 1024.0);
    assert!((0.5..2.0).contains(&(reported / seen)), "{reported} of {seen}");
    assert!(after.number("process_open_fds", &[]) < after.number("process_max_fds", &[]));
    let version =
        after.0.iter().find(|sample| sample.metric == "lorem_news_build_info").expect("it is there");
    assert_eq!(version.labels.get("version"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(version.labels.get("sqlite"), Some(rusqlite::version()));
    assert!(after.0.iter().all(|sample| !sample.metric.contains("replica")), "no replica, no metrics of it");
}

/// The program on its own database, with this limit for the slow log (`--slow-ms`).
fn program_with(slow: &str) -> (tempfile::TempDir, Program) {
    let (folder, database) = folder();
    seeded(&database, 5);
    let program = Program::serve(&database, &["--no-rate-limits", "--slow-ms", slow]);
    (folder, program)
}

fn slow_lines(program: &Program) -> Vec<String> {
    program.log().lines().filter(|line| line.contains(" slow] ")).map(str::to_owned).collect()
}

#[test]
fn the_slow_log_has_statements_without_values() {
    let (_folder, program) = program_with("0");
    let client = Client::at(program.address);
    assert_eq!(
        client.post("/users", &[("screen_name", "Melusine"), ("password", "open sesame")]).status,
        303
    );
    let form = [("title", "An unheard-of title"), ("description", "Words of mine alone")];
    let posted = client.post("/posts", &form);
    assert_eq!(posted.status, 303);
    assert_eq!(client.get("/search?q=%22unheard-of%0d%0a+title").status, 200);
    program.await_log("GET /search?q=");
    let lines = slow_lines(&program);
    for part in
        ["BEGIN IMMEDIATE", "INSERT INTO users", "INSERT INTO posts", "INSERT INTO sessions", "FROM sessions"]
    {
        assert!(lines.iter().any(|line| line.contains(part)), "{part} is not in\n{}", program.log());
    }
    let session = client.cookie("session").expect("a session");
    let (_, secret) = session.split_once('.').expect("a number and a secret");
    for value in ["Melusine", "melusine", "sesame", "unheard-of title", "mine alone", secret] {
        assert!(!program.log().contains(value), "{value} is in\n{}", program.log());
    }
    let line = |of: &str| {
        let found = lines.iter().find(|line| line.contains(of));
        found.unwrap_or_else(|| panic!("no {of} in\n{}", program.log()))
    };
    let post = line(" POST /posts 303 took ");
    for part in [" ms:", " read ", " queue ", " work ", " commit ", " render "] {
        assert!(post.contains(part), "{part}: {post}");
    }
    assert!(line(" POST /users 303 took ").contains(" hash "), "{}", line(" POST /users 303"));
    assert!(line(" GET /search?q=%22unheard-of%0d%0a+title 200 took ").contains(" read "));
    assert!(lines.iter().all(|line| line.contains(" WARN ")), "{lines:?}");
}

#[test]
fn a_commit_that_waits_for_another_process_is_in_the_slow_log() {
    const SLOW: Duration = Duration::from_millis(60);
    let (folder, program) = program_with("60");
    let other = open(&folder.path().join("news.sqlite3"));
    other.execute_batch("BEGIN IMMEDIATE").expect("no writer");
    let mut writers: Vec<Raw> = (0..2).map(|_| Raw::connect(program.address)).collect();
    for raw in &mut writers {
        raw.ask("POST", "/benchmarking/user_show", &[]);
    }
    eventually("one waits for the writer, which waits for the lock", || {
        (Scrape::of(program.address).number("lorem_news_write_queue_length", &[]) >= 1.0).then_some(())
    });
    // From here on the statement takes until the lock is released.
    let held = Instant::now();
    eventually("the limit has passed", || (held.elapsed() > SLOW * 2).then_some(()));
    other.execute_batch("ROLLBACK").expect("the transaction is open");
    for raw in &mut writers {
        assert_eq!(raw.answer().status, 200);
    }
    program.await_log("BEGIN IMMEDIATE");
    program.await_log("POST /benchmarking/user_show 200 took ");
    let lines = slow_lines(&program);
    let request = lines.iter().find(|line| line.contains(" POST ")).expect("it was just there");
    let queue: f64 = request
        .split(" queue ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("no wait in the queue: {request}"));
    assert!(queue >= 60.0, "{request}");
    let statement = lines.iter().find(|line| line.contains("BEGIN IMMEDIATE")).expect("it was just there");
    let took: u64 = statement
        .split(" took ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("no duration: {statement}"));
    assert!(took >= 60, "{statement}");
}

#[test]
fn the_slow_log_is_empty_when_it_is_off_or_the_limit_is_high() {
    for slow in ["off", "4000000000"] {
        let (_folder, program) = program_with(slow);
        assert_eq!(program.post("/benchmarking/post_create").status, 200);
        assert_eq!(program.get("/").status, 200);
        // A slow line would come before this line.
        program.signal("TERM");
        program.await_log("stopping");
        assert_eq!(slow_lines(&program), [""; 0], "{slow}");
    }
}

/// The durations in the Server-Timing header, in milliseconds.
fn server_timing(answer: &Answer) -> BTreeMap<String, f64> {
    let header = answer.header("Server-Timing").unwrap_or_else(|| panic!("no times: {:?}", answer.headers));
    let part = |part: &str| {
        let (name, duration) = part.split_once(";dur=").unwrap_or_else(|| panic!("{header}"));
        assert_eq!(duration.split('.').nth(1).map(str::len), Some(3), "{header}");
        (name.to_owned(), duration.parse().unwrap_or_else(|_| panic!("{header}")))
    };
    header.split(", ").map(part).collect()
}

/// Panics unless Server-Timing has these parts and they add up to the total.
pub fn assert_timed(answer: &Answer, parts: &[&str]) {
    let timing = server_timing(answer);
    for part in parts.iter().chain(&["render", "total"]) {
        assert!(timing.contains_key(*part), "no {part} in {timing:?}");
    }
    let sum: f64 = timing.iter().filter(|(name, _)| *name != "total").map(|(_, time)| time).sum();
    // Each duration is cut to a microsecond.
    assert!((timing["total"] - sum).abs() < 0.010, "{timing:?}");
}

#[test]
fn a_demo_sends_server_timing() {
    let site = Site::start();
    let client = Client::signed_in(&site);
    for path in ["/", "/posts", "/posts/1", "/users/1", "/nowhere"] {
        assert_timed(&client.get(path), &["read"]);
    }
    assert_timed(&site.get("/sign_in"), &[]);
    assert_timed(
        &client.post("/posts", &[("title", "A new one"), ("description", "A text.")]),
        &["read", "queue", "commit"],
    );
    assert_timed(&client.htmx("POST", "/posts/2/vote", &[]), &["read", "commit"]);
    assert_timed(&site.post("/benchmarking/post_show"), &["queue", "commit", "read"]);
    assert_timed(&Client::new(&site).sign_in("nobody"), &["read", "hash"]);
    client.get("/"); // Shows and clears the notice.
    let tag = client.get("/").header("ETag").expect("a page has a tag").to_owned();
    let unchanged = client.ask("GET", "/", &[], &[("If-None-Match", &tag)]);
    assert_eq!(unchanged.status, 304);
    assert_timed(&unchanged, &["read"]);
    for path in ["/icon.svg", "/metrics", "/posts.atom"] {
        let answer = site.get(path);
        assert_eq!((answer.status, answer.header("Server-Timing")), (200, None), "{path}");
    }
}

#[test]
fn a_site_that_is_no_demo_sends_no_server_timing() {
    let (_folder, database) = folder();
    seeded(&database, 5);
    let program = Program::serve(&database, &[]);
    for path in ["/", "/posts/1", "/nowhere"] {
        assert_eq!(program.get(path).header("Server-Timing"), None, "{path}");
    }
    assert_eq!(program.post("/benchmarking/post_show").header("Server-Timing"), None);
    let mut demo = crate::harness::program(&["demo", "--listen", "127.0.0.1:0", "--database"]);
    demo.arg(database);
    let demo = Program::start(demo);
    assert_timed(&demo.get("/"), &["read"]);
}
