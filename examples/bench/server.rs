//! The release server, started on a database of its own.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::process::{Process, wait_for};

/// The name of the database in its folder.
pub const DATABASE: &str = "lorem_news.sqlite3";
/// Making the larger databases takes a while on a slow disk.
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
#[derive(Default)]
pub struct How<'a> {
    /// Another build than the one beside this program.
    pub program: Option<&'a Path>,
    /// Where it is to be copied to.
    pub replica: Option<Replica<'a>>,
}

/// A place in a bucket.
pub struct Replica<'a> {
    pub endpoint: &'a str,
    pub bucket: &'a str,
    pub path: &'a str,
}

impl How<'_> {
    /// A subcommand of the program, with the replica in its environment.
    fn command(&self, subcommand: &str) -> Result<Command> {
        let mut command = match self.program {
            Some(program) => Command::new(program),
            None => Command::new(build_folder()?.join("lorem-news")),
        };
        command.arg(subcommand);
        if let Some(Replica { endpoint, bucket, path }) = self.replica {
            command
                .env("REPLICA", format!("s3://{bucket}/{path}"))
                .env("LITESTREAM_REPLICA_ENDPOINT", endpoint)
                .env("LITESTREAM_ACCESS_KEY_ID", KEY)
                .env("LITESTREAM_SECRET_ACCESS_KEY", SECRET);
        }
        Ok(command)
    }
}

/// A server that is stopped, or at least killed, with this value.
pub struct Server {
    process: Process,
    url: String,
    database: PathBuf,
}

/// Where cargo put the release server, wherever it was told to build: this program is in
/// `debug/examples` beside it.
pub fn build_folder() -> Result<PathBuf> {
    let program = env::current_exe()?;
    Ok(program.ancestors().nth(3).ok_or("this program is in no build folder")?.join("release"))
}

impl Server {
    /// Starts the server on a new database in `folder`, with so many posts or as many as the demo
    /// has, and waits until it listens and, with a replica, until all of it is there.
    pub fn start(folder: &Path, posts: Option<u64>, how: &How) -> Result<Server> {
        let posts = posts.map(|posts| format!("--posts={posts}"));
        let server = Server::run(folder, "demo", posts.as_deref().as_slice(), how)?;
        if how.replica.is_some() {
            let mut verify = how.command("verify")?;
            verify.arg("--database").arg(&server.database).stdin(Stdio::null()).stdout(Stdio::null());
            let verified = Process::start(&mut verify)?.finish(START);
            verified.map_err(|error| format!("verifying the replica: {error}"))?;
        }
        Ok(server)
    }

    /// Starts the server on the database that is in `folder`.
    pub fn serve(folder: &Path) -> Result<Server> {
        Server::run(folder, "serve", &["--relax-ssl"], &How::default())
    }

    fn run(folder: &Path, subcommand: &str, arguments: &[&str], how: &How) -> Result<Server> {
        let (database, said) = (folder.join(DATABASE), folder.join("stdout"));
        let mut command = how.command(subcommand)?;
        command.args(arguments).args(["--listen", "127.0.0.1:0", "--database"]).arg(&database);
        command.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(File::create(&said)?);
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
    fn processor_times_are_found_behind_any_name() {
        let stat = "1234 (a) name) S 1 1234 1234 0 -1 4194304 900 0 0 0 250 75 0 0 20 0 9 0 100 200 300";
        assert_eq!(ticks(stat), Some(325));
        assert_eq!(ticks("nonsense"), None);
    }
}
