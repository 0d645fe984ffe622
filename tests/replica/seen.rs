//! What is wrong with the replica is seen without asking for a verification: on `/up`, on `/status` and in
//! the log.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::drill::Drill;
use crate::harness::{Program, ask, eventually};
use crate::processes;

/// It is promised within a minute, and looked at every few seconds.
const A_MINUTE: Duration = Duration::from_secs(75);

/// What `/up` says of the replica. The site itself is up, whatever it is.
fn replica(server: &Program) -> Value {
    let answer = ask(server.address, "GET", "/up", &[("Accept", "application/json")]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body: Value = serde_json::from_str(answer.text()).unwrap();
    assert_eq!(body["ok"], true, "{body}");
    body["replica"].clone()
}

/// Waits until it is good, or until it is not, while somebody writes now and then.
fn await_replica(server: &Program, ok: bool) -> Value {
    let began = Instant::now();
    loop {
        let said = replica(server);
        // As long as nothing has been copied yet nothing is wrong either.
        if said["ok"] == ok && !said["last_sync_age"].is_null() {
            return said;
        }
        assert!(began.elapsed() < A_MINUTE, "{said} is not {ok}\n{}", server.log());
        assert_eq!(server.post("/benchmarking/post_create").status, 200);
        thread::sleep(Duration::from_millis(50));
    }
}

fn serve(drill: &Drill, verify_every: &str) -> Program {
    let mut command = drill.serving();
    command.args(["--verify-every", verify_every]);
    Program::start(command)
}

#[test]
fn a_store_that_is_down_is_seen_within_a_minute_and_until_it_is_back() {
    let mut drill = Drill::start();
    let server = serve(&drill, "off");
    await_replica(&server, true);
    drill.store.kill();
    let said = await_replica(&server, false);
    assert!(said["last_sync_age"].as_f64().unwrap() >= 30.0, "{said}");
    server.await_log("ERROR");
    assert_eq!(server.get("/status").status, 200);
    drill.store.restart();
    await_replica(&server, true);
}

#[test]
fn a_litestream_that_stands_still_is_seen_within_a_minute() {
    let drill = Drill::start();
    let server = serve(&drill, "off");
    await_replica(&server, true);
    let litestream = drill.litestream();
    processes::signal("STOP", &[litestream.id]);
    await_replica(&server, false);
    processes::signal("CONT", &[litestream.id]);
    await_replica(&server, true);
}

#[test]
fn the_server_finds_a_wiped_bucket_by_itself_and_fills_it_again() {
    let drill = Drill::start();
    let server = serve(&drill, "2s");
    let said = await_replica(&server, true);
    assert!(said["last_sync_age"].as_f64().unwrap() < 30.0, "{said}");
    eventually("it is seen", || {
        drill.store.wipe();
        (replica(&server)["ok"] == false).then_some(())
    });
    server.await_log("ERROR");
    // A Litestream that begins anew copies everything anew, and the server has it do so.
    let said = await_replica(&server, true);
    said["last_verified"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
}

#[test]
fn without_a_replica_there_is_nothing_to_say() {
    let drill = Drill::start();
    let server = Program::serve(&drill.database(), &[]);
    assert!(replica(&server).is_null());
    assert!(server.get("/status").text().contains("no backup"));
}
