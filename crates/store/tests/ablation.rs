//! The other ways to write, see `lorem_store::ablation`.
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

fn open(folder: &tempfile::TempDir, way: WriteStrategy, synchronous: Synchronous) -> Database {
    let db = Database::open(&folder.path().join("test.sqlite3"), &SCHEMA).expect("it opens");
    db.with_write_strategy(way, synchronous).expect("it opens again")
}

fn note(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.execute("INSERT INTO notes VALUES (?1)", [id]).map(drop)
}

fn count(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
}

#[test]
fn every_way_flushes_as_it_was_asked_to() {
    for way in STRATEGIES {
        for (synchronous, number) in [(Synchronous::Normal, 1), (Synchronous::Full, 2)] {
            let folder = tempfile::tempdir().expect("a folder");
            let db = open(&folder, way, synchronous);
            let found = db.write(|connection| {
                connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
            });
            assert_eq!(found.expect("it is told"), number, "{way:?}");
        }
    }
}

#[test]
fn every_way_but_the_first_lets_everybody_write() {
    for way in [WriteStrategy::Immediate, WriteStrategy::Mutex, WriteStrategy::Group] {
        let folder = tempfile::tempdir().expect("a folder");
        let db = open(&folder, way, Synchronous::Normal);
        thread::scope(|scope| {
            for writer in 0..4 {
                let db = &db;
                scope.spawn(move || {
                    for number in 0..25 {
                        db.write(move |connection| note(connection, writer * 25 + number))
                            .expect("nobody else has this number");
                    }
                });
            }
        });
        assert_eq!(db.read(count).expect("it reads"), 100, "{way:?}");
        db.close().expect("it closes");
    }
}

#[test]
fn whoever_looked_before_somebody_wrote_cannot_write_in_a_deferred_transaction() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = open(&folder, WriteStrategy::Deferred, Synchronous::Normal);
    let (looked, has_looked) = channel();
    let (wrote, has_written) = channel();
    let has_written = Mutex::new(has_written);
    thread::scope(|scope| {
        // Gone when this fails, so that nobody waits for it for ever.
        let wrote = wrote;
        let db = &db;
        let late = scope.spawn(move || {
            db.write(move |connection| {
                looked.send(()).expect("somebody waits for it");
                has_written.lock().expect("nobody panicked").recv().expect("it comes");
                note(connection, 1)
            })
        });
        has_looked.recv().expect("it comes");
        db.write(|connection| note(connection, 2)).expect("nobody has the lock");
        wrote.send(()).expect("somebody waits for it");
        assert!(matches!(late.join().expect("it did not panic"), Err(Error::Busy)));
    });
    assert_eq!(db.read(count).expect("it reads"), 1);
}

#[test]
fn a_write_that_fails_leaves_nothing_behind() {
    for way in STRATEGIES {
        let folder = tempfile::tempdir().expect("a folder");
        let db = open(&folder, way, Synchronous::Normal);
        let failed = db.write(|connection| {
            note(connection, 1)?;
            note(connection, 1)
        });
        assert!(failed.is_err(), "{way:?}");
        assert_eq!(db.read(count).expect("it reads"), 0, "{way:?}");
    }
}
