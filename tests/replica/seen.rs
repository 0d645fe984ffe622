//! The server reports a broken replica by itself: on `/up`, on `/status` and in the log.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::drill::Drill;
use crate::harness::{Program, ask, eventually};
use crate::processes;

/// The server promises a report within a minute, and checks every few seconds.
const REPORT_TIMEOUT: Duration = Duration::from_secs(75);

/// The state of the replica on `/up`, which reports the site itself as up in every case.
fn replica(server: &Program) -> Value {
    let answer = ask(server.address, "GET", "/up", &[("Accept", "application/json")]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body: Value = serde_json::from_str(answer.text()).unwrap();
    assert_eq!(body["ok"], true, "{body}");
    body["replica"].clone()
}

/// Waits until `/up` reports the replica as `ok` or not, and writes meanwhile.
fn await_replica(server: &Program, ok: bool) -> Value {
    let began = Instant::now();
    loop {
        let state = replica(server);
        // Before the first copy there is no fault to report.
        if state["ok"] == ok && !state["last_sync_age"].is_null() {
            return state;
        }
        assert!(began.elapsed() < REPORT_TIMEOUT, "{state}: ok is not {ok}\n{}", server.log());
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
fn a_store_that_is_down_is_reported_within_a_minute_and_until_it_is_back() {
    let mut drill = Drill::start();
    let server = serve(&drill, "off");
    await_replica(&server, true);
    drill.store.kill();
    let state = await_replica(&server, false);
    assert!(state["last_sync_age"].as_f64().unwrap() >= 30.0, "{state}");
    server.await_log("ERROR");
    assert_eq!(server.get("/status").status, 200);
    drill.store.restart();
    await_replica(&server, true);
}

#[test]
fn a_stopped_litestream_is_reported_within_a_minute() {
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
fn the_server_detects_a_wiped_bucket_and_fills_it_again() {
    let drill = Drill::start();
    let server = serve(&drill, "2s");
    let state = await_replica(&server, true);
    assert!(state["last_sync_age"].as_f64().unwrap() < 30.0, "{state}");
    eventually("the wiped bucket is reported", || {
        drill.store.wipe();
        (replica(&server)["ok"] == false).then_some(())
    });
    server.await_log("ERROR");
    // The server restarts Litestream from nothing, which copies the whole database.
    let state = await_replica(&server, true);
    state["last_verified"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
}

#[test]
fn without_a_replica_up_reports_none_and_status_says_no_backup() {
    let drill = Drill::start();
    let server = Program::serve(&drill.database(), &[]);
    assert!(replica(&server).is_null());
    assert!(server.get("/status").text().contains("no backup"));
}
