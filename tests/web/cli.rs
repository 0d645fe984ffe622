//! The program on the command line: what it does, and how it says what it cannot do.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use rusqlite::Connection;

use crate::harness::{Program, assert_sound, folder, number, open, program, run, seeded, texts};

fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// All files below the folder, by their path, with their content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry").path();
        if entry.is_dir() {
            found.insert(path(&entry).to_owned(), Vec::new());
            found.extend(files(&entry));
        } else {
            found.insert(path(&entry).to_owned(), std::fs::read(&entry).expect("a file"));
        }
    }
    found
}

/// The one line in which the program says why it gave up.
fn complaint(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let [line] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("not one line: {stderr}") };
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    line.strip_prefix("lorem-news: ").unwrap_or_else(|| panic!("{line}")).to_owned()
}

/// Every command that opens a database refuses this one with a sentence that has `why` in it, and
/// leaves the folder as it is.
fn assert_refused(folder: &Path, database: &Path, why: &str) {
    let before = files(folder);
    for command in ["serve", "demo", "migrate", "seed"] {
        let mut arguments = vec![command, "--database", path(database)];
        if matches!(command, "serve" | "demo") {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        let complaint = complaint(&run(&arguments));
        assert!(complaint.contains(why), "{command}: {complaint}");
        assert!(files(folder) == before, "{command} changed something: {:?}", files(folder).keys());
    }
}

#[test]
fn help_lists_every_option_with_its_variable_and_default() {
    let help = run(&["serve", "--help"]);
    assert!(help.status.success());
    // It is wrapped to the width of the terminal, somewhere between the words.
    let help = String::from_utf8(help.stdout).expect("text");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for option in [
        "--database <FILE>",
        "--listen <ADDRESS>",
        "--benchmarking",
        "--relax-ssl",
        "--trusted-proxies",
        "--max-connections",
    ] {
        assert!(help.contains(option), "{option} is not in\n{help}");
    }
    for variable in
        ["DATABASE=", "LISTEN=", "BENCHMARKING=", "RELAX_SSL=", "TRUSTED_PROXIES=", "MAX_CONNECTIONS="]
    {
        assert!(help.contains(&format!("[env: {variable}")), "{variable} is not in\n{help}");
    }
    for default in ["db/lorem_news.sqlite3", "127.0.0.1:3000", "1024"] {
        assert!(help.contains(&format!("[default: {default}]")), "{default} is not in\n{help}");
    }
    let demo = String::from_utf8(run(&["demo", "--help"]).stdout).expect("text");
    assert!(
        demo.contains("--seed <N>") && demo.contains("--posts <N>") && demo.contains("[default: 1000]"),
        "{demo}"
    );
    let all = String::from_utf8(run(&["--help"]).stdout).expect("text");
    for command in ["demo", "serve", "migrate", "seed"] {
        assert!(all.lines().any(|line| line.trim().starts_with(command)), "{command} is not in\n{all}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let output = run(&["--version"]);
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        concat!("lorem-news ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn what_is_not_understood_is_explained() {
    for arguments in
        [&[][..], &["brew"], &["serve", "--listen", "here"], &["serve", "--brew"], &["seed", "--posts", "-1"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--help"), "{arguments:?}");
    }
}

#[test]
fn a_busy_port_is_said_before_anything_is_touched() {
    let (folder, database) = folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    for command in ["serve", "demo"] {
        let complaint = complaint(&run(&[command, "--listen", &address, "--database", path(&database)]));
        assert!(complaint.starts_with(&format!("cannot listen on {address}: ")), "{complaint}");
    }
    assert!(files(folder.path()).is_empty(), "{:?}", files(folder.path()).keys());
}

#[test]
fn a_folder_that_cannot_be_is_said() {
    let (folder, _) = folder();
    std::fs::write(folder.path().join("file"), "mine").expect("a file");
    assert_refused(folder.path(), &folder.path().join("file/news.sqlite3"), "file");
    assert_refused(folder.path(), &folder.path().join("file/deeper/news.sqlite3"), "file");
    assert_refused(folder.path(), folder.path(), "");
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    for content in ["Dear diary, today", "x", "SQLite format 3\0 and no more"] {
        let (folder, database) = folder();
        std::fs::write(&database, content).expect("a file");
        assert_refused(folder.path(), &database, "is not an SQLite database");
    }
    let (folder, database) = folder();
    std::fs::write(&database, vec![b'x'; 100_000]).expect("a file");
    assert_refused(folder.path(), &database, "is not an SQLite database");
}

#[test]
fn another_programs_database_is_left_as_it_is() {
    for setup in [
        "CREATE TABLE diary (entry TEXT); PRAGMA user_version = 1; PRAGMA application_id = 7",
        "CREATE TABLE diary (entry TEXT); PRAGMA user_version = 1",
        "CREATE TABLE diary (entry TEXT)",
        "CREATE VIEW diary AS SELECT 1",
        "PRAGMA journal_mode = WAL; CREATE TABLE diary (entry TEXT); PRAGMA user_version = 3",
        "PRAGMA journal_mode = WAL; CREATE TABLE diary (entry TEXT)",
    ] {
        let (folder, database) = folder();
        let theirs = Connection::open(&database).expect("a new database");
        theirs.execute_batch(setup).expect(setup);
        theirs.close().expect("it closes");
        assert_refused(folder.path(), &database, "is another program's database");
    }
}

#[test]
fn a_database_from_a_newer_version_is_left_as_it_is() {
    let (folder, database) = folder();
    seeded(&database, 3);
    let newer = open(&database);
    newer.execute_batch("PRAGMA user_version = 99").expect("a pragma");
    newer.close().expect("it closes");
    assert_refused(folder.path(), &database, "newer version of this program (schema 99");
    assert_eq!(number(&open(&database), "PRAGMA application_id"), 0x4c4e_7773);
}

#[test]
fn migrating_twice_is_migrating_once() {
    let (folder, _) = folder();
    let database = folder.path().join("new/folders/news.sqlite3");
    for _ in 0..2 {
        let output = run(&["migrate", "--database", path(&database)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{} is up to date\n", path(&database)));
    }
    let wal = std::fs::metadata(database.with_extension("sqlite3-wal")).map_or(0, |file| file.len());
    assert_eq!(wal, 0, "the database is in one file");
    let database = open(&database);
    assert!(number(&database, "PRAGMA user_version") >= 1);
    assert_eq!(number(&database, "PRAGMA application_id"), 0x4c4e_7773);
}

#[test]
fn only_an_empty_database_is_seeded() {
    let (_folder, database) = folder();
    let seed = |arguments: &[&str]| run(&[&["seed", "--database", path(&database)], arguments].concat());
    let output = seed(&["--posts", "7"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("Seeded 100 users, 7 posts and ") && stderr.contains("\"password\""), "{stderr}");
    let count = || {
        number(&open(&database), "SELECT (SELECT count(*) FROM posts) * 1000 + (SELECT count(*) FROM users)")
    };
    assert_eq!(count(), 7100);
    let complaint = complaint(&seed(&["--posts", "9"]));
    assert!(complaint.ends_with("has users already; only an empty database is seeded"), "{complaint}");
    assert_eq!(count(), 7100);
    let database = open(&database);
    assert_sound(&database);
    let per_post = "SELECT count(*) FROM posts WHERE comments_count NOT BETWEEN 5 AND 15";
    assert_eq!(number(&database, per_post), 0);
}

#[test]
fn the_same_seed_gives_the_same_site() {
    let titles = |seed: &str| {
        let (_folder, database) = folder();
        assert!(
            run(&["seed", "--posts", "12", "--seed", seed, "--database", path(&database)]).status.success()
        );
        let database = open(&database);
        let mut titles = database
            .prepare(
                "SELECT title || screen_name || text || posts.comments_count FROM posts \
                 JOIN users ON users.id = user_id JOIN descriptions ON post_id = posts.id ORDER BY posts.id",
            )
            .expect("SQL");
        let rows = titles.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<Vec<String>, _>>().expect("texts")
    };
    let first = titles("1");
    assert_eq!(first.len(), 12);
    assert_eq!(first, titles("1"));
    assert_ne!(first, titles("2"));
}

#[test]
fn the_demo_is_made_once_and_is_open_to_load_tests() {
    let (_folder, database) = folder();
    let demo = || {
        Program::start(program(&[
            "demo",
            "--posts",
            "5",
            "--listen",
            "127.0.0.1:0",
            "--database",
            path(&database),
        ]))
    };
    let mut first = demo();
    first.await_log("Seeded 100 users, 5 posts");
    let made = first.post("/benchmarking/post_create");
    assert_eq!(made.status, 200);
    assert!(made.header("Set-Cookie").is_some_and(|cookie| cookie.starts_with("session=")), "{made:?}");
    first.signal("TERM");
    assert!(first.exit().success());
    let again = demo();
    assert!(!again.log().contains("Seeded"), "{}", again.log());
    assert_eq!(texts(&again.get("/posts").html(), "ol.posts > li").len(), 6);
}

#[test]
fn serving_is_closed_to_load_tests_unless_asked_for() {
    let (_folder, database) = folder();
    let site = Program::start(program(&["serve", "--listen", "127.0.0.1:0", "--database", path(&database)]));
    assert_eq!(site.get("/").status, 200);
    assert_eq!(texts(&site.get("/").html(), ".empty"), ["No posts yet… Want to be the first?"]);
    assert_eq!(site.post("/benchmarking/post_create").status, 404);
    assert_eq!(number(&open(&database), "SELECT count(*) FROM users"), 0);
}

#[test]
fn every_flag_is_a_variable_too() {
    let (_folder, database) = folder();
    seeded(&database, 3);
    let start = |switch: &str| {
        let mut command = program(&["serve"]);
        command.env("LISTEN", "127.0.0.1:0").env("DATABASE", &database);
        command.env("BENCHMARKING", switch).env("RELAX_SSL", switch).env("TRUSTED_PROXIES", "127.0.0.1,::1");
        Program::start(command)
    };
    for off in ["false", "0", "no", ""] {
        assert_eq!(start(off).post("/benchmarking/post_show").status, 404, "{off:?}");
    }
    for on in ["true", "1"] {
        let answer = start(on).post("/benchmarking/post_show");
        assert_eq!(answer.status, 200, "{on}");
        assert!(
            answer.header("Set-Cookie").is_some_and(|cookie| cookie.starts_with("session=")),
            "{answer:?}"
        );
    }
    let site = start("true");
    let over_tls = crate::harness::ask(site.address, "GET", "/", &[("X-Forwarded-Proto", "https")]);
    assert!(over_tls.header("Strict-Transport-Security").is_some());
}
