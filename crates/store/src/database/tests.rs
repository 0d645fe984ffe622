use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use rusqlite::ErrorCode;
use tempfile::TempDir;

use super::*;
use crate::checkpoint::empty_wal;

const NONE: [i64; 0] = [];
const SCHEMA: Schema = Schema {
    application_id: 0x0074_6573,
    migrations: &[
        "CREATE TABLE authors (id INTEGER PRIMARY KEY) STRICT",
        "ALTER TABLE authors ADD COLUMN name TEXT NOT NULL DEFAULT ''",
    ],
};

/// A new database with a table `notes` that these tests fill.
fn notes() -> (TempDir, Database) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = Database::open(&folder.path().join("news.sqlite3"), &SCHEMA).expect("a new database opens");
    db.write(|connection| {
        connection.execute_batch("CREATE TABLE notes (number INTEGER NOT NULL UNIQUE, text BLOB) STRICT")
    })
    .expect("a table can be made");
    (folder, db)
}

fn note(connection: &Connection, number: i64) -> rusqlite::Result<usize> {
    connection.prepare_cached("INSERT INTO notes (number) VALUES (?)")?.execute([number])
}

fn numbers(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT number FROM notes ORDER BY number")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// What is in the file, read by another connection.
fn on_disk(db: &Database) -> Vec<i64> {
    let other = Connection::open(db.path()).expect("the database opens");
    let sound: String =
        other.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it can be checked");
    assert_eq!(sound, "ok");
    numbers(&other).expect("the table is there")
}

fn wal(db: &Path) -> PathBuf {
    db.with_extension("sqlite3-wal")
}

/// Runs `work` with 0, 1, 2 … in so many threads that begin together.
fn together(threads: i64, work: impl Fn(i64) + Sync) {
    let barrier = Barrier::new(usize::try_from(threads).expect("not negative"));
    thread::scope(|scope| {
        for number in 0..threads {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                work(number);
            });
        }
    });
}

#[test]
fn errors_and_panics_hurt_nobody_elses_write() {
    let (_folder, db) = notes();
    db.write(|connection| note(connection, -1)).expect("it is the first");
    together(64, |thread| {
        for round in 0..10 {
            let number = round * 64 + thread;
            let result = db.write(move |connection| {
                // It may run twice: if the first time were not undone, this would fail.
                note(connection, number)?;
                match number % 4 {
                    1 => return Err(rusqlite::Error::InvalidQuery),
                    2 => panic!("this write was made to panic"),
                    3 => note(connection, -1),
                    _ => Ok(1),
                }?;
                Ok(number)
            });
            match (number % 4, result) {
                (0, Ok(mine)) => assert_eq!(mine, number),
                (1, Err(Error::Sqlite(rusqlite::Error::InvalidQuery))) | (2, Err(Error::Panicked)) => {}
                (3, Err(Error::Sqlite(error))) => {
                    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation));
                }
                (kind, result) => panic!("a write of kind {kind} ended with {result:?}"),
            }
            if number % 4 == 0 {
                let there = db.read(numbers).expect("it can be read");
                assert!(there.contains(&number), "{number} was answered and is not there");
            }
        }
    });
    let expected: Vec<i64> = std::iter::once(-1).chain((0..640).step_by(4)).collect();
    assert_eq!(on_disk(&db), expected);
    db.close().expect("the writer is well");
}

#[test]
fn work_that_rolls_back_by_itself_loses_only_itself() {
    let (_folder, db) = notes();
    together(32, |thread| {
        for round in 0..10 {
            let number = round * 32 + thread;
            let result = db.write(move |connection| {
                note(connection, number)?;
                if number % 3 == 0 {
                    connection.execute_batch("ROLLBACK")?;
                }
                Ok(())
            });
            match result {
                Ok(()) => assert_ne!(number % 3, 0, "it was told that it is written"),
                Err(Error::TransactionLost) => assert_eq!(number % 3, 0),
                Err(error) => panic!("{error}"),
            }
        }
    });
    let expected: Vec<i64> = (0..320).filter(|number| number % 3 != 0).collect();
    assert_eq!(on_disk(&db), expected);
    db.close().expect("the writer is well");
}

