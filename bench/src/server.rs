//! A server on a database of its own.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::database::{self, FILE_NAME};
use crate::executable::{Build, isolated};
use crate::process::Process;

/// The first copy to a replica may have to be made before the server listens.
const START_TIMEOUT: Duration = Duration::from_secs(300);
/// The server gives unfinished requests 10 s.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// The unit of processor times in `/proc`: 100 Hz on each Linux that this builds on.
const CLOCK_TICK: Duration = Duration::from_millis(10);

/// The access key of the object store. The store listens on this machine only and holds benchmark data only.
pub const STORE_ACCESS_KEY: &str = "minioadmin";
/// The secret of [`STORE_ACCESS_KEY`].
pub const STORE_SECRET_KEY: &str = "minioadmin";

/// How a server is started. The default is `lorem-news demo` of the release build, without a replica.
#[derive(Default, Clone, Copy)]
pub struct ServerOptions<'a> {
    pub executable: Executable<'a>,
    pub mode: Mode,
    pub replica: Option<ReplicaTarget<'a>>,
    /// Keeps no copies of pages.
    pub no_copies: bool,
    /// Switches the log of slow requests off, as the programs in `bench/programs/` have none.
    pub no_slow_log: bool,
}

/// The program that serves.
#[derive(Clone, Copy)]
pub enum Executable<'a> {
    /// `lorem-news`, built with this profile.
    Built(Build),
    /// `lorem-news` at this path.
    File(&'a Path),
    /// A program of `bench/programs/`. Its arguments are the database, the address, and then these.
    Bench { name: &'static str, arguments: &'static [&'static str] },
}

impl Default for Executable<'_> {
    fn default() -> Self {
        Executable::Built(Build::Release)
    }
}

/// The subcommand of `lorem-news` that serves.
#[derive(Default, Clone, Copy)]
pub enum Mode {
    /// `demo`, which has the benchmarking endpoints and the header `Server-Timing`.
    #[default]
    Demo,
    /// `serve` over plain HTTP, with or without the benchmarking endpoints.
    Serve { benchmarking: bool },
}

/// The destination of Litestream's copies.
#[derive(Clone, Copy)]
pub struct ReplicaTarget<'a> {
    pub endpoint: &'a str,
    pub bucket: &'a str,
    pub path: &'a str,
}

impl ServerOptions<'_> {
    /// `lorem-news serve` of the release build, as a site is served, but with the benchmarking endpoints.
    pub fn site() -> Self {
        ServerOptions { mode: Mode::Serve { benchmarking: true }, ..ServerOptions::default() }
    }

    /// The command that serves `database` at `address`.
    pub fn serve(&self, database: &Path, address: &str) -> Result<Command> {
        if let Executable::Bench { name, arguments } = self.executable {
            let mut command = isolated(&Build::Release.folder()?.join(name));
            // Failures are counted by the client; a log line for each of them would cost processor time.
            command.arg(database).arg(address).args(arguments).env("RUST_LOG", "off");
            return Ok(command);
        }
        let mut command = match self.mode {
            Mode::Demo => self.lorem_news("demo")?,
            Mode::Serve { benchmarking } => {
                let mut command = self.lorem_news("serve")?;
                command.arg("--relax-ssl").args(benchmarking.then_some("--benchmarking"));
                command
            }
        };
        command.args(["--listen", address, "--database"]).arg(database).env("RUST_LOG", "warn");
        Ok(command)
    }

    /// Makes the database of a demo with this program.
    pub fn seed(&self, database: &Path) -> Result<()> {
        database::seed(&mut self.lorem_news("seed")?, database, None)
    }

    /// The command that compares the replica with the database.
    fn verify(&self, database: &Path) -> Result<Command> {
        let mut command = self.lorem_news("verify")?;
        command.arg("--database").arg(database).stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }

    /// A subcommand of `lorem-news`, with the replica in its environment.
    fn lorem_news(&self, subcommand: &str) -> Result<Command> {
        let mut command = match self.executable {
            Executable::Built(build) => build.lorem_news()?,
            Executable::File(path) => isolated(path),
            Executable::Bench { .. } => Build::Release.lorem_news()?,
        };
        command.arg(subcommand);
        if self.no_copies {
            command.env("CACHE_MB", "0");
        }
        if self.no_slow_log {
            command.env("SLOW_MS", "off");
        }
        if let Some(ReplicaTarget { endpoint, bucket, path }) = self.replica {
            command
                .env("REPLICA", format!("s3://{bucket}/{path}"))
                .env("LITESTREAM_REPLICA_ENDPOINT", endpoint)
                .env("LITESTREAM_ACCESS_KEY_ID", STORE_ACCESS_KEY)
                .env("LITESTREAM_SECRET_ACCESS_KEY", STORE_SECRET_KEY)
                // The interval between copies may be set, since the cost of a replica depends on it.
                .envs(env::var_os("SYNC_EVERY").map(|interval| ("SYNC_EVERY", interval)));
        }
        Ok(command)
    }
}

