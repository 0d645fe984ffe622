//! Answers connections beyond the limit with 503, without holding up the accept loop.

use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::socket::{receive_now, send_now};

/// Connections that have their 503 and wait for the thread that closes them. Beyond it a connection is closed at
/// once, which can destroy its answer on the way.
const MAX_QUEUED: usize = 16;
/// Connections that the thread leaves time to read their 503. Beyond it the oldest is closed.
const MAX_LINGERING: usize = 32;
/// Time for the client to read its 503 and to close. Beyond it the connection is closed.
const LINGER_TIMEOUT: Duration = Duration::from_millis(500);
/// The interval at which the thread discards what has arrived.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Reads of [`DISCARD_BUFFER_BYTES`] for each connection and look. Beyond it the connection is closed.
const MAX_READS: usize = 16;
const DISCARD_BUFFER_BYTES: usize = 4096;

const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 49\r\n\
    Retry-After: 2\r\n\
    Connection: close\r\n\
    \r\n\
    All connections are in use. Try again in a moment";

/// Answers 503 and ends the server's side, as far as the system takes the answer at once: that of a new connection
/// it takes. Then discards what the client has sent, since a close with unread bytes is a reset, which could destroy
/// the answer on its way (RFC 9112 §9.6).
pub(crate) fn answer(connection: &TcpStream) {
    if send_now(connection, ANSWER).is_ok() {
        let _ = connection.shutdown(Shutdown::Write);
        is_open(connection);
    }
}

/// Discards what has arrived. Returns `false` if the client has closed, or sends without a pause.
fn is_open(connection: &TcpStream) -> bool {
    let mut discarded = [0; DISCARD_BUFFER_BYTES];
    for _ in 0..MAX_READS {
        match receive_now(connection, &mut discarded) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
    false
}

/// A thread that closes answered connections when their clients have had time to read.
pub(crate) struct OverloadResponder {
    /// `None`: the thread could not be started, and every connection is closed at once.
    queue: Option<SyncSender<TcpStream>>,
}

impl OverloadResponder {
    pub(crate) fn start() -> OverloadResponder {
        let (sender, answered) = sync_channel::<TcpStream>(MAX_QUEUED);
        let spawned = thread::Builder::new().name("overload".into()).spawn(move || linger(&answered));
        if let Err(error) = &spawned {
            log::error!("no thread for the overload responder: {error}");
        }
        OverloadResponder { queue: spawned.is_ok().then_some(sender) }
    }

    /// Answers the connection and leaves its close to the thread; returns at once.
    pub(crate) fn reject(&self, connection: TcpStream) {
        answer(&connection);
        if let Some(queue) = &self.queue {
            let _ = queue.try_send(connection);
        }
    }
}

fn linger(answered: &Receiver<TcpStream>) {
    let mut lingering: Vec<(TcpStream, Instant)> = Vec::new();
    loop {
        let next = if lingering.is_empty() {
            answered.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            answered.recv_timeout(POLL_INTERVAL)
        };
        match next {
            Ok(connection) => {
                if lingering.len() >= MAX_LINGERING {
                    lingering.remove(0);
                }
                lingering.push((connection, Instant::now() + LINGER_TIMEOUT));
            }
            Err(RecvTimeoutError::Timeout) => {
                let now = Instant::now();
                lingering.retain(|(connection, deadline)| now < *deadline && is_open(connection));
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_length_that_it_announces() {
        let text = std::str::from_utf8(ANSWER).expect("it is ASCII");
        let (head, body) = text.split_once("\r\n\r\n").expect("there is a body");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
    }
}
