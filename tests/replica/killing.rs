//! Each of the three processes is killed, and told to stop, while people write.

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
fn whichever_of_the_three_is_killed_nothing_is_lost_and_nobody_is_left() {
    let drill = Drill::start();
    let mut server = drill.serve();
    let load = Load::start(server.address);
    load.await_answers(100);

    // Litestream: another one takes its place.
    let first = drill.litestream();
    processes::signal("KILL", &[first.id]);
    eventually("another Litestream", || (drill.litestream().id != first.id).then_some(()));
    load.await_answers(100);

    // The go-between: the Litestream that it leaves behind ends, and another pair comes.
    let (go_between, second) = (drill.go_between(&server), drill.litestream());
    processes::signal("KILL", &[go_between.id]);
    eventually("another go-between", || (drill.go_between(&server).id != go_between.id).then_some(()));
    eventually("another Litestream", || (drill.litestream().id != second.id).then_some(()));
    eventually("no orphan", || (!processes::exists(second.id)).then_some(()));
    load.await_answers(100);
    eventually("no zombie", || processes::zombies_of(server.id()).is_empty().then_some(()));

    // The server: the others end by themselves, after a last copy.
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

/// A Litestream that notes each signal it gets, in a file beside the database.
fn noting_signals(drill: &Drill) -> (PathBuf, PathBuf) {
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

/// A server whose Litestream notes its signals, in a process group of its own as a terminal's command is.
fn serve_noting(drill: &Drill) -> (Program, PathBuf) {
    let (script, notes) = noting_signals(drill);
    let mut command = drill.serving();
    command.env("LITESTREAM_BIN", script).process_group(0);
    let program = Program::start(command);
    drill.await_verified();
    (program, notes)
}

#[test]
fn litestream_is_asked_to_stop_exactly_once() {
    // By whom the server is stopped: with SIGTERM, and by Ctrl-C in a terminal.
    for how in ["TERM", "INT"] {
        let drill = Drill::start();
        let (mut server, notes) = serve_noting(&drill);
        let load = Load::start(server.address);
        load.await_answers(100);
        match how {
            // The terminal sends it to everybody in the group.
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

/// Litestream alone, once everything is in the store.
fn replicate(drill: &Drill) -> Child {
    let replicate = drill.command(&["replicate"]).spawn().unwrap();
    drill.await_verified();
    replicate
}

fn stop(mut replicate: Child) {
    processes::signal("TERM", &[replicate.id()]);
    let status = eventually("it ends", || replicate.try_wait().unwrap());
    assert!(status.success(), "{status}");
}

#[test]
fn a_litestream_alone_stops_as_cleanly() {
    let drill = Drill::start();
    let server = Program::serve(&drill.database(), &[]);
    let replicate = replicate(&drill);
    assert_eq!(server.post("/benchmarking/post_create").status, 200);
    stop(replicate);
    drop(server);
    processes::await_none(drill.folder.path());
    assert_eq!(number(&drill.restored(), "SELECT count(*) FROM sessions"), 1);
}

/// Which WAL it is: SQLite writes another number into its head each time that it begins it anew.
fn wal_of(drill: &Drill) -> [u8; 4] {
    let mut head = [0; 16];
    let read = fs::File::open(drill.wal()).and_then(|mut file| file.read_exact(&mut head));
    read.map_or([0; 4], |()| head[12..].try_into().unwrap())
}

#[test]
fn a_litestream_that_was_away_misses_nothing() {
    let drill = Drill::start();
    let server = Program::serve(&drill.database(), &[]);
    let write = || assert_eq!(server.post("/benchmarking/post_create").status, 200);
    let first = replicate(&drill);
    (0..50).for_each(|_| write());
    stop(first);
    // While it is away the server copies the WAL by itself and begins it anew: what Litestream has not seen is
    // in the database alone, and behind the little that the new WAL has stands the old one still.
    let before = wal_of(&drill);
    eventually("another WAL", || {
        write();
        (wal_of(&drill) != before).then_some(())
    });
    let second = replicate(&drill);
    assert_sound(&drill.restored());
    stop(second);
}