/// A running server. It is killed when this value is dropped; [`Server::stop`] stops it in order.
pub struct Server {
    process: Process,
    url: String,
    database: PathBuf,
}

impl Server {
    /// Starts a server on the database in `folder` and waits until it listens and, with a replica, until the
    /// replica is complete.
    pub fn start(folder: &Path, options: &ServerOptions) -> Result<Server> {
        let (database, log) = (folder.join(FILE_NAME), folder.join("stdout"));
        let mut command = options.serve(&database, "127.0.0.1:0")?;
        command.stdin(Stdio::null()).stdout(File::create(&log)?);
        let (process, url) = Process::start_until_ready(&mut command, &log, START_TIMEOUT, url_in)?;
        let server = Server { process, url, database };
        if options.replica.is_some() {
            let verified = Process::start(&mut options.verify(&server.database)?)?.finish(START_TIMEOUT);
            verified.context("verifying the replica")?;
        }
        Ok(server)
    }

    /// The address that it listens at, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The processor time that the server has used until now, in user mode and in the kernel, on Linux.
    pub fn cpu_time(&self) -> Option<Duration> {
        cpu_ticks(&fs::read_to_string(format!("/proc/{}/stat", self.process.id())).ok()?)
            .map(|ticks| CLOCK_TICK * ticks)
    }

    /// Bytes of anonymous memory: its own, not those of mapped files (`RssAnon` in proc_pid_status(5), Linux
    /// only).
    pub fn anonymous_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        rss_anon(&status).context("the system does not report the memory of a process")
    }

    /// Stops the server in order, and returns the database that it has closed.
    pub fn stop(self) -> Result<PathBuf> {
        self.process.terminate()?;
        self.process.finish(STOP_TIMEOUT).context("stopping the server")?;
        Ok(self.database)
    }
}

/// The address in the line that the server prints when it listens, once the line is complete.
fn url_in(log: &str) -> Option<String> {
    let (line, _) = log.split_once('\n')?;
    line.split(' ').find(|word| word.starts_with("http://")).map(str::to_owned)
}

/// The sum of `utime` and `stime` in a `/proc/PID/stat`: the 14th and 15th field (proc_pid_stat(5)). The
/// second field is a name in parentheses that may contain anything, so fields are counted from its end.
fn cpu_ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(|field| field.parse::<u32>().ok());
    Some(times.next()?? + times.next()??)
}

/// `RssAnon` in a `/proc/PID/status`, in bytes.
fn rss_anon(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_a_complete_line() {
        let line = "Lorem News is at http://127.0.0.1:40123 (Ctrl-C stops it)\n";
        assert_eq!(url_in(line).as_deref(), Some("http://127.0.0.1:40123"));
        assert_eq!(url_in(&line[..line.len() - 20]), None);
    }

    #[test]
    fn processor_times_are_found_behind_any_name() {
        let stat = "1234 (a) name) S 1 1234 1234 0 -1 4194304 900 0 0 0 250 75 0 0 20 0 9 0 100 200 300";
        assert_eq!(cpu_ticks(stat), Some(325));
        assert_eq!(cpu_ticks("nonsense"), None);
    }

    #[test]
    fn memory_is_converted_to_bytes() {
        assert_eq!(rss_anon("VmRSS:\t   9000 kB\nRssAnon:\t    4096 kB\n"), Some(4 << 20));
        assert_eq!(rss_anon("VmRSS:\t   9000 kB\n"), None);
    }

    #[test]
    fn a_server_is_started_with_the_arguments_of_its_mode() {
        let arguments = |options: ServerOptions| -> Vec<String> {
            let command = options.serve(Path::new("db"), "[::1]:0").expect("this test is in a build folder");
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect()
        };
        let tail = ["--listen", "[::1]:0", "--database", "db"];
        assert_eq!(arguments(ServerOptions::default()), [&["demo"][..], &tail].concat());
        let serve = |benchmarking| ServerOptions { mode: Mode::Serve { benchmarking }, ..Default::default() };
        assert_eq!(arguments(serve(false)), [&["serve", "--relax-ssl"][..], &tail].concat());
        assert_eq!(arguments(serve(true)), [&["serve", "--relax-ssl", "--benchmarking"][..], &tail].concat());
        let executable = Executable::Bench { name: "stock-rouille", arguments: &["--no-delay"] };
        let options = ServerOptions { executable, ..Default::default() };
        assert_eq!(arguments(options), ["db", "[::1]:0", "--no-delay"]);
    }
}