#[test]
fn writes_of_one_thread_are_done_in_their_order() {
    let (_folder, db) = notes();
    for number in 0..50 {
        db.write(move |connection| note(connection, number)).expect("it is new");
        let last = db.read(|connection| {
            connection
                .query_row("SELECT number FROM notes ORDER BY rowid DESC", [], |row| row.get::<_, i64>(0))
        });
        assert_eq!(last.expect("there is one"), number);
    }
}

#[test]
fn a_write_that_failed_can_be_done_again() {
    let (_folder, db) = notes();
    let now = Arc::new(AtomicBool::new(false));
    let work = |may: Arc<AtomicBool>| {
        move |connection: &Connection| {
            note(connection, 1)?;
            assert!(may.load(Ordering::SeqCst), "this write was made to panic");
            Ok(())
        }
    };
    assert!(matches!(db.write(work(Arc::clone(&now))), Err(Error::Panicked)));
    assert_eq!(on_disk(&db), NONE);
    now.store(true, Ordering::SeqCst);
    db.write(work(now)).expect("now it may");
    assert_eq!(on_disk(&db), [1]);
}

#[test]
fn a_read_cannot_write() {
    let (_folder, db) = notes();
    for sql in ["INSERT INTO notes (number) VALUES (1)", "DROP TABLE notes", "PRAGMA user_version = 7"] {
        let result = db.read(|connection| connection.execute_batch(sql));
        assert!(matches!(result, Err(Error::Unwritable(_) | Error::Sqlite(_))), "{sql}: {result:?}");
    }
    assert_eq!(on_disk(&db), NONE);
}

#[test]
fn a_panic_or_an_error_in_a_read_leaves_the_readers_usable_and_up_to_date() {
    let (_folder, db) = notes();
    for number in 0..i64::from(db.stats().readers) * 3 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            db.read(|connection| -> rusqlite::Result<()> {
                numbers(connection)?;
                panic!("this read was made to panic")
            })
        }));
        assert!(panicked.is_err());
        let failed = db.read(|connection| {
            numbers(connection)?;
            connection.execute_batch("SELECT nonsense")
        });
        assert!(matches!(failed, Err(Error::Sqlite(_))));
        db.write(move |connection| note(connection, number)).expect("it is new");
        // All readers at once, so that each of them is asked.
        together(db.stats().readers.into(), |_| {
            let there = db.read(numbers).expect("the readers are well");
            assert_eq!(there.last(), Some(&number), "a reader shows an old moment");
        });
    }
}

#[test]
fn a_read_sees_one_moment() {
    let (_folder, db) = notes();
    let (before, after) = db
        .read(|connection| {
            let before = numbers(connection)?;
            // By somebody else: who writes while reading may wait for themselves.
            let written =
                thread::scope(|scope| scope.spawn(|| db.write(|connection| note(connection, 1))).join());
            written.expect("it does not panic").expect("a reader does not stop the writer");
            Ok((before, numbers(connection)?))
        })
        .expect("it can be read");
    assert_eq!((before, after), (NONE.to_vec(), NONE.to_vec()));
    assert_eq!(db.read(numbers).expect("it can be read"), [1]);
}

#[test]
fn what_is_written_is_read_at_once_from_every_thread() {
    let (_folder, db) = notes();
    together(16, |thread| {
        for round in 0..50 {
            let number = round * 16 + thread;
            db.write(move |connection| note(connection, number)).expect("it is new");
            let there = db.read(|connection| {
                connection.query_row("SELECT count(*) FROM notes WHERE number = ?", [number], |row| {
                    row.get::<_, i64>(0)
                })
            });
            assert_eq!(there.expect("it can be read"), 1, "{number} is not there yet");
        }
    });
    assert_eq!(on_disk(&db), (0..800).collect::<Vec<i64>>());
}

