//! The command line: help, messages, exit codes, and files that a refused command leaves untouched.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use argon2::{Argon2, PasswordHash, PasswordVerifier};
use lorem_news::comment::MAX_LEVELS;
use lorem_news::types::time::Timestamp;
use rusqlite::Connection;

use crate::client::{Client, NEW_PASSWORD};
use crate::harness::{Program, TIMEOUT, assert_sound, eventually, folder, number, open, program, run};

/// The schema version that this program knows.
const KNOWN: i64 = lorem_news::schema::MIGRATIONS.len() as i64;

/// Every option with the rest of its help line: the environment variable, and the default if any.
const DATABASE: (&str, &str) = ("--database <FILE>", "[env: DATABASE=] [default: db/lorem_news.sqlite3]");
const FILE_MODE: (&str, &str) = ("--file-mode <MODE>", "[env: FILE_MODE=] [default: 0600]");
const BASE_URL: (&str, &str) = ("--base-url <URL>", "[env: BASE_URL=]");
const SERVE: [(&str, &str); 36] = [
    DATABASE,
    FILE_MODE,
    ("--listen <ADDRESS>", "[env: LISTEN=] [default: 127.0.0.1:3000]"),
    ("--benchmarking", "[env: BENCHMARKING=]"),
    ("--relax-ssl", "[env: RELAX_SSL=]"),
    BASE_URL,
    ("--mail-from <ADDRESS>", "[env: MAIL_FROM=]"),
    ("--trusted-proxies <IP,…>", "[env: TRUSTED_PROXIES=]"),
    ("--proxy-headers <KIND>", "[env: PROXY_HEADERS=] [default: auto]"),
    ("--max-connections <N>", "[env: MAX_CONNECTIONS=] [default: 1024]"),
    ("--connections-per-address <N>", "[env: CONNECTIONS_PER_ADDRESS=]"),
    ("--site-name <NAME>", "[env: SITE_NAME=]"),
    ("--logo <FILE>", "[env: LOGO=]"),
    ("--sign-up <KIND>", "[env: SIGN_UP=]"),
    ("--new-user-days <N>", "[env: NEW_USER_DAYS=]"),
    ("--tags <LIST>", "[env: TAGS=]"),
    ("--flags-to-hide <N>", "[env: FLAGS_TO_HIDE=]"),
    ("--no-rate-limits", "[env: NO_RATE_LIMITS=]"),
    ("--sign-ins-per-minute <N>", "[env: SIGN_INS_PER_MINUTE=] [default: 5]"),
    ("--sign-ins-per-minute-by-name <N>", "[env: SIGN_INS_PER_MINUTE_BY_NAME=] [default: 100]"),
    ("--sign-ups-per-hour <N>", "[env: SIGN_UPS_PER_HOUR=] [default: 5]"),
    ("--writes-per-minute <N>", "[env: WRITES_PER_MINUTE=] [default: 10]"),
    ("--changes-per-minute <N>", "[env: CHANGES_PER_MINUTE=] [default: 30]"),
    ("--votes-per-minute <N>", "[env: VOTES_PER_MINUTE=] [default: 60]"),
    ("--api-requests-per-minute <N>", "[env: API_REQUESTS_PER_MINUTE=] [default: 300]"),
    ("--session-days <N>", "[env: SESSION_DAYS=] [default: 90]"),
    ("--metrics", "[env: METRICS=]"),
    ("--slow-ms <N>", "[env: SLOW_MS=] [default: 500]"),
    ("--cache-mb <N>", "[env: CACHE_MB=] [default: 64]"),
    ("--title-hours <N>", "[env: TITLE_HOURS=] [default: 2]"),
    ("--fetch-titles", "[env: FETCH_TITLES=]"),
    ("--fetch-titles-from <IP,…>", "[env: FETCH_TITLES_FROM=]"),
    REPLICA[0],
    REPLICA[1],
    REPLICA[2],
    ("--verify-every <TIME>", "[env: VERIFY_EVERY=] [default: 24h]"),
];
const REPLICA: [(&str, &str); 3] = [
    ("--replica <URL>", "[env: REPLICA=]"),
    ("--litestream <FILE>", "[env: LITESTREAM_BIN=]"),
    ("--sync-every <TIME>", "[env: SYNC_EVERY=] [default: 1s]"),
];
const SEED: [(&str, &str); 2] =
    [("--seed <N>", "[env: SEED=] [default: 2024]"), ("--posts <N>", "[env: POSTS=] [default: 1000]")];
