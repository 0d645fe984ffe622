//! Whether anybody's write waits while millions of old sessions are removed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use lorem_news::types::time::{DAY, now};
use rusqlite::{Connection, params};

use super::Options;
use super::fill::{PEOPLE, at_once, without_indexes};
use crate::database::NAME;
use crate::limits::longest_pause;
use crate::load::{self, Answers, Much};
use crate::report::{grouped, milliseconds, none, table};
use crate::server::Server;
use crate::{Result, report};

/// Clients that write meanwhile.
const CLIENTS: u64 = 4;
/// How long they do.
const SECONDS: u64 = 30;
/// Longer ago than a session is kept.
const OLD: i64 = 400 * DAY;

/// Starts a server on a copy of the small database and has clients write; then the same with sessions of which
/// every second is old, which the server begins to remove at once.
pub fn watch(small: &Path, folder: &Path, options: &Options) -> Result<String> {
    let folder = folder.join("pruning");
    fs::create_dir(&folder)?;
    let database = folder.join(NAME);
    fs::copy(small, &database)?;
    eprintln!("writing while there is nothing to remove, and few sessions");
    let without = write(&folder)?;
    eprintln!("{} sessions", grouped(options.sessions.into()));
    at_once(&database, |transaction| {
        without_indexes(transaction, "sessions", || sign_in(transaction, options.sessions))?;
        Ok(transaction.execute_batch(
            "UPDATE users SET sessions_count = (SELECT count(*) FROM sessions WHERE user_id = users.id)",
        )?)
    })?;
    eprintln!("writing while the old ones are removed");
    let with = write(&folder)?;
    let first: u32 =
        Connection::open(&database)?.query_row("SELECT min(id) FROM sessions", [], |row| row.get(0))?;
    if first > options.sessions / 2 {
        return Err("the old sessions were gone before the clients were: ask for more of them".into());
    }
    let pause = longest_pause(Duration::from_secs(SECONDS))?;
    let rows = [
        row("with few sessions, none old", &without),
        row(&format!("while {} were removed", grouped(f64::from(first - 1))), &with),
        [
            "the machine's own longest pause".to_owned(),
            none(),
            none(),
            milliseconds(Some(pause.as_secs_f64())),
        ],
    ];
    let what = format!(
        "`post_create` from {CLIENTS} clients for {SECONDS} s, {} sessions",
        grouped(options.sessions.into())
    );
    Ok(table([&what, "requests/s", "p99.9 ms", "slowest ms"], &rows))
}

/// What clients see who write to a server on the database in `folder`.
fn write(folder: &Path) -> Result<Answers> {
    let server = Server::benchmarked(folder)?;
    let url = format!("{}/benchmarking/post_create", server.url());
    let answers = load::run(&url, CLIENTS, &Much::Seconds(SECONDS), folder)?;
    server.stop()?;
    if !answers.others.is_empty() {
        return Err(report::counts(&answers.others).into());
    }
    Ok(answers)
}

fn row(what: &str, answers: &Answers) -> [String; 4] {
    [what.to_owned(), grouped(answers.per_second), milliseconds(answers.p999), milliseconds(answers.slowest)]
}

/// Each is of somebody; the first half is old. They take the place of those that are there.
fn sign_in(connection: &Connection, number: u32) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sessions", [])?;
    let mut insert = connection.prepare(
        "INSERT INTO sessions (id, user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
         VALUES (?1, ?2, ?3, ?3, zeroblob(32), '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0')",
    )?;
    let now = now();
    for id in 1..=number {
        let time = if id <= number / 2 { now - OLD } else { now };
        insert.execute(params![id, i64::from(id) * 7_919 % i64::from(PEOPLE) + 1, time + i64::from(id)])?;
    }
    Ok(())
}
