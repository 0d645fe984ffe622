//! A disk without room: writes are refused, reads go on, and with room everything goes on by itself.

use std::fs;
use std::path::Path;

use crate::disk::Disk;
use crate::harness::{Program, assert_sound, eventually, open, seeded};
use crate::writers::{Writers, assert_kept, assert_reads, assert_refused, stop, write};

const BEFORE: usize = 10;

#[test]
fn while_the_disk_is_full_writes_are_refused_and_afterwards_they_go_on() {
    let disk = Disk::of(32);
    seeded(&disk.database(), 10);
    let mut program = Program::serve(&disk.database(), &[]);
    let clients = Writers::start(program.address, 4);
    for _ in 0..3 {
        clients.await_answers(50);
        disk.fill();
        clients.await_refusals(50);
        assert_refused(&program.post("/benchmarking/comment_create"));
        assert_reads(&program);
        disk.empty();
        clients.await_answers(50);
    }
    let written = clients.end();
    program.kill();
    let connection = open(&disk.database());
    let kept = assert_kept(&connection, &written.told, BEFORE);
    assert_eq!(kept, written.told, "what was refused was done");
    assert_sound(&connection);
}

#[test]
fn a_disk_that_is_full_at_the_checkpoint_loses_nothing() {
    let disk = Disk::of(64);
    seeded(&disk.database(), 10);
    let mut program = Program::serve(&disk.database(), &[]);
    let clients = Writers::start(program.address, 8);
    // Once the WAL has been copied it begins anew, and needs no more room for a while: the database does.
    await_growth(&disk.database());
    disk.fill();
    program.await_log("checkpoint: database or disk is full");
    clients.await_refusals(50);
    assert_reads(&program);
    disk.empty();
    clients.await_answers(50);
    await_growth(&disk.database());
    let mut told = clients.end().told;
    told.insert(write(&program));
    stop(&mut program);
    assert!(!disk.database().with_extension("sqlite3-wal").exists(), "the database is not whole");
    let connection = open(&disk.database());
    assert_eq!(assert_kept(&connection, &told, BEFORE), told, "what was refused was done");
    assert_sound(&connection);
}

/// Waits until something was copied into the database.
fn await_growth(database: &Path) {
    let length = || fs::metadata(database).expect("it is there").len();
    let before = length();
    eventually("a checkpoint", || (length() > before).then_some(()));
}
