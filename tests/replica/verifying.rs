//! `verify` fails while the replica is broken, and succeeds again when it is repaired.

use crate::drill::{Drill, finish};
use crate::harness::{eventually, number, open};
use crate::processes;

/// Panics unless `verify` fails, and its output ends with a message of the program.
fn assert_fails(drill: &Drill) {
    let output = drill.run(&["verify"]).assert_failure(&["lorem-news: "]);
    let last = output.lines().last().unwrap();
    assert!(last.starts_with("lorem-news: "), "{output}");
}

#[test]
fn a_verification_of_a_good_replica_leaves_nothing_behind() {
    let drill = Drill::start();
    let _server = drill.serve();
    let before = files(&drill);
    let output = drill.run(&["verify"]).assert_success();
    assert_eq!(output.lines().count(), 1, "{output}");
    assert_eq!(files(&drill), before);
    let database = open(&drill.database());
    for _ in 0..3 {
        drill.run(&["verify"]).assert_success();
    }
    // Repeated verifications leave one sentinel row at most.
    let tables = number(&database, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%sentinel%'");
    for table in 0..tables {
        let name: String = database
            .query_row(
                "SELECT name FROM sqlite_schema WHERE name LIKE '%sentinel%' LIMIT 1 OFFSET ?1",
                [table],
                |row| row.get(0),
            )
            .unwrap();
        assert!(number(&database, &format!("SELECT count(*) FROM {name}")) <= 1, "{name}");
    }
}

fn files(drill: &Drill) -> Vec<std::path::PathBuf> {
    let mut folders = vec![drill.folder.path().to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Litestream creates and deletes its own files.
            let is_litestreams = path.file_name().unwrap().to_str().unwrap().ends_with("-litestream");
            if path.is_dir() && !is_litestreams { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

#[test]
fn a_wiped_bucket_is_detected_and_a_restart_repairs_it() {
    let drill = Drill::start();
    let mut server = drill.serve();
    let output = eventually("verify detects the wiped bucket", || {
        drill.store.wipe();
        let ended = drill.run(&["verify"]);
        (!ended.success).then_some(ended.output)
    });
    assert!(output.starts_with("lorem-news: the replica cannot be relied on: "), "{output}");
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    let _server = drill.serve();
    drill.run(&["verify"]).assert_success();
}

#[test]
fn a_stopped_litestream_is_detected() {
    let drill = Drill::start();
    let _server = drill.serve();
    let litestream = drill.litestream();
    processes::signal("STOP", &[litestream.id]);
    assert_fails(&drill);
    processes::signal("CONT", &[litestream.id]);
    drill.await_verified();
}

#[test]
fn a_wrong_secret_of_the_command_or_of_the_store_is_detected() {
    let mut drill = Drill::start();
    let _server = drill.serve();
    let mut verify = drill.command(&["verify"]);
    verify.env("LITESTREAM_SECRET_ACCESS_KEY", "wrong");
    finish(verify).assert_failure(&["lorem-news: "]);
    drill.run(&["verify"]).assert_success();

    drill.store.restart_with("another");
    assert_fails(&drill);
    drill.store.restart();
    drill.await_verified();
}

#[test]
fn a_store_that_is_down_is_detected() {
    let mut drill = Drill::start();
    let _server = drill.serve();
    drill.store.kill();
    assert_fails(&drill);
    drill.store.restart();
    drill.await_verified();
    // A store that accepts connections and never responds counts as down.
    processes::signal("STOP", &[drill.store.id()]);
    assert_fails(&drill);
    processes::signal("CONT", &[drill.store.id()]);
    drill.await_verified();
}

#[test]
fn a_verification_without_a_server_fails() {
    let drill = Drill::start();
    assert_fails(&drill);
}
