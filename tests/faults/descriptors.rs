//! No file descriptors are left.

use std::fs;

use rlimit::{Resource, prlimit};

use crate::harness::{Program, Raw, assert_sound, eventually, folder, open, seeded};
use crate::writers::{assert_reads, write};

/// From now on the program can have no more of it than this, and no more than before.
fn limit(program: &Program, resource: Resource, soft: u64) {
    let (mut before, mut hard) = (0, 0);
    let id = i32::try_from(program.id()).unwrap();
    prlimit(id, resource, None, Some((&mut before, &mut hard))).expect("it is ours");
    prlimit(id, resource, Some((soft.min(hard), hard)), None).expect("it is ours");
}

/// The lowest number that is free: descriptors are given in this order.
fn descriptors(program: &Program) -> u64 {
    let open = fs::read_dir(format!("/proc/{}/fd", program.id())).expect("it is running");
    let open = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let open: std::collections::BTreeSet<u64> = open.collect();
    (0..).find(|number| !open.contains(number)).expect("there are not so many")
}

/// How many connections it has, the listener and its own pairs among them.
fn sockets(program: &Program) -> usize {
    let open = fs::read_dir(format!("/proc/{}/fd", program.id())).expect("it is running");
    let is_socket = |path: std::path::PathBuf| path.to_string_lossy().starts_with("socket:");
    open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter(|path| is_socket(path.clone()))
        .count()
}

#[test]
fn without_descriptors_the_idle_make_room_and_nothing_fails_that_has_begun() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let before = sockets(&program);
    // Each with all connections to the database that there are, which have their files from then on.
    for _ in 0..10 {
        assert_reads(&program);
    }
    // Who is on their way out would leave descriptors that nobody counts on.
    eventually("all have left", || (sockets(&program) == before).then_some(()));
    let idle: Vec<Raw> = (0..20).map(|_| Raw::connect(program.address)).collect();
    let mut kept = Raw::connect(program.address);
    let mut served = |path: &str, method: &str| {
        kept.ask(method, path, &[]);
        let answer = kept.try_answer().unwrap_or_else(|error| panic!("{path}: {error}\n{}", program.log()));
        assert_eq!(answer.status, 200, "{path}: {}\n{}", answer.text(), program.log());
    };
    served("/", "GET");
    limit(&program, Resource::NOFILE, descriptors(&program));
    // Whatever these need, sorting and writing, it is no file.
    for path in
        ["/", "/best", "/search?q=a+e", "/search?q=a&order=date", "/posts/1", "/users/1", "/posts.atom"]
    {
        served(path, "GET");
    }
    // No post goes: it might be the first, which is read below.
    for path in ["post_create", "comment_create", "comment_destroy", "posts_index"] {
        served(&format!("/benchmarking/{path}"), "POST");
    }
    // A newcomer gets the place of who has waited longest.
    assert_reads(&program);
    program.await_log("accept: Too many open files");
    drop(idle);
    assert_sound(&open(&database));
}

#[test]
fn who_came_while_no_descriptor_was_left_is_served_when_there_is_one() {
    let (_folder, database) = folder();
    seeded(&database, 10);
    let program = Program::serve(&database, &[]);
    let before = sockets(&program);
    assert_reads(&program);
    eventually("all have left", || (sockets(&program) == before).then_some(()));
    // Nobody is there who could make room. For one the system has put a descriptor by.
    let few = descriptors(&program);
    limit(&program, Resource::NOFILE, few);
    let mut newcomers: Vec<Raw> = (0..5).map(|_| Raw::connect(program.address)).collect();
    newcomers.iter_mut().for_each(|raw| raw.ask("GET", "/", &[]));
    program.await_log("accept: Too many open files");
    limit(&program, Resource::NOFILE, few + 100);
    for raw in &mut newcomers {
        assert_eq!(raw.answer().status, 200);
    }
    write(&program);
    assert_reads(&program);
}
