//! A real S3 store in a process of its own, the same as `bin/s3` starts.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use tempfile::TempDir;

use crate::harness::PATIENCE;

pub const BUCKET: &str = "news";
pub const KEY: &str = "drill";
/// Nothing else looks like it, so it can be searched for.
pub const SECRET: &str = "vErY+sEcReT/0123456789=";

/// A store with one bucket. It is killed when it is dropped.
pub struct Store {
    /// The objects: they outlive the process.
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Store {
    /// Starts it on a free port.
    pub fn start() -> Store {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join(BUCKET)).expect("a folder is a bucket");
        let (child, port) = run(folder.path(), 0, SECRET);
        Store { folder, port, child }
    }

    /// Where clients reach it.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it was started here");
    }

    /// Starts it anew at its old place with its old objects, after a kill.
    pub fn restart(&mut self) {
        self.restart_with(SECRET);
    }

    /// The same; from now on it knows another secret.
    pub fn restart_with(&mut self, secret: &str) {
        // Where it is dead already that is said again.
        let _ = self.child.kill();
        let _ = self.child.wait();
        (self.child, _) = run(self.folder.path(), self.port, secret);
    }

    /// Removes every object, as a wrong click in a console does. The store may list them for another second. In
    /// its first minutes Litestream has every change on the disk still, and its next compaction may bring all of
    /// them back: who waits for a wiped bucket wipes it again.
    pub fn wipe(&self) {
        for object in self.objects() {
            // Litestream may have been faster.
            let _ = fs::remove_file(object);
        }
    }

    /// Every object's file.
    pub fn objects(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().join(BUCKET)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            // A folder may go while it is looked at.
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

/// Starts the store and waits until it says on which port it listens.
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
    let stderr = child.stderr.take().expect("it is piped");
    // To the end, since a store that cannot say what it has to say stands still.
    thread::spawn(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
    });
    let line = lines.recv_timeout(PATIENCE).expect("the store says where it listens");
    let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
    (child, port.unwrap_or_else(|| panic!("{line:?} tells no port")))
}
