//! A disk that hangs: the writer waits for its flush, and the queue of writes fills up.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::Instant;

use crate::harness::{Answer, Program, Raw, assert_sound, eventually, folder, open, seeded};
use crate::strace::Strace;
use crate::writers::{assert_kept, assert_reads, assert_refused};

/// 100 more than the writer's queue and one batch hold.
const CLIENTS: usize = 4096 + 128 + 100;

#[test]
fn while_the_disk_hangs_reads_succeed_and_the_write_queue_is_bounded() {
    // The server inherits the limit. Both processes need a few other files.
    let files = rlimit::increase_nofile_limit(16_384).expect("a limit can be set");
    assert!(files > CLIENTS as u64 + 200, "{files} open files are too few: see ulimit -Hn");
    let (_folder, database) = folder();
    seeded(&database, 10);
    let mut program = Program::serve(&database, &["--max-connections", "6000"]);
    let mut waiting = Vec::new();
    while waiting.len() < CLIENTS {
        waiting.push(Raw::connect(program.address));
        // No more at once than the listener's backlog holds.
        if waiting.len() % 250 == 0 {
            eventually("the connections are accepted", || (threads(&program) > waiting.len()).then_some(()));
        }
    }
    let strace = Strace::hanging(&program);
    let began = Instant::now();
    waiting.iter_mut().for_each(|raw| raw.ask("POST", "/benchmarking/post_create", &[]));
    // No write is acknowledged, and a write beyond the queue is refused at once.
    let mut refused = 0;
    eventually("the queue is full", || {
        waiting.retain_mut(|raw| match received_answer(raw) {
            Some(answer) => {
                assert_refused(&answer);
                refused += 1;
                false
            }
            None => true,
        });
        (refused >= 100).then_some(())
    });
    assert!(refused < CLIENTS - 4000, "only {} writes are queued", waiting.len());
    assert_reads(&program);
    assert_refused(&program.post("/benchmarking/post_create"));
    // The refusals are one line a second, at level warn.
    program.await_log(" times in a second)");
    let log = program.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("too many requests wait")).collect();
    assert!(lines.len() as u64 <= began.elapsed().as_secs() + 2, "{} lines", lines.len());
    assert!(lines.iter().all(|line| line.contains(" WARN ")), "{lines:?}");
    strace.end();
    // Some requests had not reached the queue when it was full, so they may be refused. 500 writes are enough.
    let mut acknowledged = BTreeSet::new();
    for raw in &mut waiting {
        let answer = raw.answer();
        if answer.status == 200 {
            acknowledged.insert(answer.session_id());
        } else {
            assert_refused(&answer);
        }
        if acknowledged.len() == 500 {
            break;
        }
    }
    assert_eq!(acknowledged.len(), 500, "too few writes were queued");
    program.kill();
    let connection = open(&database);
    assert_kept(&connection, &acknowledged, 10);
    assert_sound(&connection);
}

/// The number of its threads.
fn threads(program: &Program) -> usize {
    std::fs::read_dir(format!("/proc/{}/task", program.id())).expect("the process runs").count()
}

/// The response, if its first byte has arrived.
fn received_answer(raw: &mut Raw) -> Option<Answer> {
    raw.stream.set_nonblocking(true).expect("an option can be set");
    let has_arrived = match raw.stream.peek(&mut [0]) {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => panic!("{error}"),
    };
    raw.stream.set_nonblocking(false).expect("an option can be set");
    has_arrived.then(|| raw.answer())
}
