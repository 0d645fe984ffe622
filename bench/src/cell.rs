//! One endpoint under one load: what was seen from outside, and what the server did for it.

use std::path::Path;
use std::time::Duration;

use crate::Result;
use crate::database::Databases;
use crate::endpoint::Endpoint;
use crate::load::{self, Answers};
use crate::server::{How, Server};

/// The load.
pub struct Load {
    pub endpoint: &'static Endpoint,
    /// How many clients send one request after the other, each on a connection that is kept open.
    pub connections: u64,
    pub seconds: u64,
    /// Requests a second that it was seen to answer under a similar load, see [`Endpoint::much`].
    pub rate: Option<f64>,
}

/// What came of it.
pub struct Cell {
    pub endpoint: &'static str,
    pub connections: u64,
    pub answers: Answers,
    /// Processor time of the server for a call, where the system tells.
    pub processor: Option<Duration>,
    /// Calls of an endpoint that destroys that had nothing to destroy.
    pub found_nothing: Option<u64>,
}

/// Starts a server on a database of its own, loads the endpoint, stops the server and looks at what
/// it left behind.
pub fn time(databases: &mut Databases, load: &Load, how: &How) -> Result<Cell> {
    let Load { endpoint, connections, seconds, rate } = *load;
    let folder = databases.copy(endpoint.posts(seconds))?;
    let server = Server::start(folder.path(), how)?;
    let before = server.processor_time();
    let url = format!("{}/benchmarking/{}", server.url(), endpoint.name);
    let answers = load::run(&url, connections, &endpoint.much(seconds, rate), folder.path())?;
    let after = server.processor_time();
    let database = server.stop()?;
    let written = written(&database, &answers)?;
    let calls = written + answers.others.values().sum::<u64>();
    let processor = before
        .zip(after)
        .and_then(|(before, after)| after.checked_sub(before)?.checked_div(u32::try_from(calls).ok()?));
    let found_nothing = match &endpoint.destroys {
        None => None,
        Some(destroys) => Some(written.saturating_sub(gone(&database, destroys.table)?)),
    };
    Ok(Cell { endpoint: endpoint.name, connections, answers, processor, found_nothing })
}

/// How many calls the server carried out: each leaves a session, which the demo data has none of.
/// A few more than were counted as answered may be there, because the load stops in mid-request;
/// fewer would mean that an answered write is lost.
fn written(database: &Path, answers: &Answers) -> Result<u64> {
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
