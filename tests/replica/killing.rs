//! Each of the three processes is killed or stopped under writes.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Child;

use crate::drill::{Drill, LITESTREAM};
use crate::harness::{Program, assert_sound, eventually, number, open};
use crate::load::Load;
use crate::processes;

#[test]
fn a_kill_of_any_of_the_three_processes_loses_no_write_and_leaves_no_process() {
    let drill = Drill::start();
    let mut server = drill.serve();
    let load = Load::start(server.address);
    load.await_acknowledged(100);

    // Litestream: the supervisor starts another.
    let first = drill.litestream();
    processes::signal("KILL", &[first.id]);
    eventually("another Litestream", || (drill.litestream().id != first.id).then_some(()));
    load.await_acknowledged(100);

    // The shim: its Litestream ends, and the supervisor starts another pair.
    let (shim, second) = (drill.shim(&server), drill.litestream());
    processes::signal("KILL", &[shim.id]);
    eventually("another shim", || (drill.shim(&server).id != shim.id).then_some(()));
    eventually("another Litestream", || (drill.litestream().id != second.id).then_some(()));
    eventually("no orphan", || (!processes::exists(second.id)).then_some(()));
    load.await_acknowledged(100);
    eventually("no zombie", || processes::zombies_of(server.id()).is_empty().then_some(()));

    // The server: Litestream makes a last copy, and both others end.
    server.kill();
    let written = load.end();
    processes::await_none(drill.folder.path());
    let database = open(&drill.database());
    written.assert_all_in(&database);
    assert_sound(&database);
    drop(database);
    written.assert_all_in(&drill.restored());

    let _server = drill.serve();
}

/// A script that runs Litestream and appends each signal that it receives to a file beside the database. Returns
/// the paths of the script and of that file.
fn recording_litestream(drill: &Drill) -> (PathBuf, PathBuf) {
    let (script, notes) = (drill.file("litestream-that-notes"), drill.file("signals"));
    fs::write(&notes, "").unwrap();
    let text = format!(
        "#!/bin/sh\n\
         [ \"$1\" = replicate ] || exec '{LITESTREAM}' \"$@\"\n\
         for signal in TERM INT HUP QUIT; do trap \"echo $signal >>'{notes}'; kill -$signal \\$child\" $signal; done\n\
         '{LITESTREAM}' \"$@\" &\n\
         child=$!\n\
         until wait $child; [ $? -lt 128 ] || ! kill -0 $child 2>/dev/null; do :; done\n",
        notes = notes.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    (script, notes)
}

/// A server whose Litestream records its signals, in its own process group like a command in a terminal.
fn serve_recording(drill: &Drill) -> (Program, PathBuf) {
    let (script, notes) = recording_litestream(drill);
    let mut command = drill.serving();
    command.env("LITESTREAM_BIN", script).process_group(0);
    let program = Program::start(command);
    drill.await_verified();
    (program, notes)
}

#[test]
fn litestream_receives_exactly_one_stop_signal() {
    // SIGTERM to the server, and Ctrl-C in a terminal.
    for how in ["TERM", "INT"] {
        let drill = Drill::start();
        let (mut server, notes) = serve_recording(&drill);
        let load = Load::start(server.address);
        load.await_acknowledged(100);
        match how {
            // A terminal signals the whole process group.
            "INT" => processes::signal_group("INT", server.id()),
            _ => server.signal(how),
        }
        assert_eq!(server.exit().code(), Some(0), "{how}: {}", server.log());
        let written = load.end();
        processes::await_none(drill.folder.path());
        assert_eq!(fs::read_to_string(&notes).unwrap(), "TERM\n", "{how}");
        written.assert_all_in(&drill.restored());
    }
}

/// Starts `replicate`, and waits until the replica is complete.
fn replicate(drill: &Drill) -> Child {
    let replicate = drill.command(&["replicate"]).spawn().unwrap();
    drill.await_verified();
    replicate
}

fn stop(mut replicate: Child) {
    processes::signal("TERM", &[replicate.id()]);
    let status = eventually("replicate ends", || replicate.try_wait().unwrap());
    assert!(status.success(), "{status}");
}

#[test]
fn replicate_without_a_server_stops_cleanly() {
    let drill = Drill::start();
    let server = Program::serve(&drill.database(), &[]);
    let replicate = replicate(&drill);
    assert_eq!(server.post("/benchmarking/post_create").status, 200);
    stop(replicate);
    drop(server);
    processes::await_none(drill.folder.path());
    assert_eq!(number(&drill.restored(), "SELECT count(*) FROM sessions"), 1);
}

/// The checkpoint sequence number in the header of the WAL, which SQLite changes each time that it restarts the WAL.
fn wal_sequence(drill: &Drill) -> [u8; 4] {
    let mut head = [0; 16];
    let read = fs::File::open(drill.wal()).and_then(|mut file| file.read_exact(&mut head));
    read.map_or([0; 4], |()| head[12..].try_into().unwrap())
}

#[test]
fn a_litestream_that_returns_after_a_pause_misses_no_write() {
    let drill = Drill::start();
    let server = Program::serve(&drill.database(), &[]);
    let write = || assert_eq!(server.post("/benchmarking/post_create").status, 200);
    let first = replicate(&drill);
    (0..50).for_each(|_| write());
    stop(first);
    // Without Litestream the server checkpoints and restarts the WAL. Commits that Litestream has not seen are only
    // in the database then, and old frames follow the new ones in the WAL.
    let before = wal_sequence(&drill);
    eventually("another WAL", || {
        write();
        (wal_sequence(&drill) != before).then_some(())
    });
    let second = replicate(&drill);
    assert_sound(&drill.restored());
    stop(second);
}
