//! The release server, started on a database of its own.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::database::NAME;
use crate::process::{Process, wait_for};

/// A replica may have to be made first.
const START: Duration = Duration::from_secs(300);
/// The server lets unfinished requests take 10 s.
const STOP: Duration = Duration::from_secs(30);
/// The clock ticks in which Linux tells processor times; it is 100 Hz wherever this builds.
const TICK: Duration = Duration::from_millis(10);

/// Whom the store lets in, and by which secret. It listens on this machine alone, and holds nothing of worth.
pub const KEY: &str = "minioadmin";
/// See [`KEY`].
pub const SECRET: &str = "minioadmin";

/// How it is started, beyond where. The default is the release build without a replica.
#[derive(Default, Clone, Copy)]
pub struct How<'a> {
    pub program: Program<'a>,
    /// Where it is to be copied to.
    pub replica: Option<Replica<'a>>,
    /// Nothing is timed for the log of what is slow, as in the programs of `bench/programs/`.
    pub has_no_slow_log: bool,
}

/// What is started.
#[derive(Default, Clone, Copy)]
pub enum Program<'a> {
    /// `lorem-news demo`, as it is released.
    #[default]
    Released,
    /// The same, built with another profile.
    Built(Build),
    /// The same, from somewhere else.
    Other(&'a Path),
    /// Another program (`bench/programs/`), which is told the database and the address, and then these options.
    Bench(&'static str, &'static [&'static str]),
}

/// A profile that cargo builds with.
#[derive(Clone, Copy)]
pub enum Build {
    Debug,
    /// Release as it is where Cargo.toml says nothing.
    Usual,
    Release,
}

impl Build {
    fn folder(self) -> &'static str {
        match self {
            Build::Debug => "debug",
            Build::Usual => "usual",
            Build::Release => "release",
        }
    }
}

/// A place in a bucket.
#[derive(Clone, Copy)]
pub struct Replica<'a> {
    pub endpoint: &'a str,
    pub bucket: &'a str,
    pub path: &'a str,
}

impl How<'_> {
    /// What serves the database at `path`, on a port that the system chooses.
    fn server(&self, path: &Path) -> Result<Command> {
        let Program::Bench(name, options) = self.program else {
            let mut command = self.command("demo")?;
            command.args(["--listen", "127.0.0.1:0", "--database"]).arg(path).env("RUST_LOG", "warn");
            return Ok(command);
        };
        let mut command = own_program(&build_folder(Build::Release)?.join(name));
        // What goes wrong is counted, and a line for each call would be work as well.
        command.arg(path).arg("127.0.0.1:0").args(options).env("RUST_LOG", "off");
        Ok(command)
    }

    /// A subcommand of the program, with the replica in its environment.
    fn command(&self, subcommand: &str) -> Result<Command> {
        let build = match self.program {
            Program::Built(build) => build,
            _ => Build::Release,
        };
        let program = match self.program {
            Program::Other(program) => program.to_owned(),
            _ => build_folder(build)?.join("lorem-news"),
        };
        let mut command = own_program(&program);
        command.arg(subcommand);
        if self.has_no_slow_log {
            command.env("SLOW_MS", "off");
        }
        if let Some(Replica { endpoint, bucket, path }) = self.replica {
            command
                .env("REPLICA", format!("s3://{bucket}/{path}"))
                .env("LITESTREAM_REPLICA_ENDPOINT", endpoint)
                .env("LITESTREAM_ACCESS_KEY_ID", KEY)
                .env("LITESTREAM_SECRET_ACCESS_KEY", SECRET)
                // What is asked of Litestream may be changed: the price of a replica depends on it.
                .envs(env::var_os("SYNC_EVERY").map(|time| ("SYNC_EVERY", time)));
        }
        Ok(command)
    }
}

/// A program of ours, with nothing in its environment that could change what it does: only the `PATH`, on which
/// it may look for Litestream.
pub fn own_program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// A server that is stopped, or at least killed, with this value.
pub struct Server {
    process: Process,
    url: String,
    database: PathBuf,
}

/// Where cargo put what it built, wherever it was told to: this program is in its `debug`.
pub fn build_folder(build: Build) -> Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("this program is in no build folder")?;
    Ok(target.join(build.folder()))
}

