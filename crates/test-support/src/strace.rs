//! strace on a running server: it traces, delays or fails the server's system calls.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::harness::{Program, TIMEOUT, eventually};

/// An attached strace. Dropping it detaches it, and the server continues.
pub struct Strace {
    child: Child,
}

impl Strace {
    /// Attaches strace to all threads of the program, and to those that it starts later.
    pub fn of(program: &Program, arguments: &[&str]) -> Strace {
        Strace::attach(program.id(), &[&["--follow-forks"], arguments].concat())
    }

    /// Delays every flush of the writer's thread by 10 minutes. Only that thread is traced, since tracing slows
    /// down thousands of others.
    pub fn hanging(program: &Program) -> Strace {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", program.id())).expect("the process runs");
        let is_writer = |task: &Path| {
            std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == "writer")
        };
        let writer = tasks.filter_map(|task| Some(task.ok()?.path())).find(|task| is_writer(task));
        let writer =
            writer.and_then(|task| task.file_name()?.to_str()?.parse().ok()).expect("a writer's thread");
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
        let lines = lines(child.stderr.take().expect("the stream is piped"));
        loop {
            let line = lines.recv_timeout(TIMEOUT).expect("strace reports that it is attached");
            if line.contains(" attached") {
                break;
            }
            assert!(!line.contains("Operation not permitted"), "{line}");
        }
        Strace { child }
    }

    /// Fails system calls on a file with an error, as a broken disk does: `fdatasync` and `EIO`, for example.
    pub fn failing(program: &Program, file: &Path, calls: &str, error: &str) -> Strace {
        let inject = format!("inject={calls}:error={error}");
        Strace::injecting(program, file, &inject)
    }

    /// Injects a fault into system calls on a file, by an `inject=` expression of strace(1).
    pub fn injecting(program: &Program, file: &Path, inject: &str) -> Strace {
        let file = file.canonicalize().expect("the file exists");
        let file = file.to_str().expect("a temporary folder has a plain name");
        Strace::of(program, &["--output=/dev/null", "-P", file, "-e", inject])
    }

    /// Detaches strace and waits until it has ended.
    pub fn end(mut self) {
        let kill =
            Command::new("kill").arg(self.child.id().to_string()).status().expect("the kill command runs");
        assert!(kill.success());
        eventually("strace ends", || self.child.try_wait().expect("it is a child of this process"));
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
    // Read to the end, even without a receiver: strace must never wait for this pipe.
    thread::spawn(move || {
        BufReader::new(stderr).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
    });
    lines
}
