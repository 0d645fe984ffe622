//! Starts of the server: without a database, beside another server, without a store.

use crate::drill::{Drill, finish};
use crate::harness::{Program, assert_sound, number, open, seeded};
use crate::processes;

#[test]
fn a_demo_without_its_folder_restores_the_replica_and_does_not_seed() {
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
fn an_unreachable_replica_is_not_taken_for_an_empty_one() {
    let mut drill = Drill::empty();
    drill.store.kill();
    let refused = |drill: &Drill| {
        finish(drill.serving()).assert_failure(&["lorem-news: "]);
        assert!(!drill.database().exists(), "the start has created an empty database");
        processes::await_none(drill.folder.path());
    };
    refused(&drill);
    drill.store.restart_with("another");
    refused(&drill);
    drill.store.restart();
    let _server = drill.serve();
}

#[test]
fn an_existing_database_is_replaced_only_by_force_and_never_while_it_is_served() {
    let drill = Drill::start();
    let mut server = drill.serve();
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    let output = drill.run(&["restore"]).assert_failure(&["exists", "there already"]);
    assert!(output.contains("--force"), "{output}");
    drill.run(&["restore", "--force"]).assert_success();
    assert_sound(&open(&drill.database()));
    let _server = drill.serve();
    drill.run(&["restore", "--force"]).assert_failure(&["in use", "running", "served"]);
}

#[test]
fn a_replica_of_another_database_is_not_overwritten() {
    let drill = Drill::start();
    let mut server = drill.serve();
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    let objects = drill.store.objects();
    drill.lose_folder();
    seeded(&drill.database(), 5);
    finish(drill.serving()).assert_failure(&["another database", "other database", "not this database"]);
    assert_eq!(drill.store.objects(), objects);
}

#[test]
fn a_second_litestream_for_a_database_is_refused() {
    let drill = Drill::start();
    let server = drill.serve();
    let (shim, litestream) = (drill.shim(&server), drill.litestream());
    finish(drill.serving()).assert_failure(&["already", "in use"]);
    drill.run(&["replicate"]).assert_failure(&["already", "in use"]);
    assert_eq!(drill.litestream().id, litestream.id);
    assert_eq!(drill.shim(&server).id, shim.id);
    assert_eq!(server.post("/benchmarking/post_create").status, 200);
    drill.run(&["verify"]).assert_success();
}

#[test]
fn a_program_that_is_not_litestream_is_refused() {
    let drill = Drill::start();
    for (binary, reason) in [("/nowhere/litestream", "/nowhere/litestream"), ("/bin/true", "litestream")] {
        let mut command = drill.serving();
        command.env("LITESTREAM_BIN", binary);
        finish(command).assert_failure(&[reason]);
    }
}
