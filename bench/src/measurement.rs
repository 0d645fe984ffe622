//! One measurement: an endpoint under a workload, as its clients and its server's processor time show it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::database::Databases;
use crate::endpoint::Endpoint;
use crate::load::{self, LoadReport};
use crate::server::{Server, ServerOptions};

/// The load generator.
pub struct Workload {
    pub endpoint: &'static Endpoint,
    /// Clients, each of which sends one request after the other on a connection that is kept open.
    pub connections: u64,
    pub seconds: u64,
    /// Requests per second that the endpoint answered under a similar load, see [`Endpoint::amount`].
    pub expected_throughput: Option<f64>,
}

/// The result of a workload.
pub struct Measurement {
    pub endpoint: &'static str,
    pub connections: u64,
    pub load: LoadReport,
    /// Processor time of the server per request, where the system reports it.
    pub cpu_per_request: Option<Duration>,
    /// Calls of an endpoint that destroys rows that found no row.
    pub nothing_to_destroy: Option<u64>,
}

/// Starts a server on a fresh database, loads the endpoint, stops the server, and checks the database.
pub fn measure(
    databases: &mut Databases,
    workload: &Workload,
    options: &ServerOptions,
) -> Result<Measurement> {
    let Workload { endpoint, connections, seconds, expected_throughput } = *workload;
    let folder = databases.copy(endpoint.posts(seconds))?;
    let server = Server::start(folder.path(), options)?;
    let before = server.cpu_time();
    let url = format!("{}/benchmarking/{}", server.url(), endpoint.name);
    let amount = endpoint.amount(seconds, expected_throughput);
    let load = load::post(&url, connections, &amount, folder.path())?;
    let after = server.cpu_time();
    let database = server.stop()?;
    let written = sessions_written(&database, &load)?;
    let calls = written + load.failures.values().sum::<u64>();
    let cpu_per_request = before
        .zip(after)
        .and_then(|(before, after)| after.checked_sub(before)?.checked_div(u32::try_from(calls).ok()?));
    let nothing_to_destroy = match &endpoint.destroys {
        None => None,
        Some(destroys) => Some(written.saturating_sub(rows_destroyed(&database, destroys.table)?)),
    };
    Ok(Measurement { endpoint: endpoint.name, connections, load, cpu_per_request, nothing_to_destroy })
}

/// The number of calls that the server carried out: each writes a session, and the demo data has none. A few
/// calls more than were answered may have been carried out, because the load stops in the middle of a
/// request; fewer would mean that an answered write is lost.
fn sessions_written(database: &Path, load: &LoadReport) -> Result<u64> {
    let sessions = count(database, "SELECT count(*) FROM sessions")?;
    if sessions < load.ok {
        bail!("{} calls were answered, but {sessions} are in the database", load.ok);
    }
    Ok(sessions)
}

/// The number of rows that a table has lost: its ids are given out once and without gaps.
fn rows_destroyed(database: &Path, table: &str) -> Result<u64> {
    let remaining = format!("(SELECT count(*) FROM {table})");
    count(database, &format!("SELECT seq - {remaining} FROM sqlite_sequence WHERE name = '{table}'"))
}

fn count(database: &Path, sql: &str) -> Result<u64> {
    let count: i64 = rusqlite::Connection::open(database)?.query_row(sql, [], |row| row.get(0))?;
    Ok(count.try_into()?)
}
