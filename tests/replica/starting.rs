//! A start: on nothing, beside another, without a store.

use crate::drill::{Drill, finish};
use crate::harness::{Program, assert_sound, number, open, seeded};
use crate::processes;

#[test]
fn a_demo_that_has_lost_everything_restores_and_does_not_seed_anew() {
    let drill = Drill::empty();
    let demo = ["demo", "--posts", "20", "--listen", "127.0.0.1:0"];
    let mut server = Program::start(drill.command(&demo));
    assert_eq!(server.post("/benchmarking/post_create").status, 200);
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    drill.lose_folder();
    let server = Program::start(drill.command(&demo));
    let database = open(&drill.database());
    assert_eq!(number(&database, "SELECT count(*) FROM sessions"), 1, "{}", server.log());
    assert_eq!(number(&database, "SELECT count(*) FROM posts"), 21);
    assert_sound(&database);
    drill.await_verified();
}

#[test]
fn a_replica_that_cannot_be_reached_is_no_empty_replica() {
    let mut drill = Drill::empty();
    drill.store.kill();
    let refused = |drill: &Drill| {
        finish(drill.serving()).badly(&["lorem-news: "]);
        assert!(!drill.database().exists(), "an empty site was made");
        processes::await_none(drill.folder.path());
    };
    refused(&drill);
    drill.store.restart_with("another");
    refused(&drill);
    drill.store.restart();
    let _server = drill.serve();
}

#[test]
fn a_database_that_is_there_is_never_restored_over() {
    let drill = Drill::start();
    let mut server = drill.serve();
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    let said = drill.run(&["restore"]).badly(&["exists", "there already"]);
    assert!(said.contains("--force"), "{said}");
    drill.run(&["restore", "--force"]).well();
    assert_sound(&open(&drill.database()));
    let _server = drill.serve();
    drill.run(&["restore", "--force"]).badly(&["in use", "running", "served"]);
}

#[test]
fn another_databases_replica_is_not_taken_over() {
    let drill = Drill::start();
    let mut server = drill.serve();
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    let objects = drill.store.objects();
    drill.lose_folder();
    seeded(&drill.database(), 5);
    finish(drill.serving()).badly(&["another database", "other database", "not this database"]);
    assert_eq!(drill.store.objects(), objects);
}

#[test]
fn there_is_one_litestream_a_database() {
    let drill = Drill::start();
    let server = drill.serve();
    let (go_between, litestream) = (drill.go_between(&server), drill.litestream());
    finish(drill.serving()).badly(&["already", "in use"]);
    drill.run(&["replicate"]).badly(&["already", "in use"]);
    assert_eq!(drill.litestream().id, litestream.id);
    assert_eq!(drill.go_between(&server).id, go_between.id);
    assert_eq!(server.post("/benchmarking/post_create").status, 200);
    drill.run(&["verify"]).well();
}

#[test]
fn a_program_that_is_not_litestream_is_refused() {
    let drill = Drill::start();
    for (binary, reason) in [("/nowhere/litestream", "/nowhere/litestream"), ("/bin/true", "litestream")] {
        let mut command = drill.serving();
        command.env("LITESTREAM_BIN", binary);
        finish(command).badly(&[reason]);
    }
}
