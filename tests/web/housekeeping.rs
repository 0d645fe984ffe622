//! Housekeeping: rows that are removed while the site runs.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use lorem_news::schema::SCHEMA;
use lorem_news::session;
use lorem_news::sql::{ROWS_PER_STEP, Step};
use lorem_news::types::id::SessionId;
use lorem_news::types::time::{DAY, Timestamp};
use lorem_store::Database;
use rusqlite::{Connection, params};

use crate::harness::*;

/// Inserts a session that was created `made` and last used `used` days ago; returns its id.
fn insert(connection: &Connection, user_id: i64, made: u32, used: u32) -> i64 {
    let now = Timestamp::now();
    connection
        .prepare_cached(
            "INSERT INTO sessions (user_id, created_at, last_used_at, secret_hash, ip_address, user_agent) \
             VALUES (?1, ?2, ?3, zeroblob(32), '::1', '')",
        )
        .expect("the schema is known")
        .execute(params![user_id, now - made * DAY, now - used * DAY])
        .expect("there is such a user");
    let sql = "UPDATE users SET sessions_count = sessions_count + 1 WHERE id = ?1";
    connection.prepare_cached(sql).expect("as above").execute([user_id]).expect("as above");
    connection.last_insert_rowid()
}

/// Runs `work` in one transaction, so that thousands of rows need one flush.
fn at_once<T>(connection: &mut Connection, work: impl FnOnce(&Connection) -> T) -> T {
    let transaction = connection.transaction().expect("no other writer");
    let done = work(&transaction);
    transaction.commit().expect("it is written");
    done
}

fn sessions(connection: &Connection) -> BTreeSet<i64> {
    let mut statement = connection.prepare("SELECT id FROM sessions").expect("the schema is known");
    let ids = statement.query_map([], |row| row.get(0)).expect("no parameters");
    ids.collect::<Result<_, _>>().expect("numbers")
}

/// Sets the flag when it is dropped, also by a panic: the clients would never stop otherwise.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A site on an existing database.
fn serve(database: &Path, session_days: u32) -> Site {
    Site::with(0, |config| {
        config.database = database.to_owned();
        config.session_days = session_days;
    })
}

#[test]
fn unused_sessions_are_removed_and_the_others_stay() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let mut connection = open(&database);
    let (mut kept, mut removed) = (BTreeSet::new(), BTreeSet::new());
    at_once(&mut connection, |connection| {
        // `last_used_at` may be a day behind: a session at 90 days was perhaps used 89 days ago.
        for (user, made, used, goes) in [
            (1, 400, 400, true),
            (1, 400, 0, false),
            (2, 399, 92, true),
            (2, 398, 90, false),
            (3, 300, 200, true),
            (1, 92, 92, true),
            (4, 92, 89, false),
            (2, 90, 90, false),
            (1, 1, 1, false),
            (5, 0, 0, false),
        ] {
            let id = insert(connection, user, made, used);
            if goes {
                removed.insert(id)
            } else {
                kept.insert(id)
            };
        }
    });
    let site = serve(&database, 90);
    eventually("the old ones are gone", || (sessions(&connection).is_disjoint(&removed)).then_some(()));
    drop(site);
    assert_eq!(sessions(&connection), kept);
    for (user, count) in [(1, 2), (2, 2), (3, 0), (4, 1), (5, 1), (6, 0)] {
        let sql = format!("SELECT sessions_count FROM users WHERE id = {user}");
        assert_eq!(number(&connection, &sql), count, "{user}");
    }
    assert_sound(&connection);
}

#[test]
fn thousands_of_old_sessions_are_removed_while_users_sign_in() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let mut connection = open(&database);
    let (used, unused) = at_once(&mut connection, |connection| {
        let (mut used, mut unused) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..2_500 {
            // Every fifth is in use: 2,000 are to be removed, in five steps at least.
            let (user, used_days_ago) = (1 + number % 7, if number % 5 == 0 { 3 } else { 100 });
            let id = insert(connection, user, 101, used_days_ago);
            if number % 5 == 0 {
                used.insert(id)
            } else {
                unused.insert(id)
            };
        }
        (used, unused)
    });
    assert_eq!(unused.len(), 2_000);
    let site = serve(&database, 90);
    let over = AtomicBool::new(false);
    let signed_in: Vec<i64> = thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut ids = Vec::new();
                    while !over.load(Ordering::SeqCst) || ids.is_empty() {
                        let answer = site.post("/benchmarking/user_show");
                        assert_eq!(answer.status, 200, "{}", answer.text());
                        ids.push(answer.session_id());
                    }
                    ids
                })
            })
            .collect();
        let clients_stop = Stop(&over);
        eventually("the old ones are gone", || (sessions(&connection).is_disjoint(&unused)).then_some(()));
        drop(clients_stop);
        clients.into_iter().flat_map(|client| client.join().expect("it is answered")).collect()
    });
    drop(site);
    let expected: BTreeSet<i64> = used.iter().chain(&signed_in).copied().collect();
    assert_eq!(expected.len(), used.len() + signed_in.len(), "no number was given twice");
    assert_eq!(sessions(&connection), expected);
    assert_sound(&connection);
}

