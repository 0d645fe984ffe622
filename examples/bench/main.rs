//! Loads each of the ten benchmarking endpoints and reports what came of it: `bin/bench` builds the
//! release server, finds oha (the load generator) and runs this.
//!
//! Every endpoint gets a server of its own on a fresh database, so that no figure depends on what
//! was timed before it. The table goes to stdout, and with the machine's description to
//! `docs/benchmarks.md`, when all endpoints were timed. Progress goes to stderr.

mod load;
mod process;
mod replica;
mod report;
mod scale;
mod server;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

use load::{Answers, Much};
use server::{How, Server};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where the report of a whole run is kept, seen from the repository's root.
const REPORT: &str = "docs/benchmarks.md";

/// Time the ten benchmarking endpoints of a release build.
#[derive(Parser, Debug)]
#[command(bin_name = "bin/bench", args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// How long each endpoint is loaded
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// How many clients send one request after the other, each on a connection that is kept open
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: u64,
    /// Only these; then docs/benchmarks.md stays as it is
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = PossibleValuesParser::new(ENDPOINTS.map(|endpoint| endpoint.name)))]
    endpoints: Vec<String>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Time pages with a million posts and with a thousand, and votes beside sign-ins
    Scale(scale::Options),
    /// Time the ten endpoints with a replica and without one, by turns
    Replica(replica::Options),
}

/// One of `POST /benchmarking/…`.
struct Endpoint {
    name: &'static str,
    destroys: Option<Destroys>,
}

/// How an endpoint that destroys is kept from being timed on an empty table: the number of calls is
/// bounded, and the database holds more than that.
struct Destroys {
    /// What a call removes one row of.
    table: &'static str,
    /// Calls for each second that was asked for.
    calls: u64,
    /// Posts in the database, each with about ten comments, for each of these seconds.
    posts: u64,
}

const ENDPOINTS: [Endpoint; 10] = [
    endpoint("read_heavy"),
    endpoint("write_heavy"),
    endpoint("balanced"),
    endpoint("post_create"),
    endpoint("comment_create"),
    Endpoint {
        name: "post_destroy",
        destroys: Some(Destroys { table: "posts", calls: 2_000, posts: 3_000 }),
    },
    Endpoint {
        name: "comment_destroy",
        destroys: Some(Destroys { table: "comments", calls: 6_000, posts: 1_000 }),
    },
    endpoint("post_show"),
    endpoint("posts_index"),
    endpoint("user_show"),
];

const fn endpoint(name: &'static str) -> Endpoint {
    Endpoint { name, destroys: None }
}

/// What one endpoint did under load.
struct Row {
    endpoint: &'static str,
    answers: Answers,
    /// Processor time of the server for a call, where the system tells.
    processor: Option<Duration>,
    /// Calls of an endpoint that destroys that had nothing to destroy.
    found_nothing: Option<u64>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    process::stop_on_signals()?;
    match &options.command {
        Some(Command::Scale(options)) => return scale::run(options),
        Some(Command::Replica(options)) => return replica::run(options),
        None => {}
    }
    let mut rows = Vec::new();
    for (number, endpoint) in chosen(options).into_iter().enumerate() {
        let row = time(endpoint, options.seconds, options.connections, &How::default())
            .map_err(|error| format!("{}: {error}", endpoint.name))?;
        eprintln!("{:>2} {}", number + 1, report::line(&row));
        rows.push(row);
    }
    let table = report::table(&rows);
    print!("{table}");
    if options.endpoints.is_empty() {
        std::fs::write(REPORT, report::document(options, &table)?)?;
        eprintln!("Written to {REPORT}");
    }
    let failed: Vec<&str> =
        rows.iter().filter(|row| !row.answers.others.is_empty()).map(|row| row.endpoint).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("not all calls were answered with 200: {failed:?}").into())
    }
}

/// The endpoints that were asked for; none named means all.
fn chosen(options: &Options) -> Vec<&'static Endpoint> {
    let all = options.endpoints.is_empty();
    ENDPOINTS
        .iter()
        .filter(|endpoint| all || options.endpoints.iter().any(|name| name == endpoint.name))
        .collect()
}

/// Starts a server on a fresh database, loads the endpoint, stops the server and looks at what it
/// left behind.
fn time(endpoint: &'static Endpoint, seconds: u64, connections: u64, how: &How) -> Result<Row> {
    // Beside the build, not in /tmp: that is often kept in memory, where a durable write costs nothing.
    let folder = tempfile::tempdir_in(server::build_folder()?)?;
    let (much, posts) = match &endpoint.destroys {
        None => (Much::Seconds(seconds), None),
        Some(destroys) => (Much::Calls(destroys.calls * seconds), Some(destroys.posts * seconds)),
    };
    let server = Server::start(folder.path(), posts, how)?;
    let before = server.processor_time();
    let url = format!("{}/benchmarking/{}", server.url(), endpoint.name);
    let answers = load::run(&url, connections, &much, folder.path())?;
    let after = server.processor_time();
    let database = server.stop()?;
    let calls = calls(&database, &answers)?;
    let processor = before
        .zip(after)
        .and_then(|(before, after)| after.checked_sub(before)?.checked_div(u32::try_from(calls).ok()?));
    let found_nothing = match &endpoint.destroys {
        None => None,
        Some(destroys) => Some(calls.saturating_sub(gone(&database, destroys.table)?)),
    };
    Ok(Row { endpoint: endpoint.name, answers, processor, found_nothing })
}

/// How many calls the server carried out: each leaves a session, which the demo data has none of.
/// A few more than were counted as answered may be there, because the load stops in mid-request;
/// fewer would mean that an answered write is lost.
fn calls(database: &Path, answers: &Answers) -> Result<u64> {
    let sessions = count(database, "SELECT count(*) FROM sessions")?;
    if sessions < answers.ok {
        return Err(format!("{} calls were answered, but {sessions} are in the database", answers.ok).into());
    }
    Ok(sessions)
}

/// How many rows of a table are gone: its numbers are given out once and without gaps.
fn gone(database: &Path, table: &str) -> Result<u64> {
    let remaining = format!("(SELECT count(*) FROM {table})");
    count(database, &format!("SELECT seq - {remaining} FROM sqlite_sequence WHERE name = '{table}'"))
}

fn count(database: &Path, sql: &str) -> Result<u64> {
    let count: i64 = rusqlite::Connection::open(database)?.query_row(sql, [], |row| row.get(0))?;
    Ok(count.try_into()?)
}
