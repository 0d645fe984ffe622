//! Eight threads write notes, and each write returns when its note is on the disk. Group commit lets the
//! writes that wait at the same moment share a flush: `cargo run --release -p lorem-store --example notes`.

use std::thread;
use std::time::Instant;

use lorem_store::rusqlite::{Connection, Result};
use lorem_store::{Database, Error, Schema};

const SCHEMA: Schema = Schema {
    application_id: 0x4e6f_7465, // "Note"
    migrations: &["CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER, text TEXT) STRICT"],
};
const THREADS: u32 = 8;
const NOTES: u32 = 250;

fn insert(connection: &Connection, author: u32, text: &str) -> Result<i64> {
    let mut statement = connection.prepare_cached("INSERT INTO notes (author, text) VALUES (?1, ?2)")?;
    statement.insert((author, text))
}

/// Writes the notes of one author, each in a write of its own.
fn write_notes(db: &Database, author: u32) -> std::result::Result<(), Error> {
    for number in 0..NOTES {
        let text = format!("note {number}");
        db.write(move |connection| insert(connection, author, &text))?;
    }
    Ok(())
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let db = Database::open(&folder.path().join("notes.sqlite3"), &SCHEMA)?;
    let began = Instant::now();
    thread::scope(|scope| {
        let db = &db;
        let threads: Vec<_> =
            (0..THREADS).map(|author| scope.spawn(move || write_notes(db, author))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Err(Error::Panicked)))
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let notes: u32 =
        db.read(|connection| connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)))?;
    println!("{notes} notes in {seconds:.2} s, each on the disk when its write returned");
    for (size, commits) in db.writer_metrics().batch_sizes.cumulative_buckets() {
        println!("commits of at most {size:>3} writes: {commits}");
    }
    db.close()?; // The WAL is copied into the database, which is one file now.
    Ok(())
}
