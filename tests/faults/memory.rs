//! The server has no memory for another thread.

use std::fs;

use rlimit::{Resource, prlimit};

use crate::harness::{Program, Raw, assert_sound, eventually, folder, open, seeded};
use crate::writers::{assert_reads, write};

/// Limits the address space of the program, in bytes.
fn limit(program: &Program, soft: u64) {
    let id = i32::try_from(program.id()).unwrap();
    prlimit(id, Resource::AS, Some((soft, u64::MAX)), None).expect("the process belongs to this user");
}

/// The size of its address space, in bytes.
fn address_space(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with("VmSize:")).expect("a line of /proc/PID/status");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number of KiB") * 1024
}

#[test]
fn without_memory_for_a_thread_a_new_connection_gets_503_and_open_ones_are_served() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    assert_reads(&program);
    // A new connection without a thread closes the one that has been idle longest.
    let idle: Vec<Raw> = (0..10).map(|_| Raw::connect(program.address)).collect();
    // These have their threads and the memory that they need.
    let mut kept: Vec<Raw> = (0..4).map(|_| Raw::connect(program.address)).collect();
    let serve = |raw: &mut Raw| {
        for (method, path) in [("GET", "/"), ("POST", "/benchmarking/post_create"), ("GET", "/posts/1")] {
            raw.ask(method, path, &[]);
            let answer =
                raw.try_answer().unwrap_or_else(|error| panic!("{path}: {error}\n{}", program.log()));
            assert_eq!(answer.status, 200, "{path}");
        }
    };
    kept.iter_mut().for_each(serve);
    // The rest is less than the stack of a thread.
    limit(&program, address_space(&program) + 900 * 1024);
    // The C library reuses the stacks of threads that have ended, so some new connections are served.
    let mut served: Vec<Raw> = Vec::new();
    let refused = eventually("a new connection is refused", || {
        let mut raw = Raw::connect(program.address);
        raw.try_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").ok()?;
        let answer = raw.try_answer().ok()?;
        if answer.status == 503 {
            return Some(answer);
        }
        served.push(raw);
        None
    });
    assert!(refused.header("Retry-After").is_some() && refused.closes());
    program.await_log("no thread for a connection");
    for _ in 0..5 {
        kept.iter_mut().for_each(serve);
    }
    drop((idle, served));
    limit(&program, u64::MAX);
    assert_reads(&program);
    write(&program);
    assert_sound(&open(&database));
}
