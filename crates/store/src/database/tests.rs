use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

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

/// A new database with an empty table `notes`.
fn notes() -> (TempDir, Database) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = Database::open(&folder.path().join("notes.sqlite3"), &SCHEMA).expect("a new database opens");
    db.write(|connection| {
        connection.execute_batch("CREATE TABLE notes (number INTEGER NOT NULL UNIQUE, text BLOB) STRICT")
    })
    .expect("a table can be made");
    (folder, db)
}

fn insert(connection: &Connection, number: i64) -> rusqlite::Result<usize> {
    connection.prepare_cached("INSERT INTO notes (number) VALUES (?)")?.execute([number])
}

fn numbers(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT number FROM notes ORDER BY number")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// The rows of `notes` as another connection reads them, after an integrity check.
fn rows_seen_by_another_connection(db: &Database) -> Vec<i64> {
    let other = Connection::open(db.path()).expect("the database opens");
    let integrity: String =
        other.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it can be checked");
    assert_eq!(integrity, "ok");
    numbers(&other).expect("the table is there")
}

fn wal(db: &Path) -> PathBuf {
    db.with_extension("sqlite3-wal")
}

/// Runs `work` with 0, 1, 2 … in `threads` threads that begin at the same moment.
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
fn an_error_or_a_panic_in_one_write_does_not_affect_other_writes() {
    let (_folder, db) = notes();
    db.write(|connection| insert(connection, -1)).expect("the first row");
    together(64, |thread| {
        for round in 0..10 {
            let number = round * 64 + thread;
            let result = db.write(move |connection| {
                // If a closure runs twice and the first run is not rolled back, this violates the unique key.
                insert(connection, number)?;
                match number % 4 {
                    1 => return Err(rusqlite::Error::InvalidQuery),
                    2 => panic!("this write was made to panic"),
                    3 => insert(connection, -1),
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
                assert!(there.contains(&number), "the write of {number} was answered and is not visible");
            }
        }
    });
    let expected: Vec<i64> = std::iter::once(-1).chain((0..640).step_by(4)).collect();
    assert_eq!(rows_seen_by_another_connection(&db), expected);
    db.close().expect("the writer has not panicked");
}

#[test]
fn a_write_that_rolls_back_loses_only_its_own_changes() {
    let (_folder, db) = notes();
    together(32, |thread| {
        for round in 0..10 {
            let number = round * 32 + thread;
            let result = db.write(move |connection| {
                insert(connection, number)?;
                if number % 3 == 0 {
                    connection.execute_batch("ROLLBACK")?;
                }
                Ok(())
            });
            match result {
                Ok(()) => assert_ne!(number % 3, 0, "a write that was rolled back was answered as committed"),
                Err(Error::TransactionLost) => assert_eq!(number % 3, 0),
                Err(error) => panic!("{error}"),
            }
        }
    });
    let expected: Vec<i64> = (0..320).filter(|number| number % 3 != 0).collect();
    assert_eq!(rows_seen_by_another_connection(&db), expected);
    db.close().expect("the writer has not panicked");
}

#[test]
fn writes_of_one_thread_run_in_their_order() {
    let (_folder, db) = notes();
    for number in 0..50 {
        db.write(move |connection| insert(connection, number)).expect("a new row");
        let last = db.read(|connection| {
            connection
                .query_row("SELECT number FROM notes ORDER BY rowid DESC", [], |row| row.get::<_, i64>(0))
        });
        assert_eq!(last.expect("a last row"), number);
    }
}

#[test]
fn a_write_that_failed_can_succeed_later() {
    let (_folder, db) = notes();
    let may_succeed = Arc::new(AtomicBool::new(false));
    let work = |may_succeed: Arc<AtomicBool>| {
        move |connection: &Connection| {
            insert(connection, 1)?;
            assert!(may_succeed.load(Ordering::SeqCst), "this write was made to panic");
            Ok(())
        }
    };
    assert!(matches!(db.write(work(Arc::clone(&may_succeed))), Err(Error::Panicked)));
    assert_eq!(rows_seen_by_another_connection(&db), NONE);
    may_succeed.store(true, Ordering::SeqCst);
    db.write(work(may_succeed)).expect("the second attempt succeeds");
    assert_eq!(rows_seen_by_another_connection(&db), [1]);
}

#[test]
fn a_read_cannot_write() {
    let (_folder, db) = notes();
    for sql in ["INSERT INTO notes (number) VALUES (1)", "DROP TABLE notes", "PRAGMA user_version = 7"] {
        let result = db.read(|connection| connection.execute_batch(sql));
        assert!(matches!(result, Err(Error::Unwritable(_) | Error::Sqlite(_))), "{sql}: {result:?}");
    }
    assert_eq!(rows_seen_by_another_connection(&db), NONE);
}

#[test]
fn readers_stay_usable_and_current_after_a_panic_or_an_error_in_a_read() {
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
        db.write(move |connection| insert(connection, number)).expect("a new row");
        // As many threads as readers, so that each reader is used.
        together(db.stats().readers.into(), |_| {
            let there = db.read(numbers).expect("the readers are usable");
            assert_eq!(there.last(), Some(&number), "a reader shows an old snapshot");
        });
    }
}

#[test]
fn a_read_sees_one_snapshot() {
    let (_folder, db) = notes();
    let (before, after) = db
        .read(|connection| {
            let before = numbers(connection)?;
            // Another thread writes: a thread that writes while it reads may wait for itself.
            let written =
                thread::scope(|scope| scope.spawn(|| db.write(|connection| insert(connection, 1))).join());
            written.expect("no panic").expect("a reader does not block the writer");
            Ok((before, numbers(connection)?))
        })
        .expect("it can be read");
    assert_eq!((before, after), (NONE.to_vec(), NONE.to_vec()));
    assert_eq!(db.read(numbers).expect("it can be read"), [1]);
}

#[test]
fn a_write_is_visible_to_every_thread_when_it_is_answered() {
    let (_folder, db) = notes();
    together(16, |thread| {
        for round in 0..50 {
            let number = round * 16 + thread;
            db.write(move |connection| insert(connection, number)).expect("a new row");
            let there = db.read(|connection| {
                connection.query_row("SELECT count(*) FROM notes WHERE number = ?", [number], |row| {
                    row.get::<_, i64>(0)
                })
            });
            assert_eq!(there.expect("it can be read"), 1, "{number} is not visible yet");
        }
    });
    assert_eq!(rows_seen_by_another_connection(&db), (0..800).collect::<Vec<i64>>());
}

/// Opens the file that `make` creates, asserts that it is refused and unchanged, and returns the error.
fn refusal(make: impl FnOnce(&Path)) -> OpenError {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("notes.sqlite3");
    make(&path);
    let before = std::fs::read(&path).expect("the file exists");
    let error = Database::open(&path, &SCHEMA).err().expect("it is refused");
    assert!(std::fs::read(&path).expect("the file exists") == before, "{error}: the file was changed");
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1,
        "{error}: there are other files"
    );
    error
}

fn database_with(sql: &str) -> impl FnOnce(&Path) {
    move |path| {
        let connection = Connection::open(path).expect("a new database opens");
        connection.execute_batch(sql).expect("it can be filled");
    }
}

#[test]
fn a_file_that_does_not_belong_to_the_schema_is_refused() {
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
        let error = refusal(database_with(sql));
        assert!(matches!(error, OpenError::OtherProgram(_)), "{sql}: {error}");
    }
    // With this many tables, page 1 contains no table's entry itself.
    let many: String = (0..500).map(|number| format!("CREATE TABLE songs_{number} (title);")).collect();
    assert!(matches!(refusal(database_with(&many)), OpenError::OtherProgram(_)));
    let next = SCHEMA.migrations.len() + 1;
    for (version, found) in [(next.to_string(), next), ("99".to_owned(), 99), ("-1".to_owned(), 1)] {
        let ours =
            format!("PRAGMA application_id = {}; PRAGMA user_version = {version}", SCHEMA.application_id);
        let error = refusal(database_with(&format!("CREATE TABLE users (id); {ours}")));
        assert!(
            matches!(error, OpenError::NewerSchema { found: it, known } if it == found && known == SCHEMA.migrations.len()),
            "{version}: {error}"
        );
    }
}

