//! The system clock is set forward and back while the server runs, or is wrong at its start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lorem_news::types::time::{DAY, Timestamp};
use rusqlite::{Connection, params};

use crate::client::Client;
use crate::harness::{Program, assert_sound, folder, ids, micros, number, open, program, seeded, texts};

const YEAR: i64 = 365;

/// A time of day that a test can set. Programs that preload `clock.c` use it.
struct Clock {
    library: PathBuf,
    shift: PathBuf,
}

impl Clock {
    /// Builds the library, with the right time.
    fn new(folder: &Path) -> Clock {
        let clock = Clock { library: folder.join("clock.so"), shift: folder.join("shift") };
        let cc = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let mut words = cc.split_whitespace();
        let built = Command::new(words.next().expect("a compiler"))
            .args(words)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&clock.library)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/clock.c"))
            .output()
            .expect("the C compiler runs: it has built SQLite");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        clock.set(0);
        clock
    }

    /// Sets the clock `days` days ahead of the right time; a negative number sets it back.
    fn set(&self, days: i64) {
        let seconds = days * 24 * 60 * 60;
        // Written in place, since the server has mapped the file.
        let mut file =
            fs::OpenOptions::new().create(true).truncate(false).write(true).open(&self.shift).unwrap();
        std::io::Write::write_all(&mut file, &seconds.to_ne_bytes()).unwrap();
    }

    fn serve(&self, database: &Path, more: &[&str]) -> Program {
        let mut command = program(&["serve", "--benchmarking", "--relax-ssl", "--listen", "127.0.0.1:0"]);
        command.arg("--database").arg(database).args(more);
        command.env("RUST_LOG", "info,access=off");
        command.env("LD_PRELOAD", &self.library).env("CLOCK_SHIFT", &self.shift);
        Program::start(command)
    }
}

#[test]
fn the_site_works_while_the_clock_is_set_forward_and_back() {
    let (folder, database) = folder();
    seeded(&database, 10);
    let clock = Clock::new(folder.path());
    let program = clock.serve(&database, &["--writes-per-minute", "1000"]);
    let connection = open(&database);
    let client = Client::at(program.address);
    assert_eq!(client.sign_up("wanderer").status, 303);
    let first = number(&connection, "SELECT max(id) FROM posts") + 1;
    for (post, days) in (first..).zip([YEAR, 0, -YEAR, 30 * YEAR, -56 * YEAR, 0, 1, 0]) {
        clock.set(days);
        let title = format!("Written {days} days ahead, as number {post}");
        let written = client.post("/posts", &[("title", &title), ("description", "A text")]);
        assert_eq!(written.status, 303, "{days}: {}", written.text());
        let path = format!("/posts/{post}");
        let page = client.get(&path);
        assert_eq!(texts(&page.html(), "h1"), std::slice::from_ref(&title), "ids do not depend on the clock");
        assert_eq!(client.post(&format!("{path}/comments"), &[("body", "A comment")]).status, 303);
        for path in [&*path, "/", "/posts", "/best", "/front.atom", "/sitemap.xml", "/status", "/up", "/log"]
        {
            let answer = client.get(path);
            assert_eq!(answer.status, 200, "{days}: {path}: {}", answer.text());
        }
        let made: i64 = number(&connection, &format!("SELECT created_at FROM posts WHERE id = {post}"));
        let off = made - (Timestamp::now().as_micros() + days * micros(DAY)).max(0);
        assert!(off.abs() < micros(DAY / 2), "{days}: the server used another clock, off by {off} µs");
        // A post from the future has an age, too: it is never negative.
        let ages = texts(&client.get(&path_of_first(first)).html(), "main time");
        assert!(!ages.is_empty(), "{days}: no age is shown");
        for age in ages {
            assert!(!age.is_empty() && !age.contains('-'), "{days}: {age:?}");
        }
        assert_eq!(client.get("/user/edit").status, 200, "{days}: the session is valid");
    }
    assert!(!program.log().contains("ERROR"), "{}", program.log());
    assert_sound(&connection);
}

fn path_of_first(first: i64) -> String {
    format!("/posts/{first}")
}

#[test]
fn a_rate_limit_holds_when_the_clock_is_set() {
    let (folder, database) = folder();
    seeded(&database, 10);
    let clock = Clock::new(folder.path());
    let program = clock.serve(&database, &["--sign-ins-per-minute", "2"]);
    let attempt =
        || Client::at(program.address).post("/sessions", &[("screen_name", "nobody"), ("password", "x")]);
    assert_eq!([attempt().status, attempt().status, attempt().status], [422, 422, 429]);
    for days in [YEAR, -YEAR, 0] {
        clock.set(days);
        let refused = attempt();
        let wait: u64 = refused.header("Retry-After").and_then(|wait| wait.parse().ok()).expect("a wait");
        assert!(
            refused.status == 429 && (1..=60).contains(&wait),
            "{days} days: {}, {wait} s",
            refused.status
        );
    }
}

/// Inserts a session that was created and last used `days` days ago.
fn session(connection: &Connection, user_id: i64, days: u32) {
    let sql = "INSERT INTO sessions (user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
               VALUES (?1, ?2, ?2, zeroblob(32), '::1', '')";
    connection.execute(sql, params![user_id, Timestamp::now() - days * DAY]).unwrap();
    connection
        .execute("UPDATE users SET sessions_count = sessions_count + 1 WHERE id = ?1", [user_id])
        .unwrap();
}

#[test]
fn a_server_that_starts_in_the_wrong_year_keeps_recently_used_sessions() {
    let (folder, database) = folder();
    seeded(&database, 10);
    let connection = open(&database);
    [200, 100, 50, 1].iter().for_each(|&days| session(&connection, 1, days));
    let clock = Clock::new(folder.path());
    clock.set(YEAR);
    let program = clock.serve(&database, &[]);
    program.await_log("removed 2 unused sessions");
    assert_eq!(program.get("/").status, 200);
    assert_eq!(ids(&connection, "SELECT id FROM sessions ORDER BY id"), [3, 4]);
    assert_sound(&connection);
}
