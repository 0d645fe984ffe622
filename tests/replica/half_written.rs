//! A commit is cut short, by a kill of the server or by the disk. Litestream reads the WAL by itself, so it copies what
//! has never come about. These tests need strace to trace what it has not started, as those in `tests/faults`.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use crate::drill::Drill;
use crate::harness::{PATIENCE, assert_sound, eventually, open};
use crate::load::Load;
use crate::processes;
use crate::strace::Strace;

/// From so many bytes on, a thousand pages, Litestream checkpoints whenever it looks.
const LONG: u64 = 1000 * (4096 + 24);

#[test]
fn what_litestream_copied_of_a_commit_that_never_ended_does_no_harm() {
    let drill = Drill::start();
    let mut server = drill.serve();
    let load = Load::start(server.address);
    eventually("a long WAL", || (fs::metadata(drill.wal()).unwrap().len() > LONG).then_some(()));
    // Written, with the mark that ends a transaction, and not flushed: SQLite does not know of it yet, but who
    // reads the file does.
    let strace = Strace::hanging(&server);
    let before = copies(&drill).len();
    eventually("it is copied", || (copies(&drill).len() > before).then_some(()));
    server.signal("KILL");
    drop(strace); // Only then can what it holds end.
    server.exit();
    let written = load.end();
    processes::await_none(drill.folder.path());
    written.assert_all_in(&drill.restored());
    let database = open(&drill.database());
    written.assert_all_in(&database);
    assert_sound(&database);
    drop(database);
    let _server = drill.serve();
}

#[test]
fn what_it_copied_of_a_commit_that_the_disk_refused_is_mended() {
    let drill = Drill::start();
    let server = drill.serve();
    let write = || server.post("/benchmarking/post_create").status;
    (0..20).for_each(|_| assert_eq!(write(), 200));
    drill.await_verified();
    let before = copies(&drill).len();
    let strace = Strace::injecting(&server, &drill.wal(), "inject=fdatasync:delay_enter=2s:error=EIO:when=1");
    assert_eq!(write(), 503);
    strace.end();
    assert!(copies(&drill).len() > before, "it was not copied");
    (0..20).for_each(|_| assert_eq!(write(), 200));
    // The server waits until no more are refused, 20 s or so.
    let began = Instant::now();
    while !drill.run(&["verify"]).success {
        assert!(began.elapsed() < 3 * PATIENCE, "it is not mended");
    }
}

/// What Litestream has read from the WAL, in files of its own.
fn copies(drill: &Drill) -> Vec<PathBuf> {
    let folder = drill.file(".news.sqlite3-litestream").join("ltx/0");
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|file| file.extension().is_some_and(|ends| ends == "ltx")).collect()
}
