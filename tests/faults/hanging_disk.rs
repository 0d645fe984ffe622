//! A disk that does not answer: the writer waits for it, and whoever wants to write queues up.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use crate::harness::{Answer, Program, Raw, assert_sound, eventually, folder, open, seeded};
use crate::strace::Strace;
use crate::writers::{assert_kept, assert_reads, assert_refused};

/// More than the writer's queue holds and than it takes into one transaction.
const CLIENTS: usize = 4096 + 128 + 100;

#[test]
fn while_the_disk_hangs_the_queue_is_bounded_and_people_read() {
    // The server inherits it. Beside the clients each has a few files.
    let files = rlimit::increase_nofile_limit(16_384).expect("a limit can be set");
    assert!(files > CLIENTS as u64 + 200, "{files} open files are too few: see ulimit -Hn");
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &["--max-connections", "6000"]);
    let mut waiting = Vec::new();
    while waiting.len() < CLIENTS {
        waiting.push(Raw::connect(program.address));
        // Not more at once than the system holds for the server.
        if waiting.len() % 250 == 0 {
            eventually("they have come in", || (threads(&program) > waiting.len()).then_some(()));
        }
    }
    let strace = Strace::hanging(&program);
    waiting.iter_mut().for_each(|raw| raw.ask("POST", "/benchmarking/post_create", &[]));
    // Nobody is told that it is done, and who comes too late is told at once.
    let mut refused = 0;
    eventually("the queue is full", || {
        waiting.retain_mut(|raw| match answer_by_now(raw) {
            Some(answer) => {
                assert_refused(&answer);
                refused += 1;
                false
            }
            None => true,
        });
        (refused >= 100).then_some(())
    });
    assert!(refused < CLIENTS - 4000, "only {} may wait", waiting.len());
    assert_reads(&program);
    assert_refused(&program.post("/benchmarking/post_create"));
    strace.end();
    // Some had not come so far when it was full. Nobody waits for the last.
    let mut told = BTreeSet::new();
    for raw in &mut waiting {
        let answer = raw.answer();
        if answer.status == 200 {
            told.insert(answer.session_id());
        } else {
            assert_refused(&answer);
        }
        if told.len() == 500 {
            break;
        }
    }
    assert_eq!(told.len(), 500, "too few were queued");
    program.kill();
    let connection = open(&database);
    assert_kept(&connection, &told, 10);
    assert_sound(&connection);
}

/// How many threads it has.
fn threads(program: &Program) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", program.id())).expect("it is running").count()
}

/// `None`: nothing has come yet.
fn answer_by_now(raw: &mut Raw) -> Option<Answer> {
    raw.stream.set_nonblocking(true).expect("an option can be set");
    let has_come = match raw.stream.peek(&mut [0]) {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => panic!("{error}"),
    };
    raw.stream.set_nonblocking(false).expect("an option can be set");
    has_come.then(|| raw.answer())
}
