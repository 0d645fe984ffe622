//! A real S3 store in its own process, like the one that `bin/s3` starts.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use tempfile::TempDir;

use crate::harness::TIMEOUT;

pub const BUCKET: &str = "news";
pub const KEY: &str = "drill";
/// A unique string, so a test can search for it.
pub const SECRET: &str = "vErY+sEcReT/0123456789=";

/// A store with one bucket. Dropping it kills the process.
pub struct Store {
    /// The objects, which outlive the process.
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Store {
    /// Starts a store on a free port.
    pub fn start() -> Store {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join(BUCKET)).expect("a folder is a bucket");
        let (child, port) = run(folder.path(), 0, SECRET);
        Store { folder, port, child }
    }

    /// The URL for clients.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the store, and waits until it has ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("it is a child of this process");
    }

    /// Restarts the store on its port with its objects.
    pub fn restart(&mut self) {
        self.restart_with(SECRET);
    }

    /// Restarts the store on its port with its objects and another secret.
    pub fn restart_with(&mut self, secret: &str) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        (self.child, _) = run(self.folder.path(), self.port, secret);
    }

    /// Removes every object. The store may list them for another second. In its first minutes Litestream still has
    /// every change on the disk, and its next compaction may upload all of them again, so a test that waits for the
    /// report of a wiped bucket wipes it repeatedly.
    pub fn wipe(&self) {
        for object in self.objects() {
            // Litestream may have removed it already.
            let _ = fs::remove_file(object);
        }
    }

    /// Every object's file.
    pub fn objects(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().join(BUCKET)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            // A folder may be deleted meanwhile.
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("an entry").path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the store and waits until it prints its port.
fn run(folder: &Path, port: u16, secret: &str) -> (Child, u16) {
    let mut child = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/bin/rclone"))
        .env_clear()
        .args(["serve", "s3", "--config", "/dev/null", "--dir-cache-time", "1s", "--no-cleanup"])
        .args(["--addr", &format!("127.0.0.1:{port}"), "--auth-key", &format!("{KEY},{secret}")])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bin/tools installs the store");
    let (sender, lines) = channel();
    let stderr = child.stderr.take().expect("the stream is piped");
    // Read to the end: a store with a full pipe blocks.
    thread::spawn(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
    });
    let line = lines.recv_timeout(TIMEOUT).expect("the store prints its address");
    let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
    (child, port.unwrap_or_else(|| panic!("no port in {line:?}")))
}
