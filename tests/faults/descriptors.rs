//! The server has no free file descriptor.

use std::fs;

use rlimit::{Resource, prlimit};

use crate::harness::{Program, Raw, assert_sound, eventually, folder, open, seeded};
use crate::writers::{assert_reads, write};

/// Limits a resource of the program, to no more than its hard limit.
fn limit(program: &Program, resource: Resource, soft: u64) {
    let (mut before, mut hard) = (0, 0);
    let id = i32::try_from(program.id()).unwrap();
    prlimit(id, resource, None, Some((&mut before, &mut hard))).expect("the process belongs to this user");
    prlimit(id, resource, Some((soft.min(hard), hard)), None).expect("the process belongs to this user");
}

/// The lowest free descriptor, which the system assigns next.
fn descriptors(program: &Program) -> u64 {
    let open = fs::read_dir(format!("/proc/{}/fd", program.id())).expect("the process runs");
    let open = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let open: std::collections::BTreeSet<u64> = open.collect();
    (0..).find(|number| !open.contains(number)).expect("a free number")
}

/// The number of its sockets, including the listener and its own socket pairs.
fn sockets(program: &Program) -> usize {
    let open = fs::read_dir(format!("/proc/{}/fd", program.id())).expect("the process runs");
    let is_socket = |path: std::path::PathBuf| path.to_string_lossy().starts_with("socket:");
    open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter(|path| is_socket(path.clone()))
        .count()
}

#[test]
fn without_free_descriptors_idle_connections_are_closed_and_requests_succeed() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let before = sockets(&program);
    // These open all connections to the database, which keep their descriptors.
    for _ in 0..10 {
        assert_reads(&program);
    }
    // A connection that closes later would free a descriptor.
    eventually("all connections are closed", || (sockets(&program) == before).then_some(()));
    let idle: Vec<Raw> = (0..20).map(|_| Raw::connect(program.address)).collect();
    let mut kept = Raw::connect(program.address);
    let mut served = |path: &str, method: &str| {
        kept.ask(method, path, &[]);
        let answer = kept.try_answer().unwrap_or_else(|error| panic!("{path}: {error}\n{}", program.log()));
        assert_eq!(answer.status, 200, "{path}: {}\n{}", answer.text(), program.log());
    };
    served("/", "GET");
    limit(&program, Resource::NOFILE, descriptors(&program));
    // Sorting and writing need no further file.
    for path in
        ["/", "/best", "/search?q=a+e", "/search?q=a&order=date", "/posts/1", "/users/1", "/posts.atom"]
    {
        served(path, "GET");
    }
    // No endpoint here deletes a post: it could be post 1, which is read below.
    for path in ["post_create", "comment_create", "comment_destroy", "posts_index"] {
        served(&format!("/benchmarking/{path}"), "POST");
    }
    // A new connection replaces the one that has been idle longest.
    assert_reads(&program);
    program.await_log("accept: Too many open files");
    drop(idle);
    assert_sound(&open(&database));
}

#[test]
fn connections_that_arrive_without_a_free_descriptor_are_served_later() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let before = sockets(&program);
    assert_reads(&program);
    eventually("all connections are closed", || (sockets(&program) == before).then_some(()));
    // No connection is idle, so none can be closed. The system holds one descriptor for the next.
    let few = descriptors(&program);
    limit(&program, Resource::NOFILE, few);
    let mut arrivals: Vec<Raw> = (0..5).map(|_| Raw::connect(program.address)).collect();
    arrivals.iter_mut().for_each(|raw| raw.ask("GET", "/", &[]));
    program.await_log("accept: Too many open files");
    limit(&program, Resource::NOFILE, few + 100);
    for raw in &mut arrivals {
        assert_eq!(raw.answer().status, 200);
    }
    write(&program);
    assert_reads(&program);
}
