//! The rules of the house, as far as a machine can check them.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use lorem_news::ui::pager::{Cursor, START};
use lorem_news::ui::time::now;
use lorem_news::{comment, post, session, user};
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use crate::harness::{folder, open, seeded};

/// Rust files below a folder of the project, by their path from there, in order.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    let name = |path: &Path| path.strip_prefix(&root).expect("it is below").to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), std::fs::read_to_string(path).expect("text"))).collect()
}

/// The program without its unit tests, line by line: (file, number, line).
fn program_lines() -> Vec<(String, usize, String)> {
    let mut lines = Vec::new();
    for (file, text) in sources("src") {
        if file.ends_with("tests.rs") {
            continue;
        }
        let program = text.split("#[cfg(test)]").next().expect("split gives one at least");
        lines.extend(program.lines().zip(1..).map(|(line, at)| (file.clone(), at, line.to_owned())));
    }
    assert!(lines.len() > 1000, "the sources were not found");
    lines
}

/// Panics with the lines that break a rule.
fn assert_none(rule: &str, breaks: impl Fn(&str, &str) -> bool) {
    let broken: Vec<String> = program_lines()
        .into_iter()
        .filter(|(file, _, line)| breaks(file, line))
        .map(|(file, at, line)| format!("src/{file}:{at}: {}", line.trim()))
        .collect();
    assert!(broken.is_empty(), "{rule}:\n{}", broken.join("\n"));
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

#[test]
fn sql_is_written_where_sql_is_looked_for() {
    let is_sql = |line: &str| {
        ["SELECT ", "INSERT INTO ", "INSERT OR ", "DELETE FROM ", "REPLACE INTO "]
            .iter()
            .any(|word| line.contains(word))
            || line.split_once("UPDATE ").is_some_and(|(_, rest)| rest.contains(" SET "))
    };
    assert_none("SQL belongs into sql.rs and db/", |file, line| {
        let allowed = file.ends_with("sql.rs") || file.starts_with("db/");
        let health_check = file == "web/router.rs" && line.contains("\"SELECT 1\"");
        is_sql(line) && !allowed && !health_check && !is_comment(line)
    });
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    assert_none("handle it, or expect() with a reason", |_, line| {
        line.contains(".unwrap()") && !is_comment(line)
    });
}

#[test]
fn htmx_headers_are_set_in_one_place() {
    assert_none("HX- headers belong into web/reply.rs", |file, line| {
        line.contains("HX-") && file != "web/reply.rs" && !is_comment(line)
    });
}

#[test]
fn views_keep_to_the_policy_that_the_pages_carry() {
    assert_none("no inline scripts and styles, no htmx that evaluates or inherits", |_, line| {
        ["hx-on", "hx-boost", "style=", "onclick", "javascript:"].iter().any(|word| line.contains(word))
    });
}

#[test]
fn the_mechanism_knows_no_noun() {
    assert_none("server/ and db/ know no noun", |file, line| {
        let mechanism = file.starts_with("server/") || file.starts_with("db/");
        let nouns = ["crate::post", "crate::comment", "crate::user", "crate::session", "crate::benchmarking"];
        mechanism && nouns.iter().any(|noun| line.contains(noun))
    });
}

#[test]
fn only_the_command_line_reads_the_environment_and_prints() {
    assert_none("everything else is told by Config, and logs", |file, line| {
        let outside = !matches!(file, "cli.rs" | "main.rs");
        outside
            && !is_comment(line)
            && ["env::var", "println!", "eprint!"].iter().any(|word| line.contains(word))
    });
}

#[test]
fn no_test_is_left_out() {
    let skipped = ["#[ig", "nore"].concat();
    for folder in ["src", "tests"] {
        for (file, text) in sources(folder) {
            assert!(!text.contains(&skipped), "{folder}/{file} leaves out a test");
        }
    }
}

thread_local!(static STATEMENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) });

/// The statements that `work` really runs.
fn statements(connection: &Connection, work: impl FnOnce(&Connection)) -> Vec<String> {
    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event| {
            if let TraceEvent::Stmt(_, sql) = event {
                STATEMENTS.with_borrow_mut(|all| all.push(sql.to_owned()));
            }
        }),
    );
    work(connection);
    connection.trace_v2(TraceEventCodes::empty(), None);
    STATEMENTS.take()
}

