//! A read-only database, at the start of the server or later.

use std::path::Path;

use crate::disk::{Disk, ReadOnlyFile};
use crate::harness::{Program, assert_sound, folder, open, run, seeded};
use crate::strace::Strace;
use crate::writers::{assert_kept, assert_reads, assert_refused, stop, write};

#[test]
fn a_server_does_not_start_on_a_read_only_disk() {
    let disk = Disk::of(32);
    seeded(&disk.database(), 10);
    // After a clean stop, and after a kill.
    for has_wal in [false, true] {
        if has_wal {
            let mut program = Program::serve(&disk.database(), &[]);
            write(&program);
            program.kill();
        }
        disk.make_read_only();
        assert_refuses_to_start(&disk.database());
        disk.make_writable();
    }
    assert_serves(&disk.database());
}

#[test]
fn a_server_does_not_start_on_a_read_only_file() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    // After a clean stop, and after a kill.
    for has_wal in [false, true] {
        if has_wal {
            let mut program = Program::serve(&database, &[]);
            write(&program);
            program.kill();
        }
        let file = ReadOnlyFile::at(&database);
        assert_refuses_to_start(&database);
        drop(file);
    }
    assert_serves(&database);
}

fn assert_refuses_to_start(database: &Path) {
    let database = database.to_str().unwrap();
    let ended = run(&["serve", "--listen", "127.0.0.1:0", "--database", database]);
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    let message = stderr.lines().last().expect("a message");
    assert!(message.contains("cannot be written"), "{stderr}");
    assert!(message.contains(database), "{stderr}");
}

/// Panics unless a server starts, reads, writes and stops.
fn assert_serves(database: &Path) {
    let mut program = Program::serve(database, &[]);
    assert_reads(&program);
    write(&program);
    stop(&mut program);
    assert_sound(&open(database));
}

/// The kernel's response to every write after it has found the file system damaged (`errors=remount-ro`).
const READ_ONLY: &str = "inject=pwrite64,write,ftruncate,fallocate:error=EROFS";

#[test]
fn reads_succeed_while_the_disk_is_read_only_and_writes_succeed_afterwards() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let mut acknowledged = [write(&program)].into();
    let wal = database.with_extension("sqlite3-wal");
    let strace = Strace::injecting(&program, &wal, READ_ONLY);
    for _ in 0..3 {
        assert_refused(&program.post("/benchmarking/post_create"));
        assert_reads(&program);
    }
    strace.end();
    std::collections::BTreeSet::insert(&mut acknowledged, write(&program));
    program.kill();
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &acknowledged, 10), acknowledged, "a refused write was kept");
    assert_sound(&connection);
}