#[test]
fn a_step_reads_a_limited_number_of_sessions_and_stops_at_the_young_ones() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let mut connection = open(&database);
    let step = usize::try_from(ROWS_PER_STEP).expect("a small number");
    let ids = at_once(&mut connection, |connection| {
        let ids: Vec<i64> = (0..2 * step).map(|_| insert(connection, 1, 100, 100)).collect();
        (0..3 * step).for_each(|_| {
            insert(connection, 2, 1, 0);
        });
        ids
    });
    let prune = |after| session::sql::prune(&connection, after, Timestamp::now() - 91 * DAY).expect("a step");
    let (first, second) = (ids[step - 1], ids[2 * step - 1]);
    assert_eq!(prune(SessionId::new(0)), Step { removed: step, next: Some(first) });
    assert_eq!(sessions(&connection).len(), 4 * step);
    assert_eq!(prune(SessionId::new(first)), Step { removed: step, next: Some(second) });
    assert_eq!(
        prune(SessionId::new(second)),
        Step { removed: 0, next: None },
        "it ends at the first young session"
    );
    assert_eq!(sessions(&connection).len(), 3 * step);
    assert_sound(&connection);
}

#[test]
fn a_database_without_sessions_needs_no_pruning() {
    let (_folder, database) = folder();
    Database::open(&database, &SCHEMA).expect("a new database opens").close().expect("it closes");
    let step = session::sql::prune(&open(&database), SessionId::new(0), Timestamp::MAX).expect("a step");
    assert_eq!(step, Step { removed: 0, next: None });
}

#[test]
fn the_server_stops_at_once_between_two_rounds() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let connection = open(&database);
    let old = insert(&connection, 1, 100, 100);
    insert(&connection, 2, 0, 0); // Without it the last use, which bounds the clock, is 100 days ago.
    let site = serve(&database, 90);
    eventually("the first round", || (!sessions(&connection).contains(&old)).then_some(()));
    drop(connection);
    let (ended, end) = channel();
    thread::spawn(move || {
        drop(site);
        ended.send(())
    });
    end.recv_timeout(TIMEOUT).expect("it stops");
    // The job had ended when the database was closed: the file alone is the whole database.
    assert!(!database.with_extension("sqlite3-wal").exists());
}

#[test]
fn sessions_that_cannot_be_removed_are_logged_and_the_site_goes_on() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let connection = open(&database);
    let old = insert(&connection, 1, 100, 100);
    insert(&connection, 2, 0, 0); // Without it the last use, which bounds the clock, is 100 days ago.
    let obstacle =
        "CREATE TRIGGER obstacle BEFORE DELETE ON sessions BEGIN SELECT raise(ABORT, 'not now'); END";
    connection.execute_batch(obstacle).expect("a trigger");
    let mut site = Program::serve(&database, &[]);
    site.await_log("removing unused sessions: not now");
    assert_eq!(site.post("/benchmarking/user_show").status, 200);
    site.signal("TERM");
    assert_eq!(site.exit().code(), Some(0), "{}", site.log());
    assert!(sessions(&connection).contains(&old));
    assert_sound(&connection);
}

#[test]
fn the_program_removes_sessions_after_the_configured_days() {
    let (_folder, database) = folder();
    seeded(&database, 2);
    let connection = open(&database);
    let kept: BTreeSet<i64> = [insert(&connection, 1, 9, 0), insert(&connection, 2, 1, 1)].into();
    (0..3).for_each(|_| {
        insert(&connection, 3, 9, 3);
    });
    let mut site = Program::serve(&database, &["--session-days", "1"]);
    site.await_log("removed 3 unused sessions");
    assert_eq!(sessions(&connection), kept);
    assert_eq!(site.get("/users/3").status, 200);
    site.signal("TERM");
    assert_eq!(site.exit().code(), Some(0), "{}", site.log());
    assert_sound(&connection);
}
