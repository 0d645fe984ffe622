//! The commands that ask or describe the program: `version`, `healthcheck`, `doctor`, `sql`, `completions` and `man`.

use std::fs::Permissions;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::harness::*;

/// What a command printed that succeeded.
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

/// The one sentence of a command that failed.
fn refusal(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).expect("the output is UTF-8");
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{output:?}");
    said
}

fn site_database(site: &Site) -> PathBuf {
    site.folder.path().join("news.sqlite3")
}

#[test]
fn the_version_says_what_the_program_is_made_of() {
    let line = printed(&run(&["version"]));
    let schema = lorem_news::schema::MIGRATIONS.len();
    assert!(
        line.starts_with(&format!("lorem-news {}, schema {schema}, SQLite 3.", env!("CARGO_PKG_VERSION"))),
        "{line}"
    );
    let said: Value = serde_json::from_str(&printed(&run(&["version", "--json"]))).expect("it is JSON");
    assert_eq!(said["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(said["schema"], schema);
    assert_eq!(said["sqlite"]["deviations"], Value::Array(Vec::new()));
    let options = said["sqlite"]["compile_options"].as_array().expect("a list");
    assert!(options.iter().any(|option| option == "DQS=0"), "{options:?}");
    assert!(said["target"].as_str().is_some_and(|target| target.split('-').count() >= 3), "{said}");
}

#[test]
fn the_health_check_tells_a_server_from_none() {
    let site = Site::with(1, |_| {});
    let address = site.address.to_string();
    assert!(printed(&run(&["healthcheck", "--listen", &address])).contains("is up"));
    // The variable is that of the server, which may listen on all addresses.
    let everywhere = format!("0.0.0.0:{}", site.address.port());
    let output = program(&["healthcheck"]).env("LISTEN", everywhere).output().expect("it runs");
    assert!(printed(&output).contains(&address));
    let free =
        TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it has one").to_string();
    assert!(refusal(&run(&["healthcheck", "--listen", &free])).contains("no answer"));
}

#[test]
fn sql_reads_beside_a_running_server() {
    let site = Site::with(3, |_| {});
    let sql = |arguments: &[&str]| {
        on(&site_database(&site), &[&["sql"], arguments].concat()).output().expect("it runs")
    };
    let users = format!("number\n{}\n", number(&site.database(), "SELECT count(*) FROM users"));
    let said = printed(&sql(&[
        "SELECT 1 AS one, 'a\tb' AS text, NULL AS none, x'0aff' AS bytes; SELECT count(*) AS number FROM users",
    ]));
    assert_eq!(said, format!("one\ttext\tnone\tbytes\n1\ta\\tb\t\t0aff\n{users}"));
    let said = printed(&sql(&["--json", "SELECT 1 AS one, 'ä' AS text, NULL AS none, 0.5 AS half"]));
    let row: Value = serde_json::from_str(&said).expect("a row is JSON");
    assert_eq!(row, serde_json::json!({ "one": 1, "text": "ä", "none": null, "half": 0.5 }));
    assert!(refusal(&sql(&["DELETE FROM users"])).contains("readonly"));
    assert!(refusal(&sql(&["SELECT * FROM missing"])).contains("no such table"));
    assert_eq!(printed(&sql(&["SELECT count(*) AS number FROM users"])), users);
}

#[test]
fn sql_writes_when_it_is_told_to_all_or_nothing() {
    let site = Site::with(2, |_| {});
    let sql = |statements: &str| {
        let mut command = on(&site_database(&site), &["sql", "--write"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        child.stdin.take().expect("a pipe").write_all(statements.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    let title = || {
        let sql = "SELECT title FROM posts WHERE id = 1";
        site.database().query_row(sql, [], |row| row.get::<_, String>(0)).expect("a title")
    };
    let before = title();
    refusal(&sql("UPDATE posts SET title = 'Half' WHERE id = 1; UPDATE missing SET a = 1"));
    assert_eq!(title(), before, "what came before the error is undone");
    assert_eq!(printed(&sql("UPDATE posts SET title = 'Whole' WHERE id = 1")), "");
    assert_eq!(title(), "Whole");
    // The server shows no page of before.
    assert!(site.get("/posts/1").text().contains("Whole"));
}

#[test]
fn sql_creates_no_database_and_opens_no_other_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("news.sqlite3");
    assert!(
        refusal(&on(&missing, &["sql", "SELECT 1"]).output().expect("it runs"))
            .contains("there is no database")
    );
    assert!(!missing.exists());
    let other = folder.path().join("other.sqlite3");
    let connection = rusqlite::Connection::open(&other).expect("a database");
    connection.execute_batch("CREATE TABLE notes (id INTEGER)").expect("valid SQL");
    let said = refusal(&on(&other, &["sql", "SELECT 1"]).output().expect("it runs"));
    assert!(said.contains("other.sqlite3"), "{said}");
}

#[test]
fn a_package_gets_completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&run(&["completions", shell]));
        assert!(script.contains("lorem-news") && script.contains("healthcheck"), "{shell}");
        assert!(!script.contains("keep-litestream"), "{shell}: what only the server starts is not offered");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("man1");
    printed(&run(&["man", "--to", pages.to_str().expect("a path")]));
    let written = |name: &str| {
        std::fs::read_to_string(pages.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    assert!(written("lorem-news.1").contains("lorem\\-news"));
    assert!(written("lorem-news-serve.1").contains("max\\-connections"));
    assert!(printed(&run(&["man"])).starts_with(".ie"));
}

/// The checks that `lorem-news doctor --json` prints: name and verdict, and the exit code.
fn examined(database: &Path) -> (Vec<(String, String)>, Option<i32>) {
    let output = on(database, &["doctor", "--json"]).output().expect("it runs");
    let checks: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let check = |check: &Value| {
        let needs_advice = check["verdict"] != "good";
        assert_eq!(text(&check["advice"]).is_empty(), !needs_advice, "{check}");
        (text(&check["check"]), text(&check["verdict"]))
    };
    (checks.as_array().expect("a list").iter().map(check).collect(), output.status.code())
}

fn verdict(checks: &[(String, String)], name: &str) -> String {
    checks.iter().find(|(check, _)| check == name).unwrap_or_else(|| panic!("{name}: {checks:?}")).1.clone()
}

#[test]
fn the_doctor_finds_nothing_at_a_sound_site_that_runs() {
    let site = Site::with(20, |_| {});
    let (checks, code) = examined(&site_database(&site));
    assert_eq!(code, Some(0), "{checks:?}");
    for name in [
        "SQLite",
        "database",
        "schema",
        "integrity",
        "statistics",
        "free pages",
        "clock",
        "permissions",
        "WAL",
    ] {
        assert_eq!(verdict(&checks, name), "good", "{name}");
    }
    let said = printed(&on(&site_database(&site), &["doctor"]).output().expect("it runs"));
    assert_eq!(said.lines().filter(|line| !line.contains('→')).count(), checks.len(), "{said}");
}

#[test]
fn the_doctor_names_each_fault() {
    let (folder, database) = folder();
    assert_eq!(examined(&database).1, Some(1), "there is none");
    assert!(!database.exists());
    seeded(&database, 5);
    let connection = open(&database);
    connection
        .execute_batch("PRAGMA foreign_keys = off; UPDATE posts SET created_at = created_at + 400 * 86400000000 WHERE id = 1;
                        INSERT INTO descriptions VALUES (999999, 'of no post')")
        .expect("valid SQL");
    drop(connection);
    std::fs::set_permissions(&database, Permissions::from_mode(0o644)).expect("it is ours");
    let (checks, code) = examined(&database);
    let found = ["integrity", "clock", "permissions"].map(|name| verdict(&checks, name));
    assert_eq!((found, code), (["fault", "fault", "warning"].map(str::to_owned), Some(1)));
    std::fs::write(folder.path().join("other"), "no database").expect("a file");
    assert_eq!(verdict(&examined(&folder.path().join("other")).0, "database"), "fault");
    let older = folder.path().join("older.sqlite3");
    drop(older_database(&older, 3));
    assert_eq!(verdict(&examined(&older).0, "schema"), "warning");
}
