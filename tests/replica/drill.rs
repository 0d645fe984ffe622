//! One site with its replica: a folder, a store, and the commands of the program with both in their
//! environment.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::harness::{PATIENCE, Program, eventually, open, program, seeded};
use crate::processes::{self, Process};
use crate::store::{BUCKET, KEY, SECRET, Store};

/// Where `bin/tools` puts it.
pub const LITESTREAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/bin/litestream");

/// A command that has not ended after so long hangs.
const END: Duration = Duration::from_secs(60);

/// What a command did in the end.
#[derive(Debug)]
pub struct Ended {
    pub success: bool,
    /// Both streams, one after the other.
    pub said: String,
}

impl Ended {
    /// Panics unless it went well; what it said.
    pub fn well(self) -> String {
        assert!(self.success, "{}", self.said);
        self.said
    }

    /// Panics unless it failed with one of these in what it said, and without a panic.
    pub fn badly(self, reasons: &[&str]) -> String {
        assert!(!self.success, "it should have failed: {}", self.said);
        let said = self.said.to_lowercase();
        assert!(reasons.iter().any(|reason| said.contains(reason)), "none of {reasons:?} is in {said}");
        assert!(!said.contains("panicked"), "{said}");
        self.said
    }
}

/// The site's place and its store.
pub struct Drill {
    pub folder: TempDir,
    pub store: Store,
}

impl Drill {
    /// With a store that is empty and a database of 10 posts.
    pub fn start() -> Drill {
        let drill = Drill::empty();
        seeded(&drill.database(), 10);
        drill
    }

    /// The same without a database.
    pub fn empty() -> Drill {
        // Named, since processes are found by this folder's name, and the store's must not begin with it.
        let folder = tempfile::Builder::new().prefix("site-").tempdir().expect("a temporary folder");
        Drill { folder, store: Store::start() }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("news.sqlite3")
    }

    /// Its WAL, which may be missing.
    pub fn wal(&self) -> PathBuf {
        self.database().with_extension("sqlite3-wal")
    }

    /// Another file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with these arguments, its database and its replica.
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

    /// The command of a server on a free port.
    pub fn serving(&self) -> Command {
        self.command(&["serve", "--benchmarking", "--relax-ssl", "--listen", "127.0.0.1:0"])
    }

    /// A server that is replicated, and waits until everything is in the store.
    pub fn serve(&self) -> Program {
        let program = Program::start(self.serving());
        self.await_verified();
        program
    }

    /// Waits until the replica is good: Litestream may be starting, or trying again by and by. What it must
    /// never be is damaged.
    pub fn await_verified(&self) {
        let began = Instant::now();
        loop {
            let Ended { success, said } = self.run(&["verify"]);
            if success {
                return;
            }
            let may_come = !said.contains("damaged") && began.elapsed() < PATIENCE;
            assert!(may_come, "the replica is not good: {said}");
        }
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        finish(self.command(arguments))
    }

    /// Restores beside the database; what is in it then.
    pub fn restored(&self) -> Connection {
        let copy = self.file("restored.sqlite3");
        let to = copy.to_str().expect("a plain name");
        self.run(&["restore", "--force", "--to", to]).well();
        open(&copy)
    }

    /// Loses the database and what SQLite keeps beside it, as `rm news.sqlite3*` does.
    pub fn lose_database(&self) {
        for end in ["", "-wal", "-shm"] {
            let path = self.database().with_extension(format!("sqlite3{end}"));
            if path.exists() {
                fs::remove_file(path).expect("a file");
            }
        }
    }

    /// Loses all that is in the folder, as a new machine does.
    pub fn lose_folder(&self) {
        for entry in fs::read_dir(self.folder.path()).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("it goes");
        }
    }

    /// The process that copies to the replica, once there is exactly one.
    pub fn litestream(&self) -> Process {
        self.one("Litestream", |process| process.name == "litestream")
    }

    /// The process between the server and Litestream, once there is exactly one.
    pub fn go_between(&self, server: &Program) -> Process {
        self.one("a go-between", |process| process.name == "lorem-news" && process.id != server.id())
    }

    fn one(&self, what: &str, is: impl Fn(&Process) -> bool) -> Process {
        eventually(what, || {
            let mut found: Vec<_> = processes::of(self.folder.path()).into_iter().filter(&is).collect();
            if found.len() == 1 { found.pop() } else { None }
        })
    }
}

/// Whatever becomes of a test, nothing of it goes on.
impl Drop for Drill {
    fn drop(&mut self) {
        let left: Vec<_> = processes::of(self.folder.path()).iter().map(|process| process.id).collect();
        if thread::panicking() && !left.is_empty() {
            let kill = left.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
            let _ = Command::new("sh").args(["-c", &format!("kill -KILL {kill}")]).status();
        }
    }
}

/// Runs a command to its end, which must not be later than [`END`].
pub fn finish(mut command: Command) -> Ended {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let streams = [read(child.stdout.take()), read(child.stderr.take())];
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("it was started here") {
            break status;
        }
        if began.elapsed() > END {
            child.kill().expect("it can be killed");
            panic!("{command:?} has not ended after {END:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let said = streams.map(|stream| stream.join().expect("it is read")).concat();
    Ended { success: status.success(), said }
}

fn read(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    let mut stream = stream.expect("it is piped");
    thread::spawn(move || {
        let mut said = Vec::new();
        stream.read_to_end(&mut said).expect("a pipe");
        String::from_utf8_lossy(&said).into_owned()
    })
}

/// The path as the command line takes it.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a plain name")
}
