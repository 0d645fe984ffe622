//! strace on a running server: it shows what the server asks of the system, and answers in its place.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::harness::{PATIENCE, Program, eventually};

/// An strace at work. When it goes the server goes on as if it had not been there.
pub struct Strace {
    child: Child,
}

impl Strace {
    /// On all threads of the program, those to come included.
    pub fn of(program: &Program, arguments: &[&str]) -> Strace {
        Strace::attach(program.id(), &[&["--follow-forks"], arguments].concat())
    }

    /// Delays the flushes of the writer's thread until this ends. Only that thread is watched: thousands of
    /// others would become slow.
    pub fn hanging(program: &Program) -> Strace {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", program.id())).expect("it is running");
        let is_writer = |task: &Path| {
            std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == "writer")
        };
        let writer = tasks.filter_map(|task| Some(task.ok()?.path())).find(|task| is_writer(task));
        let writer = writer.and_then(|task| task.file_name()?.to_str()?.parse().ok()).expect("it has one");
        Strace::attach(writer, &["--output=/dev/null", "-e", "inject=fdatasync,fsync:delay_enter=600s"])
    }

    fn attach(id: u32, arguments: &[&str]) -> Strace {
        let mut child = Command::new("strace")
            .arg("--signal=none")
            .args(arguments)
            .args(["--attach", &id.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace is installed");
        let said = lines(child.stderr.take().expect("it is piped"));
        loop {
            let line = said.recv_timeout(PATIENCE).expect("strace says that it is attached");
            if line.contains(" attached") {
                break;
            }
            assert!(!line.contains("Operation not permitted"), "{line}");
        }
        Strace { child }
    }

    /// Fails these system calls on a file, as a broken disk would: `fdatasync`, `EIO`.
    pub fn failing(program: &Program, file: &Path, calls: &str, error: &str) -> Strace {
        let inject = format!("inject={calls}:error={error}");
        Strace::injecting(program, file, &inject)
    }

    /// Injects something into calls on a file.
    pub fn injecting(program: &Program, file: &Path, inject: &str) -> Strace {
        let file = file.canonicalize().expect("it is there");
        let file = file.to_str().expect("a temporary folder has a plain name");
        Strace::of(program, &["--output=/dev/null", "-P", file, "-e", inject])
    }

    /// Lets go of the server.
    pub fn end(mut self) {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().expect("there is a kill");
        assert!(kill.success());
        eventually("strace ends", || self.child.try_wait().expect("it was started here"));
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stderr: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    // Read to the end, also when nobody listens any more: strace must never wait for us.
    thread::spawn(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
    });
    lines
}