#[test]
fn an_empty_file_and_an_empty_database_are_migrated() {
    for sql in ["", "PRAGMA journal_mode = WAL", "CREATE TABLE songs (title); DROP TABLE songs; VACUUM"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("notes.sqlite3");
        std::fs::write(&path, "").expect("a file");
        database_with(sql)(&path);
        Database::open(&path, &SCHEMA).expect(sql).close().expect("it closes");
        Database::open(&path, &SCHEMA).expect("it has the schema now").close().expect("it closes");
    }
}

#[test]
fn many_can_open_a_new_database_at_the_same_time() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a/folder/notes.sqlite3");
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
            .expect("the table exists");
        assert_eq!(authors, 4);
    }
}

#[test]
fn the_wal_stays_small_beside_readers_and_is_removed_by_close() {
    const WRITES: i64 = 5000;
    const TEXT: i64 = 32 * 1024;
    let (folder, db) = notes();
    let path = folder.path().join("notes.sqlite3");
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
            .expect("a new row");
            largest = largest.max(std::fs::metadata(wal(&path)).map_or(0, |file| file.len()));
        }
        done.store(true, Ordering::SeqCst);
    });
    // More than 160 MiB went through it.
    assert!(largest < 64 << 20, "the WAL grew to {largest} bytes");
    db.close().expect("no reader is left");
    assert!(!wal(&path).exists());
    let connection = Connection::open(&path).expect("it is there");
    assert_eq!(numbers(&connection).expect("the table exists"), (0..WRITES).collect::<Vec<i64>>());
}

