//! Clients who write as fast as they are answered, and what was answered.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use crate::harness::{Answer, Program, Raw, eventually, ids, number};

/// Clients who write and write, each on one connection, until they are told to stop or the server is gone.
pub struct Writers {
    clients: Vec<JoinHandle<Vec<i64>>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    answered: AtomicUsize,
    refused: AtomicUsize,
    over: AtomicBool,
}

impl Writers {
    /// They send post after post.
    pub fn start(address: SocketAddr, clients: usize) -> Writers {
        Writers::calling(&["post_create"], address, clients)
    }

    /// They call these endpoints in turn.
    pub fn calling(endpoints: &'static [&'static str], address: SocketAddr, clients: usize) -> Writers {
        let counts = Arc::<Counts>::default();
        let clients = (0..clients)
            .map(|_| {
                let (raw, counts) = (Raw::connect(address), Arc::clone(&counts));
                thread::spawn(move || write_on(raw, endpoints, address, &counts))
            })
            .collect();
        Writers { clients, counts }
    }

    /// Waits until so many more were answered with success.
    pub fn await_answers(&self, more: usize) {
        await_more(&self.counts.answered, more);
    }

    /// Waits until so many more were refused.
    pub fn await_refusals(&self, more: usize) {
        await_more(&self.counts.refused, more);
    }

    /// Waits until each client has had the answer to its last write, or has noticed that the server is
    /// gone: the sessions of which they were told that they are there.
    pub fn end(self) -> Written {
        self.counts.over.store(true, Ordering::SeqCst);
        let mut told = BTreeSet::new();
        for id in self.clients.into_iter().flat_map(|client| client.join().expect("a client")) {
            assert!(told.insert(id), "{id} was given twice");
        }
        Written { told, refused: self.counts.refused.load(Ordering::SeqCst) }
    }
}

/// What came of it.
pub struct Written {
    /// The sessions that were made, as the answers say.
    pub told: BTreeSet<i64>,
    /// How many writes were refused.
    pub refused: usize,
}

fn await_more(count: &AtomicUsize, more: usize) {
    let enough = count.load(Ordering::SeqCst) + more;
    let why = format!("{more} more are answered");
    eventually(&why, || (count.load(Ordering::SeqCst) >= enough).then_some(()));
}

fn write_on(mut raw: Raw, endpoints: &[&str], host: SocketAddr, counts: &Counts) -> Vec<i64> {
    let mut requests = endpoints
        .iter()
        .map(|endpoint| format!("POST /benchmarking/{endpoint} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
        .cycle();
    let mut told = Vec::new();
    while !counts.over.load(Ordering::SeqCst)
        && raw.try_send(requests.next().expect("it has no end")).is_ok()
        && let Ok(answer) = raw.try_answer()
    {
        if answer.status == 200 {
            told.push(answer.session_id());
            counts.answered.fetch_add(1, Ordering::SeqCst);
        } else {
            assert_refused(&answer);
            counts.refused.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(5)); // As anybody would, before they try again.
        }
    }
    told
}

/// Writes one post; the session of the answer, which must be a success.
pub fn write(program: &Program) -> i64 {
    let answer = program.post("/benchmarking/post_create");
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), program.log());
    answer.session_id()
}

/// The ids of all sessions, of which each write makes one.
pub fn sessions(connection: &Connection) -> BTreeSet<i64> {
    ids(connection, "SELECT id FROM sessions").into_iter().collect()
}

/// Panics unless all that was answered is there, and for each session one post more than there were
/// `before`. Gives all sessions that are there.
pub fn assert_kept(connection: &Connection, told: &BTreeSet<i64>, before: usize) -> BTreeSet<i64> {
    let kept = sessions(connection);
    let lost: Vec<_> = told.difference(&kept).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
    assert_eq!(number(connection, "SELECT count(*) FROM posts"), (before + kept.len()) as i64);
    kept
}

/// Panics unless it says that nothing was changed, and when to come again.
pub fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    assert!(answer.text().contains("Nothing was changed."), "{}", answer.text());
    assert_eq!(answer.header("Set-Cookie"), None);
}

/// Panics unless people can read.
pub fn assert_reads(program: &Program) {
    for path in ["/", "/posts", "/posts/1", "/users/1", "/up"] {
        let answer = program.get(path);
        assert_eq!(answer.status, 200, "{path}: {}\n{}", answer.text(), program.log());
    }
}

/// Stops the program as an operator does, which must go well.
pub fn stop(program: &mut Program) {
    program.signal("TERM");
    assert_eq!(program.exit().code(), Some(0), "{}", program.log());
}
