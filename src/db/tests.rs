//! Many callers, one writer: nobody pays for another's fault, and nobody is told what is not so.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{Db, Error, OpenError, header};

const PATIENCE: Duration = Duration::from_secs(30);

/// A new database in a folder of its own.
fn new() -> (TempDir, PathBuf, Db) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("news.sqlite3");
    let db = Db::open(&path).expect("a new database opens");
    (folder, path, db)
}

fn insert(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("INSERT INTO users (screen_name, created_at, updated_at) VALUES (?1, 0, 0)")?
        .execute([name])?;
    Ok(connection.last_insert_rowid())
}

fn add(db: &Db, name: &str) -> Result<i64, Error> {
    let name = name.to_owned();
    db.write(move |connection| insert(connection, &name))
}

fn names(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    connection.prepare("SELECT screen_name FROM users")?.query_map([], |row| row.get(0))?.collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Runs the jobs in one transaction, in their order: the writer is held until all have queued.
/// Whether each was done.
fn in_one_batch(db: &Arc<Db>, jobs: Vec<fn(&Connection) -> rusqlite::Result<()>>) -> Vec<Result<(), Error>> {
    let (held, is_held) = channel();
    let (release, released) = channel::<()>();
    let released = std::sync::Mutex::new(released);
    let holder = Arc::clone(db);
    let holder = thread::spawn(move || {
        holder.write(move |_| {
            // When the job is run a second time, both have been said already.
            let _ = held.send(());
            let _ = released.lock().expect("no panic here").recv_timeout(PATIENCE);
            Ok(())
        })
    });
    is_held.recv_timeout(PATIENCE).expect("the writer takes the first job");
    let mut callers = Vec::new();
    for (before, job) in jobs.into_iter().enumerate() {
        let db_of_job = Arc::clone(db);
        callers.push(thread::spawn(move || db_of_job.write(job)));
        // The jobs are in order when each has queued before the next begins.
        while db.writer.waiting() <= before {
            thread::yield_now();
        }
    }
    drop(release);
    holder.join().expect("no panic").expect("the holder's job is done");
    callers.into_iter().map(|caller| caller.join().expect("no panic reaches a caller")).collect()
}

#[test]
fn a_failing_or_panicking_job_hurts_nobody_else() {
    let (_folder, _path, db) = new();
    let db = Arc::new(db);
    let threads: Vec<_> = (0..24)
        .map(|thread| {
            let db = Arc::clone(&db);
            thread::spawn(move || {
                for turn in 0..20 {
                    let name = format!("{thread} {turn}");
                    let result = match (thread + turn) % 3 {
                        0 => db.write(move |connection| insert(connection, &name)),
                        1 => db.write(move |connection| {
                            insert(connection, &format!("failed {name}"))?;
                            insert(connection, &format!("failed {name}"))
                        }),
                        _ => db.write(move |connection| {
                            insert(connection, &format!("failed {name}"))?;
                            panic!("asked for by a test")
                        }),
                    };
                    match (thread + turn) % 3 {
                        0 => assert!(result.is_ok(), "{result:?}"),
                        1 => assert!(matches!(result, Err(Error::Sqlite(_))), "{result:?}"),
                        _ => assert!(matches!(result, Err(Error::Panicked)), "{result:?}"),
                    }
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("all as expected"));
    let names = db.read(names).expect("it can be read");
    assert_eq!(names.len(), 24 * 20 / 3);
    assert!(!names.iter().any(|name| name.starts_with("failed")), "{names:?}");
}

#[test]
fn those_in_the_same_transaction_as_a_failure_are_kept() {
    let (_folder, _path, db) = new();
    let db = Arc::new(db);
    let results = in_one_batch(
        &db,
        vec![
            |c| insert(c, "before").map(drop),
            |c| insert(c, "failed").and_then(|_| insert(c, "before")).map(drop),
            |c| {
                insert(c, "panicked")?;
                panic!("asked for by a test")
            },
            |c| insert(c, "after").map(drop),
        ],
    );
    let done: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, false, false, true], "{results:?}");
    assert_eq!(db.read(names).expect("it can be read"), set(&["before", "after"]));
}

#[test]
fn a_transaction_that_is_lost_is_done_anew_for_all_but_the_one_at_fault() {
    for ending in [
        (|c| insert(c, "lost").and_then(|_| c.execute_batch("ROLLBACK"))) as fn(&Connection) -> _,
        |c| c.execute_batch("ROLLBACK; BEGIN").and_then(|()| insert(c, "lost").map(drop)),
        // As SQLite itself does it when the disk is full: gone, and an error.
        |c| {
            c.execute_batch("INSERT OR ROLLBACK INTO users (id, screen_name, created_at, updated_at) VALUES (1, 'before', 0, 0)")
        },
    ] {
        let (_folder, _path, db) = new();
        let db = Arc::new(db);
        let results = in_one_batch(
            &db,
            vec![
                |c| insert(c, "before").map(drop),
                |c| insert(c, "failed").and_then(|_| insert(c, "failed")).map(drop),
                ending,
                |c| insert(c, "after").map(drop),
            ],
        );
        let done: Vec<bool> = results.iter().map(Result::is_ok).collect();
        assert_eq!(done, [true, false, false, true], "{results:?}");
        assert_eq!(db.read(names).expect("it can be read"), set(&["before", "after"]));
        // And the writer is as good as new.
        add(&db, "later").expect("a write");
        assert!(db.read(names).expect("it can be read").contains("later"));
    }
}

#[test]
fn what_was_written_is_seen_as_soon_as_the_write_has_returned() {
    let (_folder, _path, db) = new();
    let db = Arc::new(db);
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let db = Arc::clone(&db);
            thread::spawn(move || {
                for turn in 0..50 {
                    let id = add(&db, &format!("{thread} {turn}")).expect("a write");
                    let found = db.read(move |connection| {
                        connection.query_row("SELECT screen_name FROM users WHERE id = ?1", [id], |row| {
                            row.get::<_, String>(0)
                        })
                    });
                    assert_eq!(found.expect("it is there"), format!("{thread} {turn}"));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("all was seen"));
}

#[test]
fn a_read_sees_one_moment() {
    let (_folder, _path, db) = new();
    let count = |c: &Connection| c.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0));
    let (before, after) = db
        .read(|connection| {
            let before = count(connection)?;
            add(&db, "meanwhile").expect("a write");
            Ok((before, count(connection)?))
        })
        .expect("a read");
    assert_eq!((before, after), (0, 0));
    assert_eq!(db.read(count).expect("a read"), 1);
}

#[test]
fn a_read_cannot_write() {
    let (_folder, _path, db) = new();
    for sql in [
        "INSERT INTO users (screen_name, created_at, updated_at) VALUES ('sneaked in', 0, 0)",
        "CREATE TABLE t (a)",
        "PRAGMA user_version = 7",
    ] {
        let sneaked = db.read(|connection| connection.execute_batch(sql));
        assert!(sneaked.is_err(), "{sql}");
    }
    assert_eq!(db.read(names).expect("it can be read"), set(&[]));
    let version = db.read(|c| c.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0)));
    assert_ne!(version.expect("a number"), 7);
}

#[test]
fn a_panic_in_a_read_leaves_its_connection_usable_and_up_to_date() {
    let (_folder, _path, db) = new();
    // More often than there are connections: each has had one.
    for turn in 0..40 {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            db.read::<()>(|connection| {
                names(connection)?;
                panic!("asked for by a test")
            })
        }));
        assert!(panicked.is_err());
        add(&db, &turn.to_string()).expect("a write");
        assert!(db.read(names).expect("a read").contains(&turn.to_string()), "an old snapshot");
    }
}

