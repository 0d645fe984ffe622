//! Runs `litestream restore`: fetches the database from a replica, or lists the replica's contents.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;

use super::configuration;
use super::process::{StopSignal, litestream_command};
use super::settings::Settings;

/// Litestream is killed when it has fetched nothing for this long. It would try without end.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The limit on the whole restore.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(6 * 60 * 60);
/// The time between two looks at its progress.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// How much of its standard error is kept.
const MAX_STDERR_BYTES: usize = 16 * 1024;
/// The longest reason that is taken from it, in characters.
const MAX_REASON_CHARS: usize = 300;
/// Litestream's message for an empty replica.
const EMPTY_REPLICA: &str = "no matching backup files";

/// The facts in the index of a replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The number of the newest transaction.
    pub newest_transaction: u64,
    /// The number of bytes that a restore fetches.
    pub bytes: u64,
}

/// How Litestream ended.
enum Outcome {
    /// With its standard output.
    Success(String),
    /// With the reason that it gave.
    Failure(String),
}

/// Restores the replica of `database`, as it is or as it was `at` a time, into the folder `work`, which must
/// be empty and private. Returns the path of the restored file, which is not checked yet; `None`: the replica
/// is empty. `is_stopped` ends it early.
///
/// # Errors
/// The replica cannot be reached, it has nothing from that time, or `is_stopped`.
pub fn restore(
    settings: &Settings,
    database: &Path,
    work: &Path,
    at: Option<jiff::Timestamp>,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Option<PathBuf>> {
    let copy = work.join("copy.sqlite3");
    let at = at.map(|at| at.to_string());
    let mut arguments = vec![OsStr::new("-o"), copy.as_os_str()];
    match &at {
        Some(at) => arguments.extend([OsStr::new("-timestamp"), OsStr::new(at)]),
        None => arguments.push(OsStr::new("-if-replica-exists")),
    }
    match run(settings, database, work, &arguments, is_stopped)? {
        Outcome::Success(_) => Ok(copy.exists().then_some(copy)),
        Outcome::Failure(reason) => bail!("{} cannot be used: {reason}", settings.location),
    }
}

/// Lists the replica's contents; `None`: it is empty. The parameters are those of [`restore`].
///
/// # Errors
/// The replica cannot be reached, or `is_stopped`.
pub fn contents(
    settings: &Settings,
    database: &Path,
    work: &Path,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Option<Contents>> {
    let copy = work.join("copy.sqlite3");
    let arguments = ["-dry-run", "-json", "-o"].map(OsStr::new);
    let arguments = [&arguments[..], &[copy.as_os_str()]].concat();
    match run(settings, database, work, &arguments, is_stopped)? {
        Outcome::Success(plan) => parse_plan(&plan).context("Litestream's plan is not understood").map(Some),
        Outcome::Failure(reason) if reason.contains(EMPTY_REPLICA) => Ok(None),
        Outcome::Failure(reason) => bail!("{} cannot be used: {reason}", settings.location),
    }
}

fn run(
    settings: &Settings,
    database: &Path,
    work: &Path,
    arguments: &[&OsStr],
    is_stopped: &dyn Fn() -> bool,
) -> Result<Outcome> {
    const CANNOT_RUN: &str = "cannot run Litestream";
    let (file, stdout) = (work.join("litestream.yml"), work.join("printed"));
    configuration::write(&file, database, settings, None).context(CANNOT_RUN)?;
    let mut command = litestream_command(settings.litestream.path(), StopSignal::Kill).context(CANNOT_RUN)?;
    command.env_clear().envs(settings.environment());
    command.args(["restore", "-no-expand-env", "-config"]).arg(&file).args(arguments).arg(database);
    command.stdin(Stdio::null()).stdout(File::create(&stdout).context(CANNOT_RUN)?);
    let (reader, stderr) = io::pipe().context(CANNOT_RUN)?;
    let mut child = command.stderr(stderr).spawn().context(CANNOT_RUN)?;
    drop(command); // It holds the writing end of the pipe.
    let stderr = read_stderr(reader, work, settings, is_stopped);
    if stderr.is_err() {
        child.kill().context(CANNOT_RUN)?;
    }
    let status = child.wait().context(CANNOT_RUN)?;
    let stderr = stderr?;
    if status.success() {
        return Ok(Outcome::Success(fs::read_to_string(stdout).context(CANNOT_RUN)?));
    }
    let reason = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
    Ok(Outcome::Failure(reason.trim_start_matches("Error: ").chars().take(MAX_REASON_CHARS).collect()))
}

/// Collects the child's standard error until it ends. Fails when nothing has been written to `work` for
/// [`STALL_TIMEOUT`].
fn read_stderr(
    mut stderr: PipeReader,
    work: &Path,
    settings: &Settings,
    is_stopped: &dyn Fn() -> bool,
) -> Result<String> {
    const CANNOT_READ: &str = "cannot hear Litestream";
    let (began, mut text, mut buffer) = (Instant::now(), Vec::new(), [0; 4096]);
    let (mut size, mut grown) = (0, began);
    let interval = Timespec { tv_sec: 0, tv_nsec: POLL_INTERVAL.subsec_nanos().into() };
    loop {
        let is_readable = match poll(&mut [PollFd::new(&stderr, PollFlags::IN)], Some(&interval)) {
            Ok(ready) => ready > 0,
            Err(rustix::io::Errno::INTR) => false,
            Err(error) => return Err(error).context(CANNOT_READ),
        };
        if is_readable {
            match stderr.read(&mut buffer).context(CANNOT_READ)? {
                0 => return Ok(String::from_utf8_lossy(&text).into_owned()),
                read if text.len() < MAX_STDERR_BYTES => text.extend_from_slice(&buffer[..read]),
                _ => {}
            }
        }
        if is_stopped() {
            bail!("it was stopped");
        }
        let now = folder_size(work);
        if now != size {
            (size, grown) = (now, Instant::now());
        }
        if grown.elapsed() > STALL_TIMEOUT || began.elapsed() > TOTAL_TIMEOUT {
            let waited = grown.elapsed().as_secs();
            bail!("{} cannot be reached: nothing has come for {waited} s", settings.location);
        }
    }
}

/// The total size of a folder's files in bytes.
fn folder_size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// Reads the JSON that `litestream restore -dry-run -json` prints.
fn parse_plan(plan: &str) -> Option<Contents> {
    let plan: Value = serde_json::from_str(plan).ok()?;
    let newest_transaction = u64::from_str_radix(plan["max_txid"].as_str()?, 16).ok()?;
    let bytes = plan["files"].as_array()?.iter().map(|file| file["size"].as_u64()).sum::<Option<u64>>()?;
    Some(Contents { newest_transaction, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_the_newest_transaction_and_the_size() {
        let plan = r#"{"max_txid":"000000000000001f","files":[{"size":1089},{"size":11}]}"#;
        assert_eq!(parse_plan(plan), Some(Contents { newest_transaction: 31, bytes: 1100 }));
        for none in ["", "{}", r#"{"max_txid":"g","files":[]}"#, r#"{"max_txid":"1","files":[{}]}"#] {
            assert_eq!(parse_plan(none), None, "{none}");
        }
    }
}
