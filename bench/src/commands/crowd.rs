//! `bin/bench crowd`: what others see while a crowd of hostile clients is there.
//!
//! Each scenario has a server of its own, with `lorem-news serve` as it is by default. The crowd begins together with
//! the others, which ask for pages on a new connection each and measure their answers. The crowd is on this machine,
//! to which the limit of connections per address does not apply: the server gets no help from it.

mod crowds;
mod others;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use rusqlite::{Connection, params};

use crate::database::{Databases, FILE_NAME};
use crate::format::{counts, milliseconds, table};
use crate::process::check_stop_signal;
use crate::server::{Mode, Server, ServerOptions};
use others::Seen;

/// Measure what others see while hostile clients read or send next to nothing (prints only)
#[derive(Args, Debug)]
pub struct Options {
    /// The scenarios: slow-readers, unread-pages, half-bodies
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAME,…",
        default_value = "slow-readers,unread-pages,half-bodies"
    )]
    only: Vec<Scenario>,
    /// Seconds of each scenario
    #[arg(long, default_value_t = 20, value_name = "N")]
    seconds: u64,
}

/// A kind of crowd.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Scenario {
    /// 1,100 clients ask for a file twice and read a byte a second.
    SlowReaders,
    /// 200 clients ask for a page with 120 comments of 10,000 characters of links, and do not read it.
    UnreadPages,
    /// 1,400 times a second a client sends the first of 100,000 bytes.
    HalfBodies,
}

/// The 99th percentile of others' answers stays below it.
const MAX_P99: Duration = Duration::from_millis(300);
/// The anonymous memory of the server stays below it, in bytes.
const MAX_MEMORY: u64 = 200 * 1024 * 1024;
/// The interval at which memory is read.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(50);
/// The most sockets that this program has open.
const DESCRIPTORS: u64 = 8_192;
/// Comments on the page of unread-pages, and characters of each.
const LONG_COMMENTS: usize = 120;
const LONG_COMMENT_CHARACTERS: usize = 10_000;

/// Runs the scenarios and prints what others saw.
///
/// # Errors
/// When a step fails, and when an aim is missed.
pub fn run(options: &Options) -> Result<()> {
    let rlimit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: Some(DESCRIPTORS), ..rlimit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised)
        .with_context(|| format!("{DESCRIPTORS} open files are needed: see ulimit -Hn"))?;
    let mut databases = Databases::new()?;
    let mut rows = Vec::new();
    let mut missed = Vec::new();
    for scenario in &options.only {
        let name = clap::ValueEnum::to_possible_value(scenario)
            .map_or_else(String::new, |it| it.get_name().to_owned());
        eprintln!("{name}, {} s", options.seconds);
        let outcome = measure(*scenario, &mut databases, Duration::from_secs(options.seconds))?;
        missed.extend(outcome.misses().into_iter().map(|miss| format!("{name}: {miss}")));
        rows.push(outcome.row(name));
    }
    print!("{}", table(COLUMNS, &rows));
    if missed.is_empty() { Ok(()) } else { bail!("{}", missed.join("; ")) }
}

const COLUMNS: [&str; 8] = [
    "crowd",
    "its connections",
    "others' 200s",
    "not 200 (aim: none)",
    "median, ms",
    "p99, ms (aim: under 300)",
    "largest memory, MiB (aim: under 200)",
    "memory afterwards, MiB",
];

struct Outcome {
    /// Connections that the crowd opened.
    connections: usize,
    seen: Seen,
    /// Bytes.
    largest_memory: u64,
    memory_afterwards: u64,
}

impl Outcome {
    fn row(&self, name: String) -> [String; 8] {
        let mebibytes = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
        let percentile = |part| milliseconds(self.seen.percentile(part).map(|time| time.as_secs_f64()));
        [
            name,
            self.connections.to_string(),
            self.seen.times.len().to_string(),
            counts(&self.seen.failures),
            percentile(0.5),
            percentile(0.99),
            mebibytes(self.largest_memory),
            mebibytes(self.memory_afterwards),
        ]
    }

