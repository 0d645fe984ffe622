//! The database cannot be written: from the start, or from a moment on.

use std::path::Path;

use crate::disk::{Disk, ReadOnlyFile};
use crate::harness::{Program, assert_sound, folder, open, run, seeded};
use crate::strace::Strace;
use crate::writers::{assert_kept, assert_reads, assert_refused, stop, write};

#[test]
fn a_server_does_not_start_on_a_disk_that_cannot_be_written() {
    let disk = Disk::of(32);
    seeded(&disk.database(), 10);
    // As it was stopped, and as it was killed.
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
fn a_server_does_not_start_on_a_file_that_cannot_be_written() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    // As it was stopped, and as it was killed.
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
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    let sentence = said.lines().last().expect("it says why");
    assert!(sentence.contains("cannot be written"), "{said}");
    assert!(sentence.contains(database), "{said}");
}

/// As if nothing had been.
fn assert_serves(database: &Path) {
    let mut program = Program::serve(database, &[]);
    assert_reads(&program);
    write(&program);
    stop(&mut program);
    assert_sound(&open(database));
}

/// What the kernel answers to every write after it has seen a file system damaged (`errors=remount-ro`).
const READ_ONLY: &str = "inject=pwrite64,write,ftruncate,fallocate:error=EROFS";

#[test]
fn while_the_disk_cannot_be_written_people_read_and_afterwards_write() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let mut told = [write(&program)].into();
    let wal = database.with_extension("sqlite3-wal");
    let strace = Strace::injecting(&program, &wal, READ_ONLY);
    for _ in 0..3 {
        assert_refused(&program.post("/benchmarking/post_create"));
        assert_reads(&program);
    }
    strace.end();
    std::collections::BTreeSet::insert(&mut told, write(&program));
    program.kill();
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &told, 10), told, "what was refused was done");
    assert_sound(&connection);
}
