//! The database files are moved, deleted or replaced while the server runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Program, assert_sound, folder, number, open, seeded};
use crate::writers::{assert_kept, assert_reads, assert_refused, sessions, stop, write};

const BEFORE: usize = 10;
const NOTICED: &str = "was moved, deleted or replaced";

fn beside(database: &Path, ending: &str) -> PathBuf {
    database.with_extension(format!("sqlite3{ending}"))
}

/// A server with three acknowledged writes in its WAL.
fn serving() -> (tempfile::TempDir, PathBuf, Program, BTreeSet<i64>) {
    let (folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let acknowledged = (0..3).map(|_| write(&program)).collect();
    (folder, database, program, acknowledged)
}

#[test]
fn a_deleted_database_is_reported_and_writes_are_refused() {
    let (_folder, database, mut program, _) = serving();
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(beside(&database, ending)).unwrap();
    }
    program.await_log(NOTICED);
    assert!(program.log().contains("ERROR"), "{}", program.log());
    assert_refused(&program.post("/benchmarking/post_create"));
    assert_reads(&program);
    stop(&mut program);
    assert!(!database.exists(), "the stop has created a database");
}

#[test]
fn a_replaced_database_is_not_mixed_with_the_old_wal() {
    let (folder, database, mut program, _) = serving();
    let other = folder.path().join("other.sqlite3");
    seeded(&other, 5);
    fs::rename(&other, &database).unwrap();
    program.await_log(NOTICED);
    assert_refused(&program.post("/benchmarking/post_create"));
    assert_reads(&program);
    // The WAL of the old database lies beside the new one.
    program.kill();
    let program = Program::serve(&database, &[]);
    let connection = open(&database);
    assert_eq!(number(&connection, "SELECT count(*) FROM posts"), 5);
    assert_eq!(sessions(&connection).len(), 0);
    assert_sound(&connection);
    write(&program);
}

#[test]
fn a_database_that_was_moved_away_and_back_accepts_writes_after_a_restart() {
    let (folder, database, mut program, mut acknowledged) = serving();
    let elsewhere = folder.path().join("elsewhere.sqlite3");
    fs::rename(&database, &elsewhere).unwrap();
    program.await_log(NOTICED);
    assert_refused(&program.post("/benchmarking/post_create"));
    // The moved file has every acknowledged write, even without its WAL.
    fs::copy(&elsewhere, folder.path().join("copy.sqlite3")).unwrap();
    assert_kept(&open(&folder.path().join("copy.sqlite3")), &acknowledged, BEFORE);
    fs::rename(&elsewhere, &database).unwrap();
    // Another program may have written to it meanwhile, which the server's caches would not show.
    assert_refused(&program.post("/benchmarking/post_create"));
    program.kill();
    let mut program = Program::serve(&database, &[]);
    acknowledged.insert(write(&program));
    program.kill();
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &acknowledged, BEFORE), acknowledged);
    assert_sound(&connection);
}

#[test]
fn a_deleted_wal_loses_no_acknowledged_write() {
    let (_folder, database, mut program, acknowledged) = serving();
    fs::remove_file(beside(&database, "-wal")).unwrap();
    program.await_log(NOTICED);
    assert_refused(&program.post("/benchmarking/post_create"));
    program.kill();
    let program = Program::serve(&database, &[]);
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &acknowledged, BEFORE), acknowledged);
    write(&program);
    assert_sound(&connection);
}