    fn misses(&self) -> Vec<String> {
        let mut misses = Vec::new();
        if !self.seen.failures.is_empty() {
            misses.push(format!("answers other than 200: {}", counts(&self.seen.failures)));
        }
        if self.seen.percentile(0.99).is_none_or(|p99| p99 >= MAX_P99) {
            misses.push("the 99th percentile is too high".to_owned());
        }
        if self.largest_memory >= MAX_MEMORY {
            misses.push("the server takes too much memory".to_owned());
        }
        misses
    }
}

fn measure(scenario: Scenario, databases: &mut Databases, duration: Duration) -> Result<Outcome> {
    let folder = databases.copy(None)?;
    if scenario == Scenario::UnreadPages {
        lengthen(&folder.path().join(FILE_NAME))?;
    }
    let options = ServerOptions { mode: Mode::Serve { benchmarking: false }, ..ServerOptions::default() };
    let server = Server::start(folder.path(), &options)?;
    let address = server.url().trim_start_matches("http://").parse()?;
    let asset = others::asset(address)?;
    let over = AtomicBool::new(false);
    let (connections, seen, largest_memory) = thread::scope(|scope| -> Result<_> {
        // The scope ends even if a step fails.
        let end = EndOnDrop(&over);
        let crowd = scope.spawn(|| match scenario {
            Scenario::SlowReaders => crowds::slow_readers(address, &asset, &over),
            Scenario::UnreadPages => crowds::unread_pages(address, &over),
            Scenario::HalfBodies => crowds::half_bodies(address, &over),
        });
        let others: Vec<_> =
            (0..others::CLIENTS).map(|_| scope.spawn(|| others::visit(address, &over))).collect();
        let largest_memory = sample(&server, duration)?;
        drop(end);
        let mut seen = Seen::default();
        for other in others {
            seen.add(other.join().map_err(|_| anyhow::anyhow!("a client panicked"))?);
        }
        let connections = crowd.join().map_err(|_| anyhow::anyhow!("the crowd panicked"))??;
        Ok((connections, seen, largest_memory))
    })?;
    // The server notices in a moment that the crowd has gone.
    sample(&server, Duration::from_secs(1))?;
    let memory_afterwards = server.anonymous_memory()?;
    server.stop()?;
    Ok(Outcome { connections, seen, largest_memory, memory_afterwards })
}

struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The largest anonymous memory of the server within this time.
fn sample(server: &Server, duration: Duration) -> Result<u64> {
    let began = Instant::now();
    let mut largest = 0;
    while began.elapsed() < duration {
        check_stop_signal()?;
        largest = largest.max(server.anonymous_memory()?);
        thread::sleep(SAMPLE_INTERVAL);
    }
    Ok(largest)
}

/// Gives post 1 the long comments of [`Scenario::UnreadPages`].
fn lengthen(database: &Path) -> Result<()> {
    let connection = Connection::open(database)?;
    let link = "https://example.com/a ";
    let body = link.repeat(LONG_COMMENT_CHARACTERS / link.len());
    let insert = "INSERT INTO comments (post_id, user_id, created_at, updated_at, body)
                  SELECT 1, 1, created_at, created_at, ?1 FROM posts WHERE id = 1";
    for _ in 0..LONG_COMMENTS {
        connection.execute(insert, params![body])?;
    }
    connection.execute_batch(
        "UPDATE posts SET comments_count = (SELECT count(*) FROM comments WHERE post_id = 1 AND deleted_at IS NULL)
             WHERE id = 1;
         UPDATE users SET comments_count = (SELECT count(*) FROM comments WHERE user_id = 1 AND deleted_at IS NULL)
             WHERE id = 1;",
    )?;
    Ok(())
}