#[test]
fn what_waits_at_the_end_is_done_and_what_comes_later_is_refused() {
    let (_folder, path, db) = new();
    let Db { readers, writer, .. } = db;
    let writer = Arc::new(writer);
    let start = Arc::new(Barrier::new(9));
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let (writer, start) = (Arc::clone(&writer), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                (0..)
                    .map(|turn| format!("{caller} {turn}"))
                    .take_while(|name| {
                        let inserted = name.clone();
                        match writer.write(move |connection| insert(connection, &inserted)) {
                            Ok(_) => true,
                            Err(Error::Closed) => false,
                            Err(error) => panic!("{error}"),
                        }
                    })
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    start.wait();
    let watch = readers.get().expect("a reader");
    while names(&watch).expect("it can be read").len() < 100 {
        thread::yield_now();
    }
    writer.close();
    let answered: BTreeSet<String> =
        callers.into_iter().flat_map(|caller| caller.join().expect("no other error")).collect();
    let late = writer.write(|connection| insert(connection, "late"));
    assert!(matches!(late, Err(Error::Closed)), "{late:?}");
    drop(watch);
    let connection = Arc::into_inner(writer).expect("all callers have left").stop().expect("no panic");
    drop(connection);
    assert_eq!(names(&Connection::open(path).expect("it opens")).expect("it can be read"), answered);
}

#[test]
fn what_is_not_ours_is_not_opened() {
    let refused = |make: &dyn Fn(&std::path::Path)| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("other.sqlite3");
        make(&path);
        let before = std::fs::read(&path).expect("it is there");
        let error = Db::open(&path).map(drop).expect_err("it is not ours");
        assert!(std::fs::read(&path).expect("it is there") == before, "it was changed: {error}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "{error}");
        error
    };
    let sql = |sql: &'static str| {
        move |path: &std::path::Path| Connection::open(path).expect("new").execute_batch(sql).expect(sql)
    };
    let error = refused(&|path| std::fs::write(path, "Dear diary").expect("a file"));
    assert!(matches!(error, OpenError::NotADatabase(_)), "{error}");
    let error = refused(&sql("CREATE TABLE diary (entry); PRAGMA application_id = 5"));
    assert!(matches!(error, OpenError::OtherProgram(_)), "{error}");
    let error = refused(&sql("CREATE TABLE diary (entry)"));
    assert!(matches!(error, OpenError::OtherProgram(_)), "{error}");
    let error = refused(&|path| {
        Db::open(path).expect("new").close().expect("it closes");
        let newer = Connection::open(path).expect("it opens");
        newer.execute_batch("PRAGMA user_version = 99; PRAGMA journal_mode = DELETE").expect("pragmas");
    });
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
}

