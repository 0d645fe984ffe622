//! A kill of the server or an error of the disk interrupts a commit. Litestream reads the WAL itself, so it copies
//! the commit nevertheless. Like `tests/faults`, these tests need the right to trace another process.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use crate::drill::Drill;
use crate::harness::{TIMEOUT, assert_sound, eventually, open};
use crate::load::Load;
use crate::processes;
use crate::strace::Strace;

/// From this length of the WAL, in bytes, Litestream checkpoints each time that it looks: a thousand pages.
const LONG: u64 = 1000 * (4096 + 24);

#[test]
fn a_copied_commit_that_never_ended_does_not_damage_the_replica() {
    let drill = Drill::start();
    let mut server = drill.serve();
    let load = Load::start(server.address);
    eventually("a long WAL", || (fs::metadata(drill.wal()).unwrap().len() > LONG).then_some(()));
    // The WAL has the commit frame, but its flush hangs. SQLite does not publish the commit yet; a program that
    // reads the file sees it.
    let strace = Strace::hanging(&server);
    let before = copies(&drill).len();
    eventually("Litestream copies the commit", || (copies(&drill).len() > before).then_some(()));
    server.signal("KILL");
    drop(strace); // A process ends only when strace has detached.
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
fn a_replica_with_a_commit_that_the_disk_refused_is_repaired() {
    let drill = Drill::start();
    let server = drill.serve();
    let write = || server.post("/benchmarking/post_create").status;
    (0..20).for_each(|_| assert_eq!(write(), 200));
    drill.await_verified();
    let before = copies(&drill).len();
    let strace = Strace::injecting(&server, &drill.wal(), "inject=fdatasync:delay_enter=2s:error=EIO:when=1");
    assert_eq!(write(), 503);
    strace.end();
    assert!(copies(&drill).len() > before, "Litestream has not copied the commit");
    (0..20).for_each(|_| assert_eq!(write(), 200));
    // The server repairs the replica about 20 s after the last refused commit.
    let began = Instant::now();
    while !drill.run(&["verify"]).success {
        assert!(began.elapsed() < 3 * TIMEOUT, "the replica is not repaired");
    }
}

/// The files that Litestream has written from the WAL.
fn copies(drill: &Drill) -> Vec<PathBuf> {
    let folder = drill.file(".news.sqlite3-litestream").join("ltx/0");
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|file| file.extension().is_some_and(|ends| ends == "ltx")).collect()
}
