//! A full disk: writes are refused and reads succeed, and with free space writes succeed again.

use std::fs;
use std::path::Path;

use crate::disk::Disk;
use crate::harness::{Program, assert_sound, eventually, open, seeded};
use crate::writers::{Writers, assert_kept, assert_reads, assert_refused, stop, write};

const BEFORE: usize = 10;

#[test]
fn writes_are_refused_while_the_disk_is_full_and_succeed_afterwards() {
    let disk = Disk::of(32);
    seeded(&disk.database(), 10);
    let mut program = Program::serve(&disk.database(), &[]);
    let clients = Writers::start(program.address, 4);
    for _ in 0..3 {
        clients.await_acknowledged(50);
        disk.fill();
        clients.await_refusals(50);
        assert_refused(&program.post("/benchmarking/comment_create"));
        assert_reads(&program);
        disk.empty();
        clients.await_acknowledged(50);
    }
    let written = clients.end();
    program.kill();
    let connection = open(&disk.database());
    let kept = assert_kept(&connection, &written.acknowledged, BEFORE);
    assert_eq!(kept, written.acknowledged, "a refused write was kept");
    assert_sound(&connection);
}

#[test]
fn a_full_disk_at_the_checkpoint_loses_no_write() {
    let disk = Disk::of(64);
    seeded(&disk.database(), 10);
    let mut program = Program::serve(&disk.database(), &[]);
    let clients = Writers::start(program.address, 8);
    // After a checkpoint the WAL is overwritten from its start, so only the database needs more space.
    await_growth(&disk.database());
    disk.fill();
    program.await_log("checkpoint: database or disk is full");
    clients.await_refusals(50);
    assert_reads(&program);
    disk.empty();
    clients.await_acknowledged(50);
    await_growth(&disk.database());
    let mut acknowledged = clients.end().acknowledged;
    acknowledged.insert(write(&program));
    stop(&mut program);
    assert!(
        !disk.database().with_extension("sqlite3-wal").exists(),
        "the stop has not copied the WAL into the database"
    );
    let connection = open(&disk.database());
    assert_eq!(assert_kept(&connection, &acknowledged, BEFORE), acknowledged, "a refused write was kept");
    assert_sound(&connection);
}

/// Waits until a checkpoint has extended the database.
fn await_growth(database: &Path) {
    let length = || fs::metadata(database).expect("the database exists").len();
    let before = length();
    eventually("a checkpoint", || (length() > before).then_some(()));
}