#[test]
fn empty_wal_waits_for_a_reader_of_an_old_snapshot() {
    let (folder, db) = notes();
    let empties = || empty_wal(db.path(), Duration::ZERO).expect("it can be opened");
    let length = || std::fs::metadata(wal(db.path())).expect("it is there").len();
    let other = Connection::open(db.path()).expect("the database opens");
    other.execute_batch("BEGIN; SELECT count(*) FROM notes").expect("it can be read");
    db.write(|connection| insert(connection, 1)).expect("a new row");
    assert!(!empties() && length() > 0);
    db.write(|connection| insert(connection, 2)).expect("writes go on");
    other.execute_batch("COMMIT").expect("it was a read transaction");
    assert!(empties());
    assert_eq!(length(), 0);
    db.write(|connection| insert(connection, 3)).expect("a new row");
    assert_eq!(rows_seen_by_another_connection(&db), [1, 2, 3]);
    let missing = folder.path().join("missing.sqlite3");
    assert!(empty_wal(&missing, Duration::ZERO).is_err() && !missing.exists());
}

#[test]
fn close_leaves_one_file() {
    let (folder, db) = notes();
    // Every reader is used, so that some have statements in their caches.
    together(db.stats().readers.into(), |_| drop(db.read(numbers).expect("it can be read")));
    db.write(|connection| insert(connection, 1)).expect("a new row");
    assert!(wal(db.path()).exists());
    db.close().expect("idle readers do not prevent it");
    let left: BTreeSet<_> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|file| file.expect("a file").file_name())
        .collect();
    assert_eq!(left, BTreeSet::from(["notes.sqlite3".into()]));
    let again = Database::open(&folder.path().join("notes.sqlite3"), &SCHEMA).expect("it opens again");
    assert_eq!(again.read(numbers).expect("it can be read"), [1]);
}

#[test]
fn close_while_another_process_reads_loses_nothing() {
    let (_folder, db) = notes();
    let path = db.path().to_owned();
    let other = Connection::open(&path).expect("the database opens");
    other.execute_batch("BEGIN; SELECT count(*) FROM notes").expect("it can be read");
    db.write(|connection| insert(connection, 1)).expect("a new row");
    db.close().expect("a reader in another process is no error");
    assert_eq!(numbers(&other).expect("it can be read"), NONE);
    other.execute_batch("COMMIT").expect("it was a read transaction");
    assert_eq!(numbers(&other).expect("it can be read"), [1]);
}

/// Runs the jobs in one transaction, in their order: the first write holds the writer until all have queued.
/// Returns each result.
fn in_one_batch(db: &Database, jobs: &[fn(&Connection) -> rusqlite::Result<()>]) -> Vec<Result<(), Error>> {
    thread::scope(|scope| {
        let (held, is_held) = channel();
        let (release, released) = channel::<()>();
        let released = Mutex::new(released);
        let holder = scope.spawn(move || {
            db.write(move |_| {
                // In a second run no test code receives the message, and `recv` returns at once.
                let _ = held.send(());
                let _ = released.lock().map(|released| released.recv());
                Ok(())
            })
        });
        is_held.recv().expect("the writer takes the first job");
        let mut callers = Vec::new();
        for (before, job) in jobs.iter().enumerate() {
            callers.push(scope.spawn(move || db.write(*job)));
            // Each has queued before the next begins, so they run in order.
            while db.stats().queued_writes <= before {
                thread::yield_now();
            }
        }
        drop(release);
        holder.join().expect("no panic").expect("the holder's write is committed");
        callers.into_iter().map(|caller| caller.join().expect("no panic reaches a caller")).collect()
    })
}

#[test]
fn writes_that_share_a_transaction_with_a_failing_one_are_committed() {
    for failing in [
        (|c| insert(c, 2).and_then(|_| insert(c, 1)).map(drop)) as fn(&Connection) -> rusqlite::Result<()>,
        |c| {
            insert(c, 2)?;
            panic!("this write was made to panic")
        },
        |c| insert(c, 2).and_then(|_| c.execute_batch("ROLLBACK")),
        // As when the disk is full: SQLite returns an error and has rolled back.
        |c| {
            c.execute_batch(
                "INSERT INTO notes VALUES (2, NULL); INSERT OR ROLLBACK INTO notes VALUES (1, NULL)",
            )
        },
    ] {
        let (_folder, db) = notes();
        let jobs: [fn(&Connection) -> _; 4] =
            [|c| insert(c, 1).map(drop), failing, |c| insert(c, 3).map(drop), |c| insert(c, 4).map(drop)];
        let results = in_one_batch(&db, &jobs);
        let done: Vec<bool> = results.iter().map(Result::is_ok).collect();
        assert_eq!(done, [true, false, true, true], "{results:?}");
        assert_eq!(rows_seen_by_another_connection(&db), [1, 3, 4]);
        db.close().expect("the writer has not panicked");
    }
}

