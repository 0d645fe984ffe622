//! One site with its replica: a folder, a store, and the program's commands with both in their environment.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::harness::{Program, TIMEOUT, eventually, open, program, seeded};
use crate::processes::{self, Process};
use crate::store::{BUCKET, KEY, SECRET, Store};

/// Litestream, as `bin/tools` installs it.
pub const LITESTREAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/bin/litestream");

/// The time after which a command counts as hanging.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);

/// The result of a command.
#[derive(Debug)]
pub struct CommandResult {
    pub success: bool,
    /// Its stdout, then its stderr.
    pub output: String,
}

impl CommandResult {
    /// Panics unless the command has succeeded. Returns its output.
    pub fn assert_success(self) -> String {
        assert!(self.success, "{}", self.output);
        self.output
    }

    /// Panics unless the command has failed without a panic, with one of `reasons` in its output, in any case.
    /// Returns the output.
    pub fn assert_failure(self, reasons: &[&str]) -> String {
        assert!(!self.success, "the command succeeded: {}", self.output);
        let output = self.output.to_lowercase();
        assert!(
            reasons.iter().any(|reason| output.contains(reason)),
            "the output has none of {reasons:?}: {output}"
        );
        assert!(!output.contains("panicked"), "{output}");
        self.output
    }
}

/// The folder of a site and its store.
pub struct Drill {
    pub folder: TempDir,
    pub store: Store,
}

impl Drill {
    /// A database of 10 posts and an empty store.
    pub fn start() -> Drill {
        let drill = Drill::empty();
        seeded(&drill.database(), 10);
        drill
    }

    /// An empty store and no database.
    pub fn empty() -> Drill {
        // Processes are found by this folder's name, so it must not be a prefix of the store's folder.
        let folder = tempfile::Builder::new().prefix("site-").tempdir().expect("a temporary folder");
        Drill { folder, store: Store::start() }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("news.sqlite3")
    }

    /// The WAL of the database, which may not exist.
    pub fn wal(&self) -> PathBuf {
        self.database().with_extension("sqlite3-wal")
    }

    /// The path of another file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command of the program with these arguments, the database and the replica.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command
            .arg("--database")
            .arg(self.database())
            .env("LITESTREAM_BIN", LITESTREAM)
            .env("REPLICA", format!("s3://{BUCKET}/news"))
            .env("SYNC_EVERY", "250ms")
            .env("LITESTREAM_REPLICA_ENDPOINT", self.store.endpoint())
            .env("LITESTREAM_ACCESS_KEY_ID", KEY)
            .env("LITESTREAM_SECRET_ACCESS_KEY", SECRET)
            .env("RUST_LOG", "info,access=off");
        command
    }

    /// The command that starts a replicated server on a free port.
    pub fn serving(&self) -> Command {
        self.command(&["serve", "--benchmarking", "--relax-ssl", "--listen", "127.0.0.1:0"])
    }

    /// Starts a replicated server and waits until the replica is complete.
    pub fn serve(&self) -> Program {
        let program = Program::start(self.serving());
        self.await_verified();
        program
    }

    /// Waits until `verify` succeeds, since Litestream may still start or retry. A damaged replica fails at once.
    pub fn await_verified(&self) {
        let began = Instant::now();
        loop {
            let CommandResult { success, output } = self.run(&["verify"]);
            if success {
                return;
            }
            let may_recover = !output.contains("damaged") && began.elapsed() < TIMEOUT;
            assert!(may_recover, "the replica is not verified: {output}");
        }
    }

    /// Runs a command of the program until it ends.
    pub fn run(&self, arguments: &[&str]) -> CommandResult {
        finish(self.command(arguments))
    }

    /// Restores the replica to another file, and opens that.
    pub fn restored(&self) -> Connection {
        let copy = self.file("restored.sqlite3");
        let to = copy.to_str().expect("a UTF-8 path");
        self.run(&["restore", "--force", "--to", to]).assert_success();
        open(&copy)
    }

    /// Deletes the database, its WAL and its shared memory.
    pub fn lose_database(&self) {
        for end in ["", "-wal", "-shm"] {
            let path = self.database().with_extension(format!("sqlite3{end}"));
            if path.exists() {
                fs::remove_file(path).expect("a file");
            }
        }
    }

    /// Deletes all files in the folder, like the move to a new machine.
    pub fn lose_folder(&self) {
        for entry in fs::read_dir(self.folder.path()).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
                .expect("the entry is deleted");
        }
    }

    /// Litestream's process. Waits until there is exactly one.
    pub fn litestream(&self) -> Process {
        self.one("Litestream", |process| process.name == "litestream")
    }

    /// The shim between the server and Litestream. Waits until there is exactly one.
    pub fn shim(&self, server: &Program) -> Process {
        self.one("a shim", |process| process.name == "lorem-news" && process.id != server.id())
    }

    fn one(&self, what: &str, is: impl Fn(&Process) -> bool) -> Process {
        eventually(what, || {
            let mut found: Vec<_> = processes::of(self.folder.path()).into_iter().filter(&is).collect();
            if found.len() == 1 { found.pop() } else { None }
        })
    }
}

/// A failed test kills its processes.
impl Drop for Drill {
    fn drop(&mut self) {
        let left: Vec<_> = processes::of(self.folder.path()).iter().map(|process| process.id).collect();
        if thread::panicking() && !left.is_empty() {
            let kill = left.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
            let _ = Command::new("sh").args(["-c", &format!("kill -KILL {kill}")]).status();
        }
    }
}

/// Runs a command until it ends. Panics after [`COMMAND_TIMEOUT`].
pub fn finish(mut command: Command) -> CommandResult {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let streams = [read(child.stdout.take()), read(child.stderr.take())];
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is a child of this process") {
            break status;
        }
        if began.elapsed() > COMMAND_TIMEOUT {
            child.kill().expect("the process can be killed");
            panic!("{command:?} has not ended after {COMMAND_TIMEOUT:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let output = streams.map(|stream| stream.join().expect("the stream is read")).concat();
    CommandResult { success: status.success(), output }
}

fn read(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    let mut stream = stream.expect("the stream is piped");
    thread::spawn(move || {
        let mut output = Vec::new();
        stream.read_to_end(&mut output).expect("a pipe");
        String::from_utf8_lossy(&output).into_owned()
    })
}

/// The path as a command-line argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}
