//! A copy to try: an admin restores the replica beside the running database by a button, looks at it with a second server,
//! and deletes it.

use std::path::PathBuf;

use crate::client::Client;
use crate::drill::Drill;
use crate::harness::{Program, assert_sound, attributes, eventually_or, number, open, texts};
use crate::processes;

const PAGE: &str = "/admin/backup";
const COPY: &str = "/admin/backup/copy";

/// A user who is an admin.
fn admin(drill: &Drill, server: &Program) -> Client {
    let database = open(&drill.database());
    let sql =
        "UPDATE users SET is_admin = 1, screen_name = 'the admin', folded_name = 'the admin' WHERE id = 1";
    database.execute(sql, []).unwrap();
    let client = Client::at(server.address);
    assert_eq!(client.sign_in("the admin").status, 303);
    client
}

fn folder(drill: &Drill) -> PathBuf {
    let mut folder = drill.database().into_os_string();
    folder.push("-copy");
    folder.into()
}

/// The sentence about the copy, once it has these words.
fn await_state(admin: &Client, words: &str) -> String {
    let state = || texts(&admin.get(PAGE).html(), "#copy").concat();
    eventually_or(
        || format!("no {words:?} in {:?}", state()),
        || Some(state()).filter(|text| text.contains(words)),
    )
}

fn facts(admin: &Client) -> Vec<String> {
    texts(&admin.get(PAGE).html(), "#copy_facts dd")
}

#[test]
fn an_admin_restores_a_copy_looks_at_it_and_deletes_it() {
    let drill = Drill::start();
    let server = drill.serve();
    let admin = admin(&drill, &server);
    assert_eq!(admin.post("/posts", &[("title", "Written a moment ago")]).status, 303);
    drill.await_verified();
    let own = open(&drill.database());
    // A table is missing for a moment: the errors are in a file of their own.
    own.execute_batch("ALTER TABLE descriptions RENAME TO missing").unwrap();
    assert_eq!(server.get("/posts/1").status, 500);
    own.execute_batch("ALTER TABLE missing RENAME TO descriptions").unwrap();
    let errors = drill.file("news-errors.sqlite3");
    eventually_or(|| "no file with errors".to_owned(), || errors.exists().then_some(()));

    assert_eq!(attributes(&admin.get(PAGE).html(), "#restore", "class"), ["button"]);
    assert_eq!(admin.post(COPY, &[]).status, 303);
    await_state(&admin, "it is whole");
    let count = |table: &str| number(&own, &format!("SELECT count(*) FROM {table}")).to_string();
    let facts = facts(&admin);
    let path = folder(&drill).join("news.sqlite3");
    assert!(facts[0].ends_with("-copy/news.sqlite3") && facts[1].contains(" ago"), "{facts:?}");
    assert_eq!(facts[2..5], [count("users"), count("posts"), count("comments")]);
    assert!(texts(&admin.get(PAGE).html(), "#command").concat().contains("--database '"));
    assert_eq!(admin.post(COPY, &[]).status, 409);
    for object in drill.store.objects() {
        assert!(!format!("{object:?}").contains("errors"), "{object:?}");
    }

    // It is a site.
    let mut copy = Program::serve(&path, &[]);
    assert!(copy.get("/posts").text().contains("Written a moment ago"));
    assert_eq!(admin.ask("DELETE", COPY, &[], &[]).status, 409);
    await_state(&admin, "it is whole");
    copy.signal("TERM");
    assert_eq!(copy.exit().code(), Some(0), "{}", copy.log());
    let restored = open(&path);
    assert_sound(&restored);
    assert_eq!(number(&restored, "SELECT count(*) FROM sqlite_schema WHERE name = 'error_groups'"), 0);
    drop(restored);

    for _ in 0..2 {
        assert_eq!(admin.ask("DELETE", COPY, &[], &[]).status, 303);
        assert!(!folder(&drill).exists());
    }
    assert!(texts(&admin.get(PAGE).html(), "#copy").is_empty());
    drill.await_verified();
}

#[test]
fn one_copy_is_restored_at_a_time_and_the_server_stops_meanwhile() {
    let drill = Drill::start();
    let mut server = drill.serve();
    let admin = admin(&drill, &server);
    processes::signal("STOP", &[drill.store.id()]);
    assert_eq!(admin.post(COPY, &[]).status, 303);
    await_state(&admin, "is being restored");
    assert_eq!(admin.post(COPY, &[]).status, 409);
    assert_eq!(admin.ask("DELETE", COPY, &[], &[]).status, 409);
    assert_eq!(admin.htmx("POST", COPY, &[]).status, 409);
    assert!(admin.get("/admin").text().contains("running for"));
    processes::signal("CONT", &[drill.store.id()]);
    await_state(&admin, "it is whole");
    assert_eq!(admin.ask("DELETE", COPY, &[], &[]).status, 303);

    processes::signal("STOP", &[drill.store.id()]);
    assert_eq!(admin.post(COPY, &[]).status, 303);
    await_state(&admin, "is being restored");
    server.signal("TERM");
    processes::signal("CONT", &[drill.store.id()]);
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    processes::await_none(drill.folder.path());
}

#[test]
fn a_copy_that_cannot_be_restored_says_why_and_a_copy_outlives_a_restart() {
    let mut drill = Drill::start();
    let mut server = drill.serve();
    let client = admin(&drill, &server);
    drill.store.restart_with("another");
    assert_eq!(client.post(COPY, &[]).status, 303);
    await_state(&client, "The last attempt failed");
    assert!(!folder(&drill).exists());
    eventually_or(
        || "it is not among the errors".to_owned(),
        || client.get("/admin/errors").text().contains("Copy to try").then_some(()),
    );
    drill.store.restart();
    drill.await_verified();
    assert_eq!(client.post(COPY, &[]).status, 303);
    await_state(&client, "it is whole");
    let before = facts(&client);
    server.signal("TERM");
    assert_eq!(server.exit().code(), Some(0), "{}", server.log());
    let server = drill.serve();
    let client = Client::at(server.address);
    assert_eq!(client.sign_in("the admin").status, 303);
    assert_eq!(facts(&client)[2..], before[2..]);
    assert_eq!(client.post(COPY, &[]).status, 409);
}

#[test]
fn what_the_threads_of_the_replica_log_is_among_the_errors() {
    let drill = Drill::start();
    let mut command = drill.serving();
    command.args(["--verify-every", "1s"]);
    let server = Program::start(command);
    let client = admin(&drill, &server);
    drill.await_verified();
    let text = eventually_or(
        || format!("no error of a verification\n{}", server.log()),
        || {
            drill.store.wipe();
            let text = client.get("/admin/errors").text().to_owned();
            text.contains("lorem_news::replica::watch").then_some(text)
        },
    );
    assert!(text.contains("the replica could not be restored"), "{text}");
}
