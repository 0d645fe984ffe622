//! Eight clients that write without a pause, and the results of their writes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::harness::{Raw, eventually, ids};

const CLIENTS: usize = 8;

/// Clients that write until the server closes their connections.
pub struct Load {
    clients: Vec<JoinHandle<Vec<Write>>>,
    count: Arc<AtomicUsize>,
}

/// The session of one acknowledged write. Session ids grow in the order of the writes.
#[derive(Debug, Clone, Copy)]
struct Write {
    session: i64,
    acknowledged: Instant,
}

/// The acknowledged writes.
pub struct Written(Vec<Write>);

impl Load {
    pub fn start(address: SocketAddr) -> Load {
        let count = Arc::new(AtomicUsize::new(0));
        let clients = (0..CLIENTS)
            .map(|_| {
                let count = Arc::clone(&count);
                thread::spawn(move || write(address, &count))
            })
            .collect();
        Load { clients, count }
    }

    /// Waits until `more` further writes are acknowledged.
    pub fn await_acknowledged(&self, more: usize) {
        let enough = self.count.load(Ordering::SeqCst) + more;
        eventually("writes are acknowledged", || (self.count.load(Ordering::SeqCst) >= enough).then_some(()));
    }

    /// Waits until every client has found the server gone.
    pub fn end(self) -> Written {
        Written(self.clients.into_iter().flat_map(|client| client.join().expect("a client")).collect())
    }
}

/// Creates posts on one connection.
fn write(address: SocketAddr, count: &AtomicUsize) -> Vec<Write> {
    let mut raw = Raw::connect(address);
    let request = format!("POST /benchmarking/post_create HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut written = Vec::new();
    while raw.try_send(&request).is_ok()
        && let Ok(answer) = raw.try_answer()
    {
        assert_eq!(answer.status, 200, "{}", answer.text());
        written.push(Write { session: answer.session_id(), acknowledged: Instant::now() });
        count.fetch_add(1, Ordering::SeqCst);
        if answer.closes() {
            break;
        }
    }
    written
}

impl Written {
    /// Panics unless the database has all of them.
    pub fn assert_all_in(&self, database: &Connection) {
        let kept = sessions(database);
        let lost: Vec<_> = self.0.iter().filter(|write| !kept.contains(&write.session)).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {} of {}, {lost:?}", lost.len(), self.0.len());
    }

    /// Panics when a lost write is older than a kept one, or was acknowledged before `safe`. Returns the time from the
    /// first lost write to `end`.
    pub fn assert_lost_only_after(&self, safe: Instant, end: Instant, database: &Connection) -> Duration {
        let kept = sessions(database);
        let newest = kept.last().copied().unwrap_or_default();
        let missing: Vec<_> = self.0.iter().filter(|write| !kept.contains(&write.session)).collect();
        let holes: Vec<_> = missing.iter().filter(|write| write.session < newest).collect();
        assert!(holes.is_empty(), "lost before the newest kept session, {newest}: {holes:?}");
        let oldest = missing.iter().map(|write| write.acknowledged).min().unwrap_or(end);
        let total = self.0.len();
        assert!(
            oldest >= safe,
            "{} of {total} are lost, from {:?} too early on",
            missing.len(),
            safe - oldest
        );
        end.saturating_duration_since(oldest)
    }
}

fn sessions(database: &Connection) -> BTreeSet<i64> {
    ids(database, "SELECT id FROM sessions ORDER BY id").into_iter().collect()
}
