//! A disk that does not take what it is given: `fdatasync` fails (docs/decisions/0015-faults.md).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Program, assert_sound, folder, open, seeded};
use crate::strace::Strace;
use crate::writers::{Writers, assert_kept, assert_reads, assert_refused, stop, write};

const BEFORE: usize = 10;
const FLUSHES: &str = "fdatasync,fsync";

fn wal(database: &Path) -> PathBuf {
    database.with_extension("sqlite3-wal")
}

/// As `/metrics` tells.
fn refused_commits(program: &Program) -> u64 {
    let metrics = program.get("/metrics");
    let mut lines = metrics.text().lines();
    let number = lines.find_map(|line| line.strip_prefix("lorem_news_refused_commits_total "));
    number.expect("it is there").parse().expect("a number")
}

#[test]
fn what_the_disk_refused_is_said_and_is_not_there_after_a_kill() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let mut told: BTreeSet<i64> = (0..3).map(|_| write(&program)).collect();
    for _ in 0..3 {
        let strace = Strace::failing(&program, &wal(&database), FLUSHES, "EIO");
        assert_refused(&program.post("/benchmarking/post_create"));
        assert_reads(&program);
        assert!(refused_commits(&program) >= 1, "it is not counted");
        // PostDetail as it is in the WAL, a crash would make it true.
        program.kill();
        drop(strace);
        program = Program::serve(&database, &[]);
        assert_eq!(assert_kept(&open(&database), &told, BEFORE), told, "what was refused was done");
        told.insert(write(&program));
    }
    assert_sound(&open(&database));
}

#[test]
fn while_every_fourth_flush_fails_nobody_is_told_a_lie() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let inject = format!("inject={FLUSHES}:error=EIO:when=4+4");
    let strace = Strace::injecting(&program, &wal(&database), &inject);
    let clients = Writers::start(program.address, 8);
    clients.await_refusals(20);
    clients.await_answers(100);
    let written = clients.end();
    program.kill();
    drop(strace);
    let program = Program::serve(&database, &[]);
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &written.told, BEFORE), written.told, "what was refused was done");
    write(&program);
    assert_sound(&connection);
}

/// What a WAL has at its start that is another each time it begins anew: two random numbers
/// (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
fn salts(database: &Path) -> [u8; 8] {
    let wal = fs::read(wal(database)).expect("it is there");
    wal[16..24].try_into().expect("eight bytes")
}

#[test]
fn what_the_database_did_not_take_stays_in_the_wal_until_a_restart() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let strace = Strace::failing(&program, &database, FLUSHES, "EIO");
    let clients = Writers::start(program.address, 8);
    program.await_log("flushing the database failed after a checkpoint");
    let begun = salts(&database);
    let length = fs::metadata(wal(&database)).unwrap().len();
    strace.end();
    // The disk is well again, and SQLite would go on as if nothing had happened.
    while fs::metadata(wal(&database)).unwrap().len() < length + 8 * 1024 * 1024 {
        clients.await_answers(100);
    }
    let written = clients.end();
    assert_eq!(written.refused, 0, "{}", program.log());
    stop(&mut program);
    assert_eq!(salts(&database), begun, "the WAL began anew");

    let mut program = Program::serve(&database, &[]);
    assert_reads(&program);
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &written.told, BEFORE), written.told);
    assert_sound(&connection);
    drop(connection);
    stop(&mut program);
    assert!(!wal(&database).exists(), "the database is not whole");
}

#[test]
fn a_stop_whose_last_flush_fails_leaves_the_wal_that_has_everything() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let told: BTreeSet<i64> = (0..3).map(|_| write(&program)).collect();
    // Only the first of each thread: SQLite tries again when it closes the database, and would believe the disk.
    let strace = Strace::injecting(&program, &database, &format!("inject={FLUSHES}:error=EIO:when=1"));
    program.signal("TERM");
    assert_ne!(program.exit().code(), Some(0), "{}", program.log());
    drop(strace);
    assert!(wal(&database).exists(), "it alone has what the disk did not take");
    let program = Program::serve(&database, &[]);
    assert_eq!(assert_kept(&open(&database), &told, BEFORE), told);
    assert_reads(&program);
}