#[test]
fn queued_writes_are_committed_at_the_close_and_later_ones_are_refused() {
    let (_folder, db) = notes();
    let answered = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for caller in 0..8 {
            let (db, answered) = (&db, &answered);
            scope.spawn(move || {
                for number in (caller..100_000).step_by(8) {
                    match db.write(move |connection| insert(connection, number)) {
                        Ok(_) => answered.lock().expect("no holder panicked").insert(number),
                        Err(Error::Closed) => return,
                        Err(error) => panic!("{error}"),
                    };
                }
                panic!("the writer was never closed");
            });
        }
        while answered.lock().expect("no holder panicked").len() < 100 {
            thread::yield_now();
        }
        db.writer.close();
    });
    assert!(matches!(db.write(|connection| insert(connection, -1)), Err(Error::Closed)));
    let answered: Vec<i64> = answered.into_inner().expect("no holder panicked").into_iter().collect();
    assert_eq!(rows_seen_by_another_connection(&db), answered);
    assert_eq!(db.read(numbers).expect("reads go on"), answered);
    db.close().expect("the writer has not panicked");
}

/// What an observer is told, and the number of rows that another connection sees at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Committing(usize),
    Committed(usize),
    Overtaken(usize),
}

struct Listener {
    told: Mutex<Vec<Told>>,
    reader: Mutex<Connection>,
}

impl Listener {
    fn hear(&self, told: fn(usize) -> Told) {
        let seen = numbers(&self.reader.lock().expect("nothing panics")).expect("the table is there").len();
        self.told.lock().expect("nothing panics").push(told(seen));
    }

    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.lock().expect("nothing panics"))
    }
}

impl CommitObserver for Listener {
    fn committing(&self) {
        self.hear(Told::Committing);
    }

    fn committed(&self) {
        self.hear(Told::Committed);
    }

    fn overtaken(&self) {
        self.hear(Told::Overtaken);
    }
}

#[test]
fn an_observer_is_told_before_and_after_a_commit_can_be_read_and_of_those_of_other_processes() {
    use Told::{Committed, Committing, Overtaken};
    let (_folder, db) = notes();
    let open = || Connection::open(db.path()).expect("the database opens");
    let listener = Arc::new(Listener { told: Mutex::default(), reader: Mutex::new(open()) });
    db.observe_commits(Arc::clone(&listener) as Arc<dyn CommitObserver>, |_| Ok(())).expect("it listens");
    let mut next = 0;
    let mut written = || {
        next += 1;
        let number = next;
        db.write(move |connection| insert(connection, number)).expect("it is written");
        assert!(db.commits_are_told());
        listener.take()
    };
    assert_eq!(written(), [Committing(0), Committed(1)]);
    // Nothing to commit, and a transaction that is rolled back.
    db.write(|_| Ok(())).expect("it is committed");
    assert_eq!(listener.take(), [Committing(1), Committed(1)]);
    let failing =
        |connection: &Connection| insert(connection, 99).and(Err::<(), _>(rusqlite::Error::InvalidQuery));
    db.write(failing).expect_err("it fails");
    assert_eq!((listener.take(), db.commits_are_told()), (vec![], true));

    // A connection that the store knows nothing of is as another process.
    let other = open();
    insert(&other, 101).expect("it is written");
    assert!(!db.commits_are_told(), "at once");
    assert_eq!(written(), [Overtaken(2), Committing(2), Committed(3)]);
    assert_eq!(written(), [Committing(3), Committed(4)]);
    // Reading changes nothing; nor does a rollback, or a WAL that begins at its start again.
    assert_eq!(numbers(&other).expect("the table is there").len(), 4);
    let undone = "BEGIN IMMEDIATE; INSERT INTO notes (number) VALUES (103); ROLLBACK";
    other.execute_batch(undone).expect("it is undone");
    assert!(db.commits_are_told());
    other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("it is copied");
    assert_eq!(written(), [Committing(4), Committed(5)]);
    // Without a write of ours it is told soon.
    insert(&other, 102).expect("it is written");
    let began = Instant::now();
    while listener.take() != [Overtaken(6)] {
        assert!(began.elapsed() < Duration::from_secs(20), "it is not told");
        thread::yield_now();
    }
    assert!(db.commits_are_told());
    db.close().expect("it closes");
}
