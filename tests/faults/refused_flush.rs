//! A disk whose flush fails: `fdatasync` returns an error (docs/decisions/0015-faults.md).

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

/// The counter of refused commits in `/metrics`.
fn refused_commits(program: &Program) -> u64 {
    let metrics = program.get("/metrics");
    let mut lines = metrics.text().lines();
    let number = lines.find_map(|line| line.strip_prefix("lorem_news_refused_commits_total "));
    number.expect("the metric").parse().expect("a number")
}

#[test]
fn a_write_whose_flush_fails_is_refused_counted_and_absent_after_a_kill() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let mut acknowledged: BTreeSet<i64> = (0..3).map(|_| write(&program)).collect();
    for _ in 0..3 {
        let strace = Strace::failing(&program, &wal(&database), FLUSHES, "EIO");
        assert_refused(&program.post("/benchmarking/post_create"));
        assert_reads(&program);
        assert!(refused_commits(&program) >= 1, "the refused commit is not counted");
        // The refused commit is complete in the WAL, but recovery must not apply it.
        program.kill();
        drop(strace);
        program = Program::serve(&database, &[]);
        assert_eq!(
            assert_kept(&open(&database), &acknowledged, BEFORE),
            acknowledged,
            "a refused write was kept"
        );
        acknowledged.insert(write(&program));
    }
    assert_sound(&open(&database));
}

#[test]
fn with_every_fourth_flush_failing_every_response_is_true() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let inject = format!("inject={FLUSHES}:error=EIO:when=4+4");
    let strace = Strace::injecting(&program, &wal(&database), &inject);
    let clients = Writers::start(program.address, 8);
    clients.await_refusals(20);
    clients.await_acknowledged(100);
    let written = clients.end();
    program.kill();
    drop(strace);
    let program = Program::serve(&database, &[]);
    let connection = open(&database);
    assert_eq!(
        assert_kept(&connection, &written.acknowledged, BEFORE),
        written.acknowledged,
        "a refused write was kept"
    );
    write(&program);
    assert_sound(&connection);
}

/// The salts in the header of the WAL: SQLite changes these two numbers each time that it restarts the WAL
/// (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
fn salts(database: &Path) -> [u8; 8] {
    let wal = fs::read(wal(database)).expect("the WAL exists");
    wal[16..24].try_into().expect("eight bytes")
}

#[test]
fn pages_whose_checkpoint_failed_stay_in_the_wal_until_a_restart() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let strace = Strace::failing(&program, &database, FLUSHES, "EIO");
    let clients = Writers::start(program.address, 8);
    program.await_log("flushing the database failed after a checkpoint");
    let before = salts(&database);
    let length = fs::metadata(wal(&database)).unwrap().len();
    strace.end();
    // The disk works again. SQLite alone would restart the WAL now.
    while fs::metadata(wal(&database)).unwrap().len() < length + 8 * 1024 * 1024 {
        clients.await_acknowledged(100);
    }
    let written = clients.end();
    assert_eq!(written.refused, 0, "{}", program.log());
    stop(&mut program);
    assert_eq!(salts(&database), before, "the WAL was restarted");

    let mut program = Program::serve(&database, &[]);
    assert_reads(&program);
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &written.acknowledged, BEFORE), written.acknowledged);
    assert_sound(&connection);
    drop(connection);
    stop(&mut program);
    assert!(!wal(&database).exists(), "the stop has not copied the WAL into the database");
}

#[test]
fn a_stop_whose_last_flush_fails_keeps_the_wal() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &[]);
    let acknowledged: BTreeSet<i64> = (0..3).map(|_| write(&program)).collect();
    // Only the first flush of each thread fails: SQLite flushes again when it closes the database, and would trust
    // the second result.
    let strace = Strace::injecting(&program, &database, &format!("inject={FLUSHES}:error=EIO:when=1"));
    program.signal("TERM");
    assert_ne!(program.exit().code(), Some(0), "{}", program.log());
    drop(strace);
    assert!(wal(&database).exists(), "the WAL is the only copy of the unflushed pages");
    let program = Program::serve(&database, &[]);
    assert_eq!(assert_kept(&open(&database), &acknowledged, BEFORE), acknowledged);
    assert_reads(&program);
}