/// Opens a file made by `make`, which must be refused and stay as it is; gives the reason.
fn refusal(make: impl FnOnce(&Path)) -> OpenError {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("news.sqlite3");
    make(&path);
    let before = std::fs::read(&path).expect("it was made");
    let error = Database::open(&path, &SCHEMA).err().expect("it is refused");
    assert!(std::fs::read(&path).expect("it was made") == before, "{error}: but it was changed");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "{error}: not alone any more");
    error
}

fn make(sql: &str) -> impl FnOnce(&Path) {
    move |path| {
        let connection = Connection::open(path).expect("a new database opens");
        connection.execute_batch(sql).expect("it can be filled");
    }
}

#[test]
fn what_is_not_ours_is_not_opened() {
    for text in ["x".to_owned(), "x".repeat(5000), "SQLite format 3\0".to_owned()] {
        let error = refusal(|path| std::fs::write(path, &text).expect("a file"));
        assert!(matches!(error, OpenError::NotADatabase(_)), "{error}");
    }
    for sql in [
        "CREATE TABLE songs (title)",
        "PRAGMA page_size = 512; CREATE TABLE songs (title)",
        "PRAGMA journal_mode = WAL; CREATE TABLE songs (title)",
        "CREATE TABLE songs (title); PRAGMA user_version = 1",
        "CREATE TABLE songs (title); PRAGMA application_id = 7",
        "PRAGMA application_id = 7",
    ] {
        let error = refusal(make(sql));
        assert!(matches!(error, OpenError::OtherProgram(_)), "{sql}: {error}");
    }
    // So many tables that the first page has none of them itself.
    let many: String = (0..500).map(|number| format!("CREATE TABLE songs_{number} (title);")).collect();
    assert!(matches!(refusal(make(&many)), OpenError::OtherProgram(_)));
    let next = SCHEMA.migrations.len() + 1;
    for (version, found) in [(next.to_string(), next), ("99".to_owned(), 99), ("-1".to_owned(), 1)] {
        let ours =
            format!("PRAGMA application_id = {}; PRAGMA user_version = {version}", SCHEMA.application_id);
        let error = refusal(make(&format!("CREATE TABLE users (id); {ours}")));
        assert!(
            matches!(error, OpenError::NewerSchema { found: it, known } if it == found && known == SCHEMA.migrations.len()),
            "{version}: {error}"
        );
    }
}

#[test]
fn an_empty_file_and_an_empty_database_become_ours() {
    for sql in ["", "PRAGMA journal_mode = WAL", "CREATE TABLE songs (title); DROP TABLE songs; VACUUM"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("news.sqlite3");
        std::fs::write(&path, "").expect("a file");
        make(sql)(&path);
        Database::open(&path, &SCHEMA).expect(sql).close().expect("it closes");
        Database::open(&path, &SCHEMA).expect("it is ours now").close().expect("it closes");
    }
}

#[test]
fn a_new_database_can_be_opened_by_many_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a/folder/news.sqlite3");
        together(4, |thread| {
            let db = Database::open(&path, &SCHEMA).unwrap_or_else(|error| panic!("{thread}: {error}"));
            db.write(move |connection| {
                connection.execute("INSERT INTO authors (name) VALUES (?)", [thread.to_string()])
            })
            .expect("it can be written");
        });
        let connection = Connection::open(&path).expect("it is there");
        let authors: i64 = connection
            .query_row("SELECT count(*) FROM authors", [], |row| row.get(0))
            .expect("it has its tables");
        assert_eq!(authors, 4);
    }
}

