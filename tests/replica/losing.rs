//! The database is lost and restored.

use std::time::Instant;

use rusqlite::Connection;

use crate::client::Client;
use crate::drill::Drill;
use crate::harness::{Program, assert_sound, number, open};
use crate::load::{Load, Written};
use crate::processes;

/// A kill of all processes at once.
struct Disaster {
    at: Instant,
    written: Written,
    /// The beginning of a verification under the same load: what was acknowledged before is in the replica.
    verified: Instant,
}

/// Kills all processes of the site and its store at once under load, and restarts the store.
fn kill_everything(drill: &mut Drill, server: &mut Program) -> Disaster {
    let ids = [server.id(), drill.shim(server).id, drill.litestream().id, drill.store.id()];
    let load = Load::start(server.address);
    load.await_acknowledged(300);
    let verified = Instant::now();
    drill.run(&["verify"]).assert_success();
    load.await_acknowledged(300);
    let at = Instant::now();
    processes::signal("KILL", &ids);
    server.kill();
    let written = load.end();
    processes::await_none(drill.folder.path());
    drill.store.restart();
    Disaster { at, written, verified }
}

impl Disaster {
    /// Panics when a write from before the verification is lost. (How much of the rest is lost depends on the speed of
    /// the machine: docs/resilience.md.)
    fn assert_little_is_lost(&self, database: &Connection) {
        let lost = self.written.assert_lost_only_after(self.verified, self.at, database);
        println!("lost: the last {lost:.0?}, verified {:.0?} before", self.at - self.verified);
        assert_sound(database);
    }
}

#[test]
fn a_loss_of_server_and_disk_loses_nothing_from_before_a_verification() {
    let mut drill = Drill::start();
    let mut server = drill.serve();
    let disaster = kill_everything(&mut drill, &mut server);

    drill.lose_database();
    let output = drill.run(&["restore"]).assert_success();
    println!("{output}");
    let database = open(&drill.database());
    disaster.assert_little_is_lost(&database);
    let kept = number(&database, "SELECT count(*) FROM sessions");
    drop(database);

    // The restored database is replicated with new writes, and a new machine restores it at its start.
    let mut server = drill.serve();
    let disaster = kill_everything(&mut drill, &mut server);
    drill.lose_folder();
    let server = drill.serve();
    let database = open(&drill.database());
    disaster.assert_little_is_lost(&database);
    assert!(
        number(&database, "SELECT count(*) FROM sessions") >= kept,
        "writes from before the first loss are lost"
    );
    assert_eq!(server.post("/benchmarking/post_create").status, 200);
}

#[test]
fn a_clean_stop_under_load_loses_no_write() {
    let drill = Drill::start();
    for _ in 0..2 {
        let mut server = drill.serve();
        let load = Load::start(server.address);
        load.await_acknowledged(300);
        server.signal("TERM");
        assert_eq!(server.exit().code(), Some(0), "{}", server.log());
        let written = load.end();
        processes::await_none(drill.folder.path());
        let restored = drill.restored();
        written.assert_all_in(&restored);
        assert_sound(&restored);
        assert_same(&open(&drill.database()), &restored);
    }
}

/// Panics unless both databases hold the same rows, except for those of SQLite's planner and of Litestream.
fn assert_same(one: &Connection, other: &Connection) {
    let dump = |connection: &Connection| -> Vec<(String, String)> {
        let mut tables = connection
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 \
                 AND name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' AND name NOT LIKE '\\_litestream%' ESCAPE '\\' \
                 ORDER BY name",
            )
            .unwrap();
        let names = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
        names.map(|name| name.unwrap()).map(|name| (name.clone(), rows(connection, &name))).collect()
    };
    for ((name, one), (other_name, other)) in dump(one).into_iter().zip(dump(other)) {
        assert_eq!(name, other_name);
        assert!(one == other, "{name} differs");
    }
}

/// All rows of a table, as text.
fn rows(connection: &Connection, table: &str) -> String {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY 1")).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut text = String::new();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            text.push_str(&format!("{:?}|", row.get_ref(column).unwrap()));
        }
        text.push('\n');
    }
    text
}

#[test]
fn a_restore_to_a_time_between_two_writes_has_the_first_only() {
    let drill = Drill::start();
    let server = drill.serve();
    let client = Client::at(server.address);
    assert_eq!(client.sign_up("before_it").status, 303);
    drill.run(&["verify"]).assert_success();
    let between = jiff::Timestamp::now().to_string();
    assert_eq!(Client::at(server.address).sign_up("after_it").status, 303);
    drill.run(&["verify"]).assert_success();

    let named = |database: &Connection, name: &str| {
        number(database, &format!("SELECT count(*) FROM users WHERE screen_name = '{name}'"))
    };
    let now = drill.restored();
    assert_eq!((named(&now, "before_it"), named(&now, "after_it")), (1, 1));
    let copy = drill.file("then.sqlite3");
    drill.run(&["restore", "--at", &between, "--to", crate::drill::text(&copy)]).assert_success();
    let then = open(&copy);
    assert_eq!((named(&then, "before_it"), named(&then, "after_it")), (1, 0));
    assert_sound(&then);

    let long_ago = drill.run(&["restore", "--at", "2001-01-01T00:00:00Z", "--to", "never.sqlite3"]);
    long_ago.assert_failure(&["2001", "no backup", "nothing", "before"]);
    assert!(!std::path::Path::new("never.sqlite3").exists());
}