const COMMANDS: [&str; 4] = ["demo", "serve", "migrate", "seed"];

fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must fail; returns its one line on standard error.
fn refused(arguments: &[&str]) -> String {
    let mut child = program(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = std::time::Instant::now();
    let status = eventually("the program ends", || {
        if began.elapsed() > TIMEOUT / 2 {
            let _ = child.kill();
        }
        child.try_wait().unwrap()
    });
    let (mut said, mut why) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
    assert_eq!(status.code(), Some(1), "{arguments:?}: {said}{why}");
    assert_eq!(said, "", "{arguments:?}");
    assert_eq!(why.lines().count(), 1, "{arguments:?}: {why}");
    assert!(why.starts_with("lorem-news: ") && !why.contains("panicked"), "{arguments:?}: {why}");
    why
}

/// The arguments that run `command` on a database.
fn on(command: &'static str, database: &Path) -> Vec<String> {
    let mut arguments = vec![command.to_owned(), "--database".to_owned(), database.display().to_string()];
    if matches!(command, "demo" | "serve") {
        arguments.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned()]);
    }
    arguments
}

/// Panics unless each command refuses the database with a message that contains `why`, and touches nothing.
fn assert_refused(database: &Path, why: &str) {
    let before = contents(database.parent().unwrap());
    for command in COMMANDS {
        let arguments = on(command, database);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = refused(&arguments);
        assert!(said.contains(why), "{said}");
        assert!(said.contains(&database.display().to_string()) || said.contains("schema 99"), "{said}");
        let after = contents(database.parent().unwrap());
        assert!(before == after, "{command} changed the folder: {:?} to {:?}", before.keys(), after.keys());
    }
}

/// All files of a folder, except an empty WAL and its shared memory, which hold no data.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    files
        .map(|file| {
            let bytes = if file.path().is_dir() { Vec::new() } else { std::fs::read(file.path()).unwrap() };
            (file.file_name().into_string().unwrap(), bytes)
        })
        .filter(|(name, bytes): &(String, Vec<u8>)| {
            let is_empty_wal = name.ends_with("-wal") && bytes.is_empty();
            !is_empty_wal && !name.ends_with("-shm")
        })
        .collect()
}