#[test]
fn the_wal_stays_small_beside_readers_and_is_gone_after_the_close() {
    const WRITES: i64 = 5000;
    const TEXT: i64 = 32 * 1024;
    let (folder, db) = notes();
    let path = folder.path().join("news.sqlite3");
    let done = AtomicBool::new(false);
    let mut largest = 0;
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    db.read(numbers).expect("it can be read");
                }
            });
        }
        for number in 0..WRITES {
            db.write(move |connection| {
                connection
                    .prepare_cached("INSERT INTO notes (number, text) VALUES (?, zeroblob(?))")?
                    .execute((number, TEXT))
            })
            .expect("it is new");
            largest = largest.max(std::fs::metadata(wal(&path)).map_or(0, |file| file.len()));
        }
        done.store(true, Ordering::SeqCst);
    });
    // What went through it is more than 160 MiB.
    assert!(largest < 64 << 20, "the WAL grew to {largest} bytes");
    db.close().expect("nobody reads any more");
    assert!(!wal(&path).exists());
    let connection = Connection::open(&path).expect("it is there");
    assert_eq!(numbers(&connection).expect("it has its tables"), (0..WRITES).collect::<Vec<i64>>());
}

#[test]
fn the_wal_is_emptied_beside_others_unless_somebody_reads_what_was_before() {
    let (folder, db) = notes();
    let at_once = || empty_wal(db.path(), Duration::ZERO).expect("it can be opened");
    let length = || std::fs::metadata(wal(db.path())).expect("it is there").len();
    let other = Connection::open(db.path()).expect("the database opens");
    other.execute_batch("BEGIN; SELECT count(*) FROM notes").expect("it can be read");
    db.write(|connection| note(connection, 1)).expect("it is new");
    assert!(!at_once() && length() > 0);
    db.write(|connection| note(connection, 2)).expect("who writes goes on");
    other.execute_batch("COMMIT").expect("it only read");
    assert!(at_once());
    assert_eq!(length(), 0);
    db.write(|connection| note(connection, 3)).expect("it is new");
    assert_eq!(on_disk(&db), [1, 2, 3]);
    let missing = folder.path().join("missing.sqlite3");
    assert!(empty_wal(&missing, Duration::ZERO).is_err() && !missing.exists());
}

#[test]
fn closing_finishes_what_waits_and_leaves_one_file() {
    let (folder, db) = notes();
    // Every reader has been in use, and some have statements in their caches.
    together(db.stats().readers.into(), |_| drop(db.read(numbers).expect("it can be read")));
    db.write(|connection| note(connection, 1)).expect("it is new");
    assert!(wal(db.path()).exists());
    db.close().expect("idle readers do not matter");
    let left: BTreeSet<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|file| file.expect("a file").file_name())
        .collect();
    assert_eq!(left, BTreeSet::from(["news.sqlite3".into()]));
    let again = Database::open(&folder.path().join("news.sqlite3"), &SCHEMA).expect("it opens again");
    assert_eq!(again.read(numbers).expect("it can be read"), [1]);
}

#[test]
fn closing_while_another_process_reads_loses_nothing() {
    let (_folder, db) = notes();
    let path = db.path().to_owned();
    let other = Connection::open(&path).expect("the database opens");
    other.execute_batch("BEGIN; SELECT count(*) FROM notes").expect("it can be read");
    db.write(|connection| note(connection, 1)).expect("it is new");
    db.close().expect("a reader elsewhere is no failure");
    assert_eq!(numbers(&other).expect("it can be read"), NONE);
    other.execute_batch("COMMIT").expect("it only read");
    assert_eq!(numbers(&other).expect("it can be read"), [1]);
}

