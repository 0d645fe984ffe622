//! Whether writes wait while millions of old sessions are removed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use lorem_news::types::time::Timestamp;
use rusqlite::{Connection, params};

use super::fill::{USERS, in_one_transaction, without_indexes};
use super::options::Options;
use crate::database::FILE_NAME;
use crate::format::{self, grouped, milliseconds, table};
use crate::load::{self, Amount, LoadReport};
use crate::pause;
use crate::server::{Server, ServerOptions};

/// Clients that write while sessions are removed.
const CLIENTS: u64 = 4;
/// How long the clients write.
const SECONDS: u64 = 30;
/// The age of an old session: more than the time for which a session is kept.
const OLD: Duration = Duration::from_hours(400 * 24);

/// Measures clients that write to a server on a copy of the small database, first with few sessions, and then among
/// sessions of which half are old, so that the server begins to remove them at once.
pub fn measure(small: &Path, folder: &Path, options: &Options) -> Result<String> {
    let folder = folder.join("pruning");
    fs::create_dir(&folder)?;
    let database = folder.join(FILE_NAME);
    fs::copy(small, &database)?;
    eprintln!("writes with few sessions and none to remove");
    let without = write(&folder)?;
    eprintln!("making {} sessions", grouped(options.sessions.into()));
    in_one_transaction(&database, |transaction| {
        without_indexes(transaction, "sessions", || replace_sessions(transaction, options.sessions))?;
        Ok(transaction.execute_batch(
            "UPDATE users SET sessions_count = (SELECT count(*) FROM sessions WHERE user_id = users.id)",
        )?)
    })?;
    eprintln!("writes while old sessions are removed");
    let with = write(&folder)?;
    let first: u32 =
        Connection::open(&database)?.query_row("SELECT min(id) FROM sessions", [], |row| row.get(0))?;
    if first > options.sessions / 2 {
        bail!("all old sessions were removed before the clients ended: use --sessions with a larger number");
    }
    let pause = pause::longest(Duration::from_secs(SECONDS))?;
    let rows = [
        row("with few sessions, none old", &without),
        row(&format!("while {} were removed", grouped(f64::from(first - 1))), &with),
        [
            "longest pause of the idle machine".to_owned(),
            format::unknown(),
            format::unknown(),
            milliseconds(Some(pause.as_secs_f64())),
        ],
    ];
    let heading = format!(
        "`post_create` from {CLIENTS} clients for {SECONDS} s, {} sessions",
        grouped(options.sessions.into())
    );
    Ok(table([&heading, "requests/s", "p99.9 ms", "maximum ms"], &rows))
}

/// Writes to a server on the database in `folder`.
fn write(folder: &Path) -> Result<LoadReport> {
    let server = Server::start(folder, &ServerOptions::site())?;
    let url = format!("{}/benchmarking/post_create", server.url());
    let load = load::post(&url, CLIENTS, &Amount::Seconds(SECONDS), folder)?;
    server.stop()?;
    if !load.failures.is_empty() {
        bail!("post_create: {}", format::counts(&load.failures));
    }
    Ok(load)
}

fn row(name: &str, load: &LoadReport) -> [String; 4] {
    [name.to_owned(), grouped(load.throughput), milliseconds(load.p999), milliseconds(load.maximum)]
}

/// Replaces all sessions by `number` sessions of all users, of which the first half are old.
fn replace_sessions(connection: &Connection, number: u32) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM sessions", [])?;
    let mut insert = connection.prepare(
        "INSERT INTO sessions (id, user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
         VALUES (?1, ?2, ?3, ?3, zeroblob(32), '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0')",
    )?;
    let now = Timestamp::now();
    for id in 1..=number {
        let time = if id <= number / 2 { now - OLD } else { now };
        insert.execute(params![
            id,
            i64::from(id) * 7_919 % i64::from(USERS) + 1,
            time + Duration::from_micros(id.into())
        ])?;
    }
    Ok(())
}