/// How SQLite goes about each statement, one line a step.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(sql);
    let parameters = vec![rusqlite::types::Null; explained.parameter_count()];
    let steps = explained.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).expect(sql);
    steps.collect::<Result<_, _>>().expect("lines")
}

/// Panics if a step reads a whole table or index.
fn assert_no_scan(plan: &[String], sql: &str) {
    for step in plan {
        // Names of a statement's own, small tables.
        let own = ["place", "leaf", "lost", "CONSTANT ROW"].iter().any(|name| step.contains(name));
        assert!(own || !step.starts_with("SCAN "), "{step}\nin {plan:#?}\nof {sql}");
    }
}

#[test]
fn every_list_is_read_in_the_order_of_an_index() {
    let (_folder, database) = folder();
    seeded(&database, 30);
    let connection = open(&database);
    let from = Cursor { key: now(), id: 1000 };
    type List = fn(&Connection, Cursor) -> rusqlite::Result<usize>;
    let lists: [(&str, &str, List); 7] = [
        ("hottest", "posts_by_hotness", |c, from| Ok(post::sql::hottest(c, from, 30)?.rows.len())),
        ("newest", "posts_by_age", |c, from| Ok(post::sql::newest(c, from, 30)?.rows.len())),
        ("posts of a user", "posts_of_user", |c, from| Ok(post::sql::of_user(c, 1, from, 30)?.rows.len())),
        ("some posts", "PRIMARY KEY", |c, _| Ok(post::sql::some(c, 100)?.len())),
        ("comments on a post", "comments_of_post", |c, from| {
            Ok(comment::sql::of_post(c, 1, from, 200)?.rows.len())
        }),
        ("comments of a user", "comments_of_user", |c, from| {
            Ok(comment::sql::of_user(c, 1, from, 30)?.rows.len())
        }),
        ("sessions", "sessions_of_user", |c, from| Ok(session::sql::of_user(c, 1, from, 10)?.rows.len())),
    ];
    for analyzed in [false, true] {
        if analyzed {
            connection.execute_batch("ANALYZE").expect("statistics");
        }
        for (name, index, list) in lists {
            for from in [START, from] {
                let run = statements(&connection, |connection| {
                    list(connection, from).expect(name);
                });
                let [sql] = &run[..] else { panic!("{name} runs {run:#?}") };
                let plan = plan(&connection, sql);
                assert_no_scan(&plan, sql);
                assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{name} is sorted: {plan:#?}");
                assert!(
                    plan.iter().any(|step| step.contains(index)),
                    "{name} does not use {index}: {plan:#?}"
                );
            }
        }
    }
}

#[test]
fn no_statement_reads_a_whole_table() {
    let (_folder, database) = folder();
    seeded(&database, 30);
    let connection = open(&database);
    let run = statements(&connection, |c| {
        let created_at = now();
        let viewer = user::sql::sign_in_random(c, created_at).expect("SQL").expect("somebody");
        let secret = session::Secret::random();
        let new = session::NewSession {
            user_id: viewer.id,
            secret: &secret,
            ip_address: "",
            user_agent: "",
            created_at,
        };
        let session_id = session::sql::create(c, &new).expect("SQL");
        session::sql::viewer(c, &secret.of(session_id)).expect("SQL").expect("signed in");
        user::sql::find(c, viewer.id).expect("SQL").expect("somebody");
        user::sql::any(c).expect("SQL");
        let new = post::NewPost { user_id: viewer.id, title: "a new title", description: "", created_at };
        let post_id = post::sql::create(c, &new).expect("SQL");
        post::sql::find(c, post_id).expect("SQL").expect("a post");
        post::sql::random(c).expect("SQL").expect("a post");
        let new = comment::NewComment { post_id, user_id: viewer.id, body: "", created_at };
        comment::sql::create(c, &new).expect("SQL");
        let (leaf, _) = comment::sql::random_leaf(c).expect("SQL").expect("a comment");
        comment::sql::destroy(c, leaf).expect("SQL");
        post::sql::destroy(c, post_id).expect("SQL");
    });
    assert!(run.len() > 15, "{run:#?}");
    // What a trigger or a foreign key does is traced as a comment.
    for sql in run.iter().filter(|sql| !sql.starts_with("--")) {
        // Whether there is anybody, and the first comment without replies, stop at the first row.
        if sql.contains("EXISTS (SELECT 1 FROM users)") || sql.contains("leaf (id)") {
            continue;
        }
        assert_no_scan(&plan(&connection, sql), sql);
    }
}