fn column(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn seed(database: &Path, more: &[&str]) -> std::process::Output {
    let output = program(&["seed"]).arg("--database").arg(database).args(more).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn the_help_names_every_command() {
    let help = stdout(&["--help"]);
    for command in COMMANDS.into_iter().chain(["user", "replicate", "restore", "verify", "replica", "backup"])
    {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command}: {help}");
    }
}

#[test]
fn the_help_of_each_command_lists_every_option_with_its_variable_and_default() {
    let demo: Vec<_> = SERVE.into_iter().chain(SEED).collect();
    let seed: Vec<_> = [DATABASE, FILE_MODE].into_iter().chain(SEED).collect();
    let replica: Vec<_> = [DATABASE, FILE_MODE].into_iter().chain(REPLICA).collect();
    let more = [("--at <TIME>", ""), ("--to <FILE>", ""), ("--force", "")];
    let restore: Vec<_> = replica.iter().copied().chain(more).collect();
    for (command, options) in [
        (&["demo"][..], &demo[..]),
        (&["serve"], &SERVE),
        (&["migrate"], &[DATABASE, FILE_MODE]),
        (&["seed"], &seed),
        (&["replicate"], &replica),
        (&["restore"], &restore),
        (&["verify"], &replica),
        (&["replica", "status"], &replica),
        (&["replica", "env"], &replica),
        (&["backup"], &[DATABASE, FILE_MODE]),
    ] {
        let help = stdout(&[command, &["--help"]].concat());
        let listed = help.lines().filter(|line| line.trim_start().starts_with("--")).count();
        assert_eq!(listed, options.len(), "{help}");
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for (option, besides) in options {
            let described = words.split_once(option).unwrap_or_else(|| panic!("{option} is not in {help}")).1;
            let described = described.split(" --").next().unwrap();
            assert!(described.contains(besides), "{option}: {described}");
            assert!(described.trim_start().starts_with(char::is_uppercase), "{option} is not explained");
        }
    }
}

/// Runs `lorem-news user` with `typed` on its standard input; returns the exit code and the output.
fn user(database: &Path, arguments: &[&str], typed: &str) -> (Option<i32>, String) {
    let mut child = program(&["user", "--database", database.to_str().unwrap()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), said)
}

#[test]
fn the_admin_role_is_given_and_taken_while_the_server_runs() {
    let (_folder, database) = folder();
    seed(&database, &["--posts", "3"]);
    let site = Program::serve(&database, &["--no-rate-limits"]);
    let client = Client::at(site.address);
    assert_eq!(client.sign_up("Zoë").status, 303);
    let may = || client.get("/flags").status;
    assert_eq!(may(), 403);
    // Names are compared as at sign-in. Both options are idempotent.
    for _ in 0..2 {
        assert_eq!(user(&database, &["--admin", "ZOË"], ""), (Some(0), "ZOË is an admin\n".into()));
        assert_eq!(may(), 200);
    }
    let answer = client.post("/posts/1/moderate", &[("act", "lock"), ("reason", "A reason")]);
    assert_eq!(answer.status, 303);
    for _ in 0..2 {
        assert_eq!(user(&database, &["--no-admin", "Zoë"], ""), (Some(0), "Zoë is no admin\n".into()));
        assert_eq!(may(), 403);
    }
    let connection = open(&database);
    connection.execute("UPDATE users SET banned_at = 1 WHERE screen_name = 'Zoë'", []).unwrap();
    let (code, said) = user(&database, &["--admin", "Zoë"], "");
    assert_eq!(code, Some(1));
    assert!(said.contains("lorem-news: Zoë is banned"), "{said}");
    assert_sound(&connection);
}

#[test]
fn a_forgotten_password_is_replaced_and_the_sessions_end() {
    let (_folder, database) = folder();
    seed(&database, &["--posts", "3"]);
    let site = Program::serve(&database, &["--no-rate-limits"]);
    let client = Client::at(site.address);
    assert_eq!(client.sign_up("Zoë").status, 303);
    for (typed, why) in [
        ("short\n", "too short"),
        ("", "too short"),
        (&*"a".repeat(1025), "too long"),
        ("password1\n", "too common"),
        ("zoë zoë 1\n", "too similar to the screen name"),
    ] {
        let (code, said) = user(&database, &["--password", "Zoë"], typed);
        assert_eq!(code, Some(1));
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(client.get("/user/edit").status, 200);
    let changed = user(&database, &["--password", "Zoë"], "a new secret\r\nand no more\n");
    assert_eq!(changed, (Some(0), "Zoë has a new password\n".into()));
    assert_eq!(client.get("/user/edit").status, 303, "the session has ended");
    assert_eq!(client.sign_in_with("Zoë", NEW_PASSWORD).status, 422);
    let answer = client.post("/sessions", &[("screen_name", "Zoë"), ("password", "a new secret")]);
    assert_eq!(answer.status, 303);
    assert_sound(&open(&database));
}

#[test]
fn an_unknown_user_is_reported_and_no_database_is_created() {
    let (folder, database) = folder();
    for change in ["--admin", "--no-admin", "--password", "--reset"] {
        let url = ["--base-url", "https://news.example"];
        let arguments = ["user", change, "Zoë", "--database", database.to_str().unwrap()];
        let said = refused(&[&arguments[..], &url].concat());
        assert!(said.contains("there is no database"), "{said}");
        assert!(contents(folder.path()).is_empty());
    }
    seed(&database, &["--posts", "1"]);
    for change in ["--admin", "--no-admin", "--password", "--reset"] {
        let url = ["--base-url", "https://news.example"];
        let arguments = ["user", change, "Zoë", "--database", database.to_str().unwrap()];
        let said = refused(&[&arguments[..], &url].concat());
        assert!(said.contains("there is no user Zoë"), "{said}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(stdout(&["--version"]), format!("lorem-news {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_rest_of_the_log_levels_counts_when_a_part_is_not_understood() {
    let (_folder, database) = folder();
    let logged = |levels: &str| {
        let mut command = program(&["user", "--admin", "Zoë", "--database", database.to_str().unwrap()]);
        let output = command.env("RUST_LOG", levels).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(logged("access=of,info").contains("RUST_LOG: \"access=of\" is not understood"));
    assert!(logged("access=of").contains("is not understood"), "info is the default");
    assert!(!logged("access=of,error").contains("is not understood"));
    assert_eq!(logged("error").lines().count(), 1);
}

#[test]
fn an_unknown_argument_is_exit_code_2() {
    for arguments in [
        &["serve", "--colour"][..],
        &["dance"],
        &["user"],
        &["user", "--admin"],
        &["user", "--admin", "a", "--password", "b"],
        &[],
        &["serve", "--listen", "nowhere"],
        &["seed", "--posts", "many"],
        &["serve", "--base-url", "https://news.example/path"],
        &["serve", "--trusted-proxies", "me"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("Usage:") || said.contains("--help"), "{said}");
    }
}

#[test]
fn a_busy_port_is_reported_before_any_file_is_touched() {
    let (folder, database) = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["serve", "demo"] {
        let said = refused(&[command, "--listen", &address, "--database", database.to_str().unwrap()]);
        assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
        assert!(contents(folder.path()).is_empty());
    }
}

#[test]
fn a_database_in_an_impossible_folder_is_refused() {
    let (folder, file) = folder();
    std::fs::write(&file, "A file, and no folder").unwrap();
    for database in [file.join("news.sqlite3"), file.join("deeper/news.sqlite3")] {
        for command in COMMANDS {
            let arguments = on(command, &database);
            let said = refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            assert!(said.contains("Not a directory"), "{said}");
        }
    }
    assert_eq!(contents(folder.path()).keys().collect::<Vec<_>>(), ["news.sqlite3"]);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "A file, and no folder");
}

#[test]
fn a_folder_at_the_database_path_is_refused() {
    let (_folder, database) = folder();
    std::fs::create_dir(&database).unwrap();
    assert_refused(&database, "cannot be opened");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    for text in ["short".to_owned(), "Somebody's diary. ".repeat(500)] {
        let (_folder, database) = folder();
        std::fs::write(&database, text).unwrap();
        assert_refused(&database, "is not an SQLite database; it was left as it is");
    }
}

#[test]
fn a_database_from_a_newer_version_is_refused_and_left_as_it_is() {
    let (_folder, database) = folder();
    let newer = Connection::open(&database).unwrap();
    newer
        .execute_batch(
            "CREATE TABLE users (id); PRAGMA application_id = 0x4c4e7773; PRAGMA user_version = 99",
        )
        .unwrap();
    drop(newer);
    let why = format!("from a newer version of this program (schema 99, this one knows {KNOWN})");
    assert_refused(&database, &why);
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_is() {
    for sql in [
        "CREATE TABLE songs (title); INSERT INTO songs VALUES ('La mer')",
        "CREATE TABLE users (id INTEGER PRIMARY KEY); PRAGMA user_version = 1",
        "CREATE TABLE songs (title); PRAGMA application_id = 252006674",
        "PRAGMA journal_mode = WAL; CREATE TABLE songs (title)",
    ] {
        let (_folder, database) = folder();
        let other = Connection::open(&database).unwrap();
        other.execute_batch(sql).unwrap();
        drop(other);
        assert_refused(&database, "is another program's database; it was left as it is");
    }
}

#[test]
fn migrating_is_idempotent() {
    let (folder, database) = folder();
    let database = folder.path().join("a/new/folder").join(database.file_name().unwrap());
    let arguments = ["migrate", "--database", database.to_str().unwrap()];
    let once = stdout(&arguments);
    assert!(once.contains("is up to date"), "{once}");
    let before = contents(database.parent().unwrap());
    assert_eq!(before.keys().collect::<Vec<_>>(), ["news.sqlite3"]);
    assert_eq!(stdout(&arguments), once);
    assert!(contents(database.parent().unwrap()) == before, "the second time changed something");
    assert_eq!(number(&open(&database), "SELECT user_version FROM pragma_user_version"), KNOWN);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let (_folder, database) = folder();
    std::fs::write(&database, "").unwrap();
    stdout(&["migrate", "--database", database.to_str().unwrap()]);
    assert_sound(&open(&database));
}

#[test]
fn seeding_refuses_a_database_with_users_and_changes_nothing() {
    let (folder, database) = folder();
    seed(&database, &["--posts", "3"]);
    let before = contents(folder.path());
    assert_eq!(before.keys().collect::<Vec<_>>(), ["news.sqlite3"]);
    let said = refused(&["seed", "--posts", "3", "--database", database.to_str().unwrap()]);
    assert!(said.contains("has users already; only an empty database is seeded"), "{said}");
    let after = contents(folder.path());
    assert!(before == after, "{:?} became {:?}", before.keys(), after.keys());
}

#[test]
fn equal_seeds_give_equal_data_and_other_seeds_other_data() {
    let everything = |seed_number: &str| {
        let (_folder, database) = folder();
        seed(&database, &["--seed", seed_number, "--posts", "5"]);
        let connection = open(&database);
        [
            column(&connection, "SELECT screen_name FROM users ORDER BY id"),
            column(&connection, "SELECT about FROM profiles ORDER BY user_id"),
            column(&connection, "SELECT title FROM posts ORDER BY id"),
            column(&connection, "SELECT text FROM descriptions ORDER BY post_id"),
            column(&connection, "SELECT body FROM comments ORDER BY id"),
            column(&connection, "SELECT cast(user_id AS TEXT) FROM posts ORDER BY id"),
            column(&connection, "SELECT coalesce(url, '') FROM posts ORDER BY id"),
            column(&connection, "SELECT user_id || '-' || post_id FROM post_votes ORDER BY 1"),
            column(&connection, "SELECT user_id || '-' || comment_id FROM comment_votes ORDER BY 1"),
        ]
    };
    let (one, same, other) = (everything("5"), everything("5"), everything("6"));
    assert_eq!(one, same);
    for (one, other) in one.iter().zip(&other) {
        assert_ne!(one, other);
    }
}

#[test]
fn seeded_data_has_the_documented_shape() {
    let (_folder, database) = folder();
    let said = seed(&database, &["--posts", "30"]).stderr;
    let connection = open(&database);
    assert_sound(&connection);
    let names = column(&connection, "SELECT screen_name FROM users ORDER BY id");
    assert_eq!(names.len(), 100);
    for (at, name) in names.iter().enumerate() {
        let (word, counted) = name.split_once('_').unwrap();
        assert!(!word.is_empty() && word.chars().all(char::is_alphabetic), "{name}");
        assert_eq!(counted, format!("{at:03}"));
    }
    assert_eq!(number(&connection, "SELECT count(*) FROM posts"), 30);
    let comments = number(&connection, "SELECT count(*) FROM comments");
    assert_eq!(
        number(&connection, "SELECT count(*) FROM posts WHERE comments_count NOT BETWEEN 5 AND 15"),
        0
    );
    let untimely = "SELECT count(*) FROM comments JOIN posts ON posts.id = post_id \
                    WHERE comments.created_at < posts.created_at OR comments.created_at > ";
    assert_eq!(number(&connection, &format!("{untimely}{}", Timestamp::now().as_micros())), 0);
    assert_eq!(
        number(
            &connection,
            "SELECT count(*) FROM posts JOIN users ON users.id = user_id WHERE posts.created_at < users.created_at"
        ),
        0
    );
    for hash in column(&connection, "SELECT DISTINCT password_hash FROM profiles") {
        let parsed = PasswordHash::new(&hash).unwrap();
        assert!(Argon2::default().verify_password(b"password", &parsed).is_ok(), "{hash}");
        assert!(Argon2::default().verify_password(b"Password", &parsed).is_err(), "{hash}");
    }
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains(&format!("Seeded 100 users, 30 posts and {comments} comments")), "{said}");
}

#[test]
fn a_larger_seed_has_discussions_of_every_depth_and_something_to_moderate() {
    let (_folder, database) = folder();
    seed(&database, &["--posts", "200"]);
    let connection = open(&database);
    assert_sound(&connection);
    let depths = column(&connection, "SELECT DISTINCT cast(depth AS TEXT) FROM comments ORDER BY depth");
    assert!(depths.len() > MAX_LEVELS, "{depths:?}");
    assert_eq!(column(&connection, "SELECT screen_name FROM users WHERE is_admin").len(), 1);
    let log = "SELECT verb || ' ' || noun FROM acts ORDER BY id";
    assert_eq!(column(&connection, log), ["remove comment", "lock post", "dismiss post"]);
    assert_eq!(column(&connection, "SELECT cast(flags_count AS TEXT) FROM cases"), ["2"]);
    let emptied = "SELECT count(*) FROM comments WHERE deleted_at IS NOT NULL AND removed_at IS NULL";
    assert_eq!(number(&connection, emptied), 1);
    let counts = "SELECT count(*) FROM posts WHERE comments_count NOT BETWEEN 5 AND 15";
    assert_eq!(number(&connection, counts), 0);
}

#[test]
fn seeded_posts_have_votes_and_most_link_to_reserved_hosts() {
    let (_folder, database) = folder();
    seed(&database, &["--posts", "300"]);
    let connection = open(&database);
    assert_sound(&connection);
    for (url, site) in column(&connection, "SELECT url FROM posts WHERE url IS NOT NULL ORDER BY id")
        .iter()
        .zip(column(&connection, "SELECT site FROM posts WHERE url IS NOT NULL ORDER BY id"))
    {
        let link = lorem_news::post::link::parse(url).unwrap();
        assert_eq!(link.site, site);
        let host = site.split('/').next().unwrap();
        let reserved = ["example.com", "example.net", "example.org"];
        assert!(host.ends_with(".example") || reserved.iter().any(|name| host.ends_with(name)), "{url}");
    }
    assert!((150..210).contains(&number(&connection, "SELECT count(url) FROM posts")));
    assert!(number(&connection, "SELECT count(DISTINCT site) FROM posts") >= 10);
    assert!(number(&connection, "SELECT count(*) FROM posts WHERE site LIKE '%/%'") > 10);
    assert_eq!(
        number(&connection, "SELECT count(*) - count(DISTINCT address) FROM posts WHERE url IS NOT NULL"),
        0
    );
    // A few posts have most of the votes; most posts have few or none.
    let votes = number(&connection, "SELECT sum(score - 1) FROM posts");
    let of_the_first = number(
        &connection,
        "SELECT sum(score - 1) FROM (SELECT score FROM posts ORDER BY score DESC LIMIT 30)",
    );
    assert!(votes > 300 && of_the_first * 2 > votes, "{of_the_first} of {votes}");
    assert!(number(&connection, "SELECT count(*) FROM posts WHERE score = 1") > 60);
    assert!(number(&connection, "SELECT sum(score - 1) FROM comments") > 500);
    assert!(number(&connection, "SELECT count(*) FROM users WHERE karma > 0") > 80);
    let mut statement = connection.prepare("SELECT score, created_at, hotness FROM posts").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (score, created_at, hotness): (i64, i64, i64) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        assert_eq!(lorem_news::rank::hotness(score, Timestamp::from_micros(created_at)), hotness);
    }
    let replies = "SELECT count(*) FROM comments AS reply JOIN comments ON comments.id = reply.parent_id";
    assert!(
        number(&connection, replies) > 1000 && number(&connection, "SELECT max(depth) FROM comments") >= 4
    );
    let wrong = "WHERE reply.post_id <> comments.post_id OR reply.created_at < comments.created_at \
                 OR reply.depth <> comments.depth + 1";
    assert_eq!(number(&connection, &format!("{replies} {wrong}")), 0);
    for noun in ["post", "comment"] {
        let own = format!(
            "SELECT count(*) FROM {noun}_votes AS votes JOIN {noun}s ON {noun}s.id = {noun}_id \
             WHERE votes.user_id = {noun}s.user_id OR votes.created_at < {noun}s.created_at OR votes.created_at > {}",
            Timestamp::now().as_micros()
        );
        assert_eq!(number(&connection, &own), 0, "{noun}");
    }
}

#[test]
fn the_environment_sets_the_options() {
    let (_folder, database) = folder();
    let mut command = program(&["seed"]);
    command.env("DATABASE", &database).env("SEED", "5").env("POSTS", "4");
    assert!(command.output().unwrap().status.success());
    let serve = |benchmarking: &str, relaxed: &str| {
        let mut command = program(&["serve"]);
        command.env("LISTEN", "127.0.0.1:0").env("DATABASE", &database);
        command.env("BENCHMARKING", benchmarking).env("RELAX_SSL", relaxed);
        command.env("TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.1");
        Program::start(command)
    };

    let site = serve("true", "true");
    let headers = [("X-Forwarded-For", "203.0.113.9")];
    let answer = crate::harness::ask(site.address, "POST", "/benchmarking/user_show", &headers);
    assert_eq!(answer.status, 200);
    let cookie = answer.header("Set-Cookie").unwrap();
    assert!(cookie.starts_with("session_") && !cookie.contains("Secure"), "{cookie}");
    let connection = open(&database);
    assert_eq!(number(&connection, "SELECT count(*) FROM posts"), 4);
    assert_eq!(column(&connection, "SELECT ip_address FROM sessions"), ["203.0.113.9"]);
    drop(site);

    let site = serve("1", "false");
    let answer = site.post("/benchmarking/user_show");
    assert_eq!(answer.status, 200);
    let cookie = answer.header("Set-Cookie").unwrap();
    assert!(cookie.starts_with("__Host-session_") && cookie.contains("Secure"), "{cookie}");
    drop(site);

    assert_eq!(serve("false", "true").post("/benchmarking/user_show").status, 404);
}

#[test]
fn the_command_line_wins_over_the_environment() {
    let (folder, database) = folder();
    let mut command = program(&["seed", "--posts", "2", "--database", database.to_str().unwrap()]);
    command.env("DATABASE", folder.path().join("other.sqlite3")).env("POSTS", "9");
    assert!(command.output().unwrap().status.success());
    assert_eq!(number(&open(&database), "SELECT count(*) FROM posts"), 2);
    assert!(!folder.path().join("other.sqlite3").exists());
}

#[test]
fn serving_over_plain_http_without_relax_ssl_is_warned_of() {
    let (_folder, database) = folder();
    crate::harness::seeded(&database, 2);
    let warning = "users can sign in over HTTPS only";
    for (arguments, warns) in [(&[][..], true), (&["--relax-ssl"], false)] {
        let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--database"]);
        command.arg(&database).args(arguments);
        let site = Program::start(command);
        // The log of a request comes after that of the start.
        let page = site.get("/signed_in");
        site.await_log("/signed_in");
        assert_eq!(site.log().contains(warning), warns, "{}", site.log());
        assert_eq!(page.status, if warns { 200 } else { 303 });
        if warns {
            site.await_log("a browser did not keep the cookie of its session");
        }
    }
}

#[test]
fn benchmarking_is_off_by_default() {
    let (_folder, database) = folder();
    crate::harness::seeded(&database, 2);
    let mut command = program(&["serve", "--listen", "127.0.0.1:0", "--database"]);
    command.arg(&database);
    let site = Program::start(command);
    for endpoint in ["post_create", "user_show", "nonsense"] {
        assert_eq!(site.post(&format!("/benchmarking/{endpoint}")).status, 404);
    }
    assert_eq!(site.get("/").status, 200);
    assert_eq!(number(&open(&database), "SELECT count(*) FROM sessions"), 0);
}

#[test]
fn a_demo_is_seeded_once_with_benchmarking_on() {
    let (_folder, database) = folder();
    let demo = || {
        let mut command = program(&["demo", "--listen", "127.0.0.1:0", "--posts", "6", "--database"]);
        command.arg(&database);
        Program::start(command)
    };
    let mut site = demo();
    let answer = site.post("/benchmarking/post_create");
    assert_eq!(answer.status, 200);
    assert!(answer.header("Set-Cookie").unwrap().starts_with("session_"));
    site.signal("TERM");
    assert_eq!(site.exit().code(), Some(0), "{}", site.log());
    let names = column(&open(&database), "SELECT screen_name FROM users ORDER BY id");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 100);

    let site = demo();
    assert_eq!(site.get("/").status, 200);
    let connection = open(&database);
    assert_eq!(number(&connection, "SELECT count(*) FROM posts"), 7);
    assert_eq!(column(&connection, "SELECT screen_name FROM users ORDER BY id"), names);
    assert_sound(&connection);
}

#[test]
fn a_demo_on_a_database_with_users_adds_nothing() {
    let (_folder, database) = folder();
    stdout(&["migrate", "--database", database.to_str().unwrap()]);
    open(&database)
        .execute(
            "INSERT INTO users (screen_name, folded_name, created_at, updated_at) VALUES ('me', 'me', 1, 1)",
            [],
        )
        .unwrap();
    let mut command = program(&["demo", "--listen", "127.0.0.1:0", "--database"]);
    command.arg(&database);
    let site = Program::start(command);
    assert_eq!(site.get("/").status, 200);
    let connection = open(&database);
    assert_eq!(number(&connection, "SELECT count(*) FROM users"), 1);
    assert_eq!(number(&connection, "SELECT count(*) FROM posts"), 0);
}

#[test]
fn an_interrupted_seed_leaves_an_empty_database() {
    let (_folder, database) = folder();
    let mut command = program(&["seed", "--posts", "100000", "--database"]);
    let mut seeding = command.arg(&database).stderr(Stdio::null()).spawn().expect("the program starts");
    let wal = database.with_extension("sqlite3-wal");
    eventually("the seed has written 16 MiB", || {
        std::fs::metadata(&wal).is_ok_and(|wal| wal.len() > 16 << 20).then_some(())
    });
    seeding.kill().expect("the seed is still running");
    seeding.wait().expect("it was started here");
    let output =
        program(&["seed", "--posts", "10", "--database"]).arg(&database).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(number(&open(&database), "SELECT count(*) FROM posts"), 10);
}
