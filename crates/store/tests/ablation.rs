//! The write strategies of `lorem_store::ablation`.
#![cfg(feature = "ablation")]

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;

use lorem_store::ablation::{Synchronous, WriteStrategy};
use lorem_store::{Database, Error, Schema};
use rusqlite::Connection;

const SCHEMA: Schema =
    Schema { application_id: 0x0074_6573, migrations: &["CREATE TABLE notes (id INTEGER PRIMARY KEY)"] };
const STRATEGIES: [WriteStrategy; 4] =
    [WriteStrategy::Deferred, WriteStrategy::Immediate, WriteStrategy::Mutex, WriteStrategy::Group];

fn open(folder: &tempfile::TempDir, strategy: WriteStrategy, synchronous: Synchronous) -> Database {
    let db = Database::open(&folder.path().join("test.sqlite3"), &SCHEMA).expect("it opens");
    db.with_write_strategy(strategy, synchronous).expect("it opens again")
}

fn insert(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.execute("INSERT INTO notes VALUES (?1)", [id]).map(drop)
}

fn count(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
}

#[test]
fn every_strategy_has_the_requested_synchronous() {
    for strategy in STRATEGIES {
        for (synchronous, number) in [(Synchronous::Normal, 1), (Synchronous::Full, 2)] {
            let folder = tempfile::tempdir().expect("a folder");
            let db = open(&folder, strategy, synchronous);
            let found = db.write(|connection| {
                connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
            });
            assert_eq!(found.expect("the pragma has a value"), number, "{strategy:?}");
        }
    }
}

#[test]
fn concurrent_writes_succeed_with_every_strategy_but_deferred() {
    for strategy in [WriteStrategy::Immediate, WriteStrategy::Mutex, WriteStrategy::Group] {
        let folder = tempfile::tempdir().expect("a folder");
        let db = open(&folder, strategy, Synchronous::Normal);
        thread::scope(|scope| {
            for writer in 0..4 {
                let db = &db;
                scope.spawn(move || {
                    for number in 0..25 {
                        db.write(move |connection| insert(connection, writer * 25 + number))
                            .expect("the number is unique");
                    }
                });
            }
        });
        assert_eq!(db.read(count).expect("it reads"), 100, "{strategy:?}");
        db.close().expect("it closes");
    }
}

#[test]
fn a_deferred_transaction_that_read_before_another_commit_cannot_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = open(&folder, WriteStrategy::Deferred, Synchronous::Normal);
    let (read, has_read) = channel();
    let (committed, has_committed) = channel();
    let has_committed = Mutex::new(has_committed);
    thread::scope(|scope| {
        // Dropped when an assertion fails, so that the other thread does not wait for ever.
        let committed = committed;
        let db = &db;
        let late = scope.spawn(move || {
            db.write(move |connection| {
                read.send(()).expect("the receiver waits");
                has_committed.lock().expect("no holder panicked").recv().expect("the commit happens");
                insert(connection, 1)
            })
        });
        has_read.recv().expect("the read happens");
        db.write(|connection| insert(connection, 2)).expect("the lock is free");
        committed.send(()).expect("the receiver waits");
        assert!(matches!(late.join().expect("no panic"), Err(Error::Busy)));
    });
    assert_eq!(db.read(count).expect("it reads"), 1);
}

#[test]
fn a_failed_write_leaves_no_rows() {
    for strategy in STRATEGIES {
        let folder = tempfile::tempdir().expect("a folder");
        let db = open(&folder, strategy, Synchronous::Normal);
        let failed = db.write(|connection| {
            insert(connection, 1)?;
            insert(connection, 1)
        });
        assert!(failed.is_err(), "{strategy:?}");
        assert_eq!(db.read(count).expect("it reads"), 0, "{strategy:?}");
    }
}
