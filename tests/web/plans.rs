//! What the database is asked for is found by an index, whatever the tables grow to.

use std::cell::RefCell;
use std::collections::BTreeSet;

use lorem_news::comment::{self, NewComment};
use lorem_news::post::{self, NewPost};
use lorem_news::session::{self, NewSession, Secret};
use lorem_news::ui::pager::START;
use lorem_news::user;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use crate::harness::*;

thread_local!(static STATEMENTS: RefCell<BTreeSet<String>> = RefCell::default());

fn note(event: TraceEvent) {
    if let TraceEvent::Stmt(statement, _) = event {
        STATEMENTS.with_borrow_mut(|statements| statements.insert(statement.sql().into_owned()));
    }
}

/// The statements that `work` runs, as they are written, without the values.
fn statements(connection: &Connection, work: impl FnOnce(&Connection)) -> BTreeSet<String> {
    STATEMENTS.take();
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
    work(connection);
    connection.trace_v2(TraceEventCodes::empty(), None);
    STATEMENTS.take()
}

/// The lines of its plan.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let mut statement = connection.prepare(&explain).expect(sql);
    let mut rows = statement.raw_query();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().expect(sql) {
        lines.push(row.get(3).expect("the fourth column is the text"));
    }
    lines
}

fn assert_found_by_index(connection: &Connection, statements: &BTreeSet<String>) {
    for sql in statements {
        for line in plan(connection, sql) {
            assert!(!line.contains("USE TEMP B-TREE"), "{line}\n{sql}");
            assert!(!line.starts_with("SCAN"), "{line}\n{sql}");
        }
    }
}

fn database() -> (tempfile::TempDir, Connection) {
    let (folder, path) = folder();
    seeded(&path, 50);
    (folder, open(&path))
}

fn lists(connection: &Connection) {
    post::sql::hottest(connection, START, 30).expect("the hottest");
    post::sql::newest(connection, START, 30).expect("the newest");
    post::sql::of_user(connection, 1, START, 30).expect("someone's posts");
    post::sql::some(connection, 100).expect("some posts");
    post::sql::random(connection).expect("any post");
    post::sql::find(connection, 1).expect("a post");
    comment::sql::of_post(connection, 1, START, 200).expect("a post's comments");
    comment::sql::of_user(connection, 1, START, 30).expect("someone's comments");
    session::sql::of_user(connection, 1, START, 10).expect("someone's sessions");
    session::sql::viewer(connection, &Secret::random().of(1)).expect("who asks");
    user::sql::find(connection, 1).expect("someone");
}

#[test]
fn every_list_is_read_from_an_index_in_its_order() {
    let (folder, connection) = database();
    let asked = statements(&connection, lists);
    assert_eq!(asked.len(), 11, "{asked:?}");
    // With what the planner knows about the rows, and without.
    for change in ["ANALYZE", "DROP TABLE sqlite_stat1"] {
        connection.execute_batch(change).expect(change);
        // Only a connection that opens now begins with it.
        assert_found_by_index(&open(&folder.path().join("news.sqlite3")), &asked);
    }
}

#[test]
fn every_change_finds_its_rows_by_an_index() {
    let (_folder, connection) = database();
    let asked = statements(&connection, |connection| {
        let new = NewPost { user_id: 1, title: "A title", description: "", created_at: 1 };
        let post_id = post::sql::create(connection, &new).expect("a post").expect("the title is free");
        let new = NewComment { post_id, user_id: 1, body: "A body", created_at: 1 };
        let id = comment::sql::create(connection, &new).expect("a comment");
        comment::sql::destroy(connection, id, 1).expect("it goes");
        let user = user::sql::sign_in_random(connection, 1).expect("someone").expect("there are people");
        let secret = &Secret::random();
        let new = NewSession { user_id: user.id, secret, ip_address: "::1", user_agent: "", created_at: 1 };
        session::sql::create(connection, &new).expect("a session");
        let pruned = session::sql::prune(connection, 0, 2).expect("sessions go");
        assert_eq!(pruned.removed, 1);
    });
    assert!(asked.len() >= 12, "{asked:?}");
    assert_found_by_index(&connection, &asked);

    // Removing a post gathers its comments by author: those are its own, and no others.
    let asked = statements(&connection, |connection| post::sql::destroy(connection, 1).expect("it goes"));
    assert!(asked.len() >= 3, "{asked:?}");
    for sql in &asked {
        for line in plan(&connection, sql) {
            assert!(!line.starts_with("SCAN") || line == "SCAN lost", "{line}\n{sql}");
        }
    }
}

#[test]
fn a_query_without_an_index_would_be_seen() {
    let (_folder, connection) = database();
    let lines = plan(&connection, "SELECT id FROM posts WHERE score > ?1 ORDER BY url");
    assert!(lines.iter().any(|line| line.starts_with("SCAN posts")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("USE TEMP B-TREE")), "{lines:?}");
}

#[test]
fn every_reference_to_a_row_has_an_index() {
    let (_folder, connection) = database();
    let mut statement = connection
        .prepare(
            "SELECT child.name, reference.\"from\" FROM sqlite_schema AS child, \
             pragma_foreign_key_list(child.name) AS reference WHERE child.type = 'table'",
        )
        .expect("pragmas can be asked as tables");
    let references: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("a list")
        .collect::<Result<_, _>>()
        .expect("names");
    assert!(references.len() >= 10, "{references:?}");
    for (table, column) in references {
        let sql = format!("DELETE FROM {table} WHERE {column} = ?1");
        assert!(plan(&connection, &sql)[0].starts_with("SEARCH"), "{table}.{column}");
    }
}