impl Server {
    /// Starts a server on the database in `folder`, as a demo, and waits until it listens and, with a
    /// replica, until all of it is there.
    pub fn start(folder: &Path, how: &How) -> Result<Server> {
        let database = folder.join(NAME);
        let server = Server::run(how.server(&database)?, folder)?;
        if how.replica.is_some() {
            let mut verify = how.command("verify")?;
            verify.arg("--database").arg(&server.database).stdin(Stdio::null()).stdout(Stdio::null());
            let verified = Process::start(&mut verify)?.finish(START);
            verified.map_err(|error| format!("verifying the replica: {error}"))?;
        }
        Ok(server)
    }

    /// Starts the released server on the database in `folder`, as it is used, but with the endpoints.
    pub fn benchmarked(folder: &Path) -> Result<Server> {
        let mut command = How::default().command("serve")?;
        command.args(["--relax-ssl", "--benchmarking", "--listen", "127.0.0.1:0", "--database"]);
        command.arg(folder.join(NAME));
        command.env("RUST_LOG", "warn");
        Server::run(command, folder)
    }

    fn run(mut command: Command, folder: &Path) -> Result<Server> {
        let (database, said) = (folder.join(NAME), folder.join("stdout"));
        command.stdin(Stdio::null()).stdout(File::create(&said)?);
        let mut process = Process::start(&mut command)?;
        let url = wait_for(START, || {
            if let Some(status) = process.ended()? {
                return Err(format!("the server did not start: {status}").into());
            }
            Ok(url_in(&fs::read_to_string(&said)?))
        })?;
        Ok(Server { process, url, database })
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The processor time that it has used until now, in user mode and in the kernel, on Linux.
    pub fn processor_time(&self) -> Option<Duration> {
        ticks(&fs::read_to_string(format!("/proc/{}/stat", self.process.id())).ok()?)
            .map(|ticks| TICK * ticks)
    }

    /// Bytes of memory that are its own, not those of files, on Linux (`RssAnon`, proc_pid_status(5)).
    pub fn own_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        Ok(anonymous(&status).ok_or("the system does not tell the memory of a process")?)
    }

    /// Stops it in an orderly way; the database that it has closed.
    pub fn stop(self) -> Result<PathBuf> {
        self.process.terminate()?;
        self.process.finish(STOP).map_err(|error| format!("stopping the server: {error}"))?;
        Ok(self.database)
    }
}

/// The address in the line that the server prints when it listens, once the line is whole.
fn url_in(said: &str) -> Option<String> {
    let (line, _) = said.split_once('\n')?;
    line.split(' ').find(|word| word.starts_with("http://")).map(str::to_owned)
}

/// `utime` and `stime` of a `/proc/PID/stat`: the 14th and 15th field (proc_pid_stat(5)). The second
/// field is a name in parentheses that may hold anything, so fields are counted from its end.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(|field| field.parse::<u32>().ok());
    Some(times.next()?? + times.next()??)
}

/// `RssAnon` of a `/proc/PID/status`, in bytes.
fn anonymous(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_a_whole_line() {
        let line = "Lorem News is at http://127.0.0.1:40123 (Ctrl-C stops it)\n";
        assert_eq!(url_in(line).as_deref(), Some("http://127.0.0.1:40123"));
        assert_eq!(url_in(&line[..line.len() - 20]), None);
    }

    #[test]
    fn a_program_of_ours_sees_nothing_of_our_environment_but_the_path() {
        let output = own_program(Path::new("env")).output().expect("there is an env");
        let said = String::from_utf8(output.stdout).expect("a path is text");
        let names: Vec<&str> = said.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        assert_eq!(names, ["PATH"]);
    }

    #[test]
    fn processor_times_are_found_behind_any_name() {
        let stat = "1234 (a) name) S 1 1234 1234 0 -1 4194304 900 0 0 0 250 75 0 0 20 0 9 0 100 200 300";
        assert_eq!(ticks(stat), Some(325));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn memory_is_told_in_bytes() {
        assert_eq!(anonymous("VmRSS:\t   9000 kB\nRssAnon:\t    4096 kB\n"), Some(4 << 20));
        assert_eq!(anonymous("VmRSS:\t   9000 kB\n"), None);
    }
}
