//! The database's file is taken away from under the server.

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

/// A server with three writes in its WAL.
fn serving() -> (tempfile::TempDir, PathBuf, Program, BTreeSet<i64>) {
    let (folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let told = (0..3).map(|_| write(&program)).collect();
    (folder, database, program, told)
}

#[test]
fn who_deletes_the_database_is_told_and_nobody_writes_into_nowhere() {
    let (_folder, database, mut program, _) = serving();
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(beside(&database, ending)).unwrap();
    }
    program.await_log(NOTICED);
    assert!(program.log().contains("ERROR"), "{}", program.log());
    assert_refused(&program.post("/benchmarking/post_create"));
    assert_reads(&program);
    stop(&mut program);
    assert!(!database.exists(), "nothing is left behind that looks like a database");
}

#[test]
fn a_database_that_is_put_in_the_place_of_another_is_not_mixed_with_it() {
    let (folder, database, mut program, _) = serving();
    let other = folder.path().join("other.sqlite3");
    seeded(&other, 5);
    fs::rename(&other, &database).unwrap();
    program.await_log(NOTICED);
    assert_refused(&program.post("/benchmarking/post_create"));
    assert_reads(&program);
    // The WAL of the old one is still there, beside the new one.
    program.kill();
    let program = Program::serve(&database, &[]);
    let connection = open(&database);
    assert_eq!(number(&connection, "SELECT count(*) FROM posts"), 5);
    assert_eq!(sessions(&connection).len(), 0);
    assert_sound(&connection);
    write(&program);
}

#[test]
fn a_database_that_is_moved_away_and_back_is_written_to_after_a_restart() {
    let (folder, database, mut program, mut told) = serving();
    let elsewhere = folder.path().join("elsewhere.sqlite3");
    fs::rename(&database, &elsewhere).unwrap();
    program.await_log(NOTICED);
    assert_refused(&program.post("/benchmarking/post_create"));
    // It went with all that was answered, without its WAL.
    fs::copy(&elsewhere, folder.path().join("copy.sqlite3")).unwrap();
    assert_kept(&open(&folder.path().join("copy.sqlite3")), &told, BEFORE);
    fs::rename(&elsewhere, &database).unwrap();
    // Others may have written to it meanwhile: our caches know nothing of that.
    assert_refused(&program.post("/benchmarking/post_create"));
    program.kill();
    let mut program = Program::serve(&database, &[]);
    told.insert(write(&program));
    program.kill();
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &told, BEFORE), told);
    assert_sound(&connection);
}

#[test]
fn a_wal_that_is_deleted_takes_nothing_with_it_that_was_answered() {
    let (_folder, database, mut program, told) = serving();
    fs::remove_file(beside(&database, "-wal")).unwrap();
    program.await_log(NOTICED);
    assert_refused(&program.post("/benchmarking/post_create"));
    program.kill();
    let program = Program::serve(&database, &[]);
    let connection = open(&database);
    assert_eq!(assert_kept(&connection, &told, BEFORE), told);
    write(&program);
    assert_sound(&connection);
}