#[test]
fn sqlite_is_compiled_as_we_ask() {
    let (_folder, db) = notes();
    let options: BTreeSet<String> = db
        .read(|connection| {
            connection.prepare("PRAGMA compile_options")?.query_map([], |row| row.get(0))?.collect()
        })
        .expect("SQLite says it");
    for wanted in
        ["DQS=0", "DEFAULT_MEMSTATUS=0", "OMIT_SHARED_CACHE", "DEFAULT_PCACHE_INITSZ=512", "ENABLE_STAT4"]
    {
        assert!(options.contains(wanted), "{wanted} is missing: is .cargo/config.toml in use?");
    }
    for unwanted in ["ENABLE_MEMORY_MANAGEMENT", "ENABLE_API_ARMOR"] {
        assert!(!options.contains(unwanted), "{unwanted}");
    }
}

/// Runs the jobs in one transaction, in their order: the writer is held until all have queued.
/// Whether each was done.
fn in_one_batch(db: &Database, jobs: &[fn(&Connection) -> rusqlite::Result<()>]) -> Vec<Result<(), Error>> {
    thread::scope(|scope| {
        let (held, is_held) = channel();
        let (release, released) = channel::<()>();
        let released = Mutex::new(released);
        let holder = scope.spawn(move || {
            db.write(move |_| {
                // Run a second time it says the same to nobody, and is let go at once.
                let _ = held.send(());
                let _ = released.lock().map(|released| released.recv());
                Ok(())
            })
        });
        is_held.recv().expect("the writer takes the first job");
        let mut callers = Vec::new();
        for (before, job) in jobs.iter().enumerate() {
            callers.push(scope.spawn(move || db.write(*job)));
            // They are in order when each has queued before the next begins.
            while db.writer.waiting() <= before {
                thread::yield_now();
            }
        }
        drop(release);
        holder.join().expect("it does not panic").expect("the holder's job is done");
        callers.into_iter().map(|caller| caller.join().expect("no panic reaches a caller")).collect()
    })
}

#[test]
fn those_in_the_same_transaction_as_a_failure_are_kept() {
    for failing in [
        (|c| note(c, 2).and_then(|_| note(c, 1)).map(drop)) as fn(&Connection) -> rusqlite::Result<()>,
        |c| {
            note(c, 2)?;
            panic!("this write was made to panic")
        },
        |c| note(c, 2).and_then(|_| c.execute_batch("ROLLBACK")),
        // As SQLite itself does it when the disk is full: an error, and the transaction is gone.
        |c| {
            c.execute_batch(
                "INSERT INTO notes VALUES (2, NULL); INSERT OR ROLLBACK INTO notes VALUES (1, NULL)",
            )
        },
    ] {
        let (_folder, db) = notes();
        let jobs: [fn(&Connection) -> _; 4] =
            [|c| note(c, 1).map(drop), failing, |c| note(c, 3).map(drop), |c| note(c, 4).map(drop)];
        let results = in_one_batch(&db, &jobs);
        let done: Vec<bool> = results.iter().map(Result::is_ok).collect();
        assert_eq!(done, [true, false, true, true], "{results:?}");
        assert_eq!(on_disk(&db), [1, 3, 4]);
        db.close().expect("the writer is well");
    }
}

#[test]
fn what_waits_at_the_end_is_done_and_what_comes_later_is_refused() {
    let (_folder, db) = notes();
    let answered = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for caller in 0..8 {
            let (db, answered) = (&db, &answered);
            scope.spawn(move || {
                for number in (caller..100_000).step_by(8) {
                    match db.write(move |connection| note(connection, number)) {
                        Ok(_) => answered.lock().expect("held for a moment").insert(number),
                        Err(Error::Closed) => return,
                        Err(error) => panic!("{error}"),
                    };
                }
                panic!("it was never closed");
            });
        }
        while answered.lock().expect("held for a moment").len() < 100 {
            thread::yield_now();
        }
        db.writer.close();
    });
    assert!(matches!(db.write(|connection| note(connection, -1)), Err(Error::Closed)));
    let answered: Vec<i64> = answered.into_inner().expect("all have left").into_iter().collect();
    assert_eq!(on_disk(&db), answered);
    assert_eq!(db.read(numbers).expect("reading goes on"), answered);
    db.close().expect("the writer is well");
}
