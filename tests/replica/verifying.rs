//! `verify` says so when a backup is none, and is content again when it is mended.

use crate::drill::{Drill, finish};
use crate::harness::{eventually, number, open};
use crate::processes;

/// The sentence need not be the same everywhere, but it must be one.
fn assert_fails(drill: &Drill) {
    let said = drill.run(&["verify"]).badly(&["lorem-news: "]);
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("lorem-news: "), "{said}");
}

#[test]
fn a_good_replica_is_verified_and_nothing_stays_behind() {
    let drill = Drill::start();
    let _server = drill.serve();
    let before = files(&drill);
    let said = drill.run(&["verify"]).well();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(files(&drill), before);
    let database = open(&drill.database());
    for _ in 0..3 {
        drill.run(&["verify"]).well();
    }
    // However often it is done, it leaves no heap of rows.
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
            // Litestream's own files come and go.
            let its_own = path.file_name().unwrap().to_str().unwrap().ends_with("-litestream");
            if path.is_dir() && !its_own { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

#[test]
fn a_wiped_bucket_is_noticed_and_a_new_start_mends_it() {
    let drill = Drill::start();
    let mut server = drill.serve();
    let said = eventually("it is noticed", || {
        drill.store.wipe();
        let ended = drill.run(&["verify"]);
        (!ended.success).then_some(ended.said)
    });
    assert!(said.starts_with("lorem-news: the replica cannot be relied on: "), "{said}");
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    let _server = drill.serve();
    drill.run(&["verify"]).well();
}

#[test]
fn a_litestream_that_stands_still_is_noticed() {
    let drill = Drill::start();
    let _server = drill.serve();
    let litestream = drill.litestream();
    processes::signal("STOP", &[litestream.id]);
    assert_fails(&drill);
    processes::signal("CONT", &[litestream.id]);
    drill.await_verified();
}

#[test]
fn a_wrong_secret_is_noticed_whoever_has_it() {
    let mut drill = Drill::start();
    let _server = drill.serve();
    let mut verify = drill.command(&["verify"]);
    verify.env("LITESTREAM_SECRET_ACCESS_KEY", "wrong");
    finish(verify).badly(&["lorem-news: "]);
    drill.run(&["verify"]).well();

    drill.store.restart_with("another");
    assert_fails(&drill);
    drill.store.restart();
    drill.await_verified();
}

#[test]
fn a_store_that_is_down_is_noticed() {
    let mut drill = Drill::start();
    let _server = drill.serve();
    drill.store.kill();
    assert_fails(&drill);
    drill.store.restart();
    drill.await_verified();
    // One that takes connections and never answers is as good as down.
    processes::signal("STOP", &[drill.store.id()]);
    assert_fails(&drill);
    processes::signal("CONT", &[drill.store.id()]);
    drill.await_verified();
}

#[test]
fn without_a_server_there_is_nothing_to_verify() {
    let drill = Drill::start();
    assert_fails(&drill);
}