#[test]
fn an_empty_file_and_a_missing_folder_become_a_database() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty = folder.path().join("empty.sqlite3");
    std::fs::write(&empty, "").expect("a file");
    for path in [empty, folder.path().join("not/yet/there.sqlite3")] {
        let db = Db::open(&path).expect("it becomes one");
        add(&db, "first").expect("a write");
        db.close().expect("it closes");
        let id: i32 = Connection::open(&path)
            .and_then(|c| c.pragma_query_value(None, "application_id", |row| row.get(0)))
            .expect("a number");
        assert_eq!(id, header::APPLICATION_ID);
    }
}

#[test]
fn two_that_open_the_same_new_file_at_once_both_succeed() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("news.sqlite3");
        let start = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let (path, start) = (path.clone(), Arc::clone(&start));
                thread::spawn(move || {
                    start.wait();
                    let db = Db::open(&path).expect("it opens");
                    add(&db, &thread.to_string()).expect("a write");
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("all opened it"));
        let db = Db::open(&path).expect("it opens");
        assert_eq!(db.read(names).expect("it can be read"), set(&["0", "1", "2", "3"]));
    }
}

#[test]
fn a_closed_database_is_one_file() {
    let (_folder, path, db) = new();
    add(&db, "kept").expect("a write");
    db.close().expect("it closes");
    let wal = std::fs::metadata(path.with_extension("sqlite3-wal")).map_or(0, |file| file.len());
    assert_eq!(wal, 0);
    // Even a copy of that file alone has everything.
    let copy = path.with_file_name("copy.sqlite3");
    std::fs::copy(&path, &copy).expect("a copy");
    assert_eq!(Db::open(&copy).expect("it opens").read(names).expect("it can be read"), set(&["kept"]));
}
