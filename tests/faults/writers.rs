//! Clients that write without a pause, and the results of their writes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use crate::harness::{Answer, Program, Raw, eventually, ids, number};

/// Clients that write, each on one connection, until [`Writers::end`] or the end of the server.
pub struct Writers {
    clients: Vec<JoinHandle<Vec<i64>>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
    over: AtomicBool,
}

impl Writers {
    /// Starts clients that create posts.
    pub fn start(address: SocketAddr, clients: usize) -> Writers {
        Writers::calling(&["post_create"], address, clients)
    }

    /// Starts clients that call these endpoints in turn.
    pub fn calling(endpoints: &'static [&'static str], address: SocketAddr, clients: usize) -> Writers {
        let counts = Arc::<Counts>::default();
        let clients = (0..clients)
            .map(|_| {
                let (raw, counts) = (Raw::connect(address), Arc::clone(&counts));
                thread::spawn(move || write_until_over(raw, endpoints, address, &counts))
            })
            .collect();
        Writers { clients, counts }
    }

    /// Waits until `more` further writes are acknowledged.
    pub fn await_acknowledged(&self, more: usize) {
        await_more(&self.counts.acknowledged, more);
    }

    /// Waits until `more` further writes are refused.
    pub fn await_refusals(&self, more: usize) {
        await_more(&self.counts.refused, more);
    }

    /// Waits until each client has received the response to its last write, or found the server gone.
    pub fn end(self) -> WriteResults {
        self.counts.over.store(true, Ordering::SeqCst);
        let mut acknowledged = BTreeSet::new();
        for id in self.clients.into_iter().flat_map(|client| client.join().expect("a client")) {
            assert!(acknowledged.insert(id), "session id {id} was assigned twice");
        }
        WriteResults { acknowledged, refused: self.counts.refused.load(Ordering::SeqCst) }
    }
}

/// The results of the writes.
pub struct WriteResults {
    /// The ids of the sessions that the successful responses name.
    pub acknowledged: BTreeSet<i64>,
    /// The number of refused writes.
    pub refused: usize,
}

fn await_more(count: &AtomicUsize, more: usize) {
    let enough = count.load(Ordering::SeqCst) + more;
    let what = format!("{more} more responses");
    eventually(&what, || (count.load(Ordering::SeqCst) >= enough).then_some(()));
}

fn write_until_over(mut raw: Raw, endpoints: &[&str], host: SocketAddr, counts: &Counts) -> Vec<i64> {
    let mut requests = endpoints
        .iter()
        .map(|endpoint| format!("POST /benchmarking/{endpoint} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
        .cycle();
    let mut acknowledged = Vec::new();
    while !counts.over.load(Ordering::SeqCst)
        && raw.try_send(requests.next().expect("the requests repeat")).is_ok()
        && let Ok(answer) = raw.try_answer()
    {
        if answer.status == 200 {
            acknowledged.push(answer.session_id());
            counts.acknowledged.fetch_add(1, Ordering::SeqCst);
        } else {
            assert_refused(&answer);
            counts.refused.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(5)); // A refused client pauses before it retries.
        }
    }
    acknowledged
}

/// Writes one post, which must succeed. Returns the id of the session that the write has created.
pub fn write(program: &Program) -> i64 {
    let answer = program.post("/benchmarking/post_create");
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), program.log());
    answer.session_id()
}

/// The ids of all sessions. Each write creates one.
pub fn sessions(connection: &Connection) -> BTreeSet<i64> {
    ids(connection, "SELECT id FROM sessions").into_iter().collect()
}

/// Panics unless the database has every acknowledged write, and for each session one post besides the first
/// `before`. Returns the ids of all sessions.
pub fn assert_kept(connection: &Connection, acknowledged: &BTreeSet<i64>, before: usize) -> BTreeSet<i64> {
    let kept = sessions(connection);
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert_eq!(number(connection, "SELECT count(*) FROM posts"), (before + kept.len()) as i64);
    kept
}

/// Panics unless the response is 503, with `Retry-After` and the message that nothing was changed.
pub fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    assert!(answer.text().contains("Nothing was changed."), "{}", answer.text());
    assert_eq!(answer.header("Set-Cookie"), None);
}

/// Panics unless every kind of page can be read.
pub fn assert_reads(program: &Program) {
    for path in ["/", "/posts", "/posts/1", "/users/1", "/up"] {
        let answer = program.get(path);
        assert_eq!(answer.status, 200, "{path}: {}\n{}", answer.text(), program.log());
    }
}

/// Stops the program by SIGTERM, which must succeed.
pub fn stop(program: &mut Program) {
    program.signal("TERM");
    assert_eq!(program.exit().code(), Some(0), "{}", program.log());
}
