//! Answers connections beyond the limit with 503, without holding up the accept loop.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Connections that wait for their 503. Beyond it a connection is closed without an answer.
const MAX_QUEUED: usize = 64;
/// Time for writing the answer. Beyond it the connection is closed.
const WRITE_TIMEOUT: Duration = Duration::from_millis(100);
/// Time for each read of what the client has sent. Beyond it the connection is closed.
const READ_TIMEOUT: Duration = Duration::from_millis(50);
/// Reads of [`DISCARD_BUFFER_BYTES`] for each connection. Beyond it the connection is closed.
const MAX_READS: usize = 16;
const DISCARD_BUFFER_BYTES: usize = 4096;

const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 49\r\n\
    Retry-After: 2\r\n\
    Connection: close\r\n\
    \r\n\
    All connections are in use. Try again in a moment";

/// A thread that answers 503 and closes, one connection after the other.
pub(crate) struct OverloadResponder {
    /// `None`: the thread could not be started, and every connection is closed without an answer.
    queue: Option<SyncSender<TcpStream>>,
}

impl OverloadResponder {
    pub(crate) fn start() -> OverloadResponder {
        let (sender, connections) = sync_channel::<TcpStream>(MAX_QUEUED);
        let spawned = thread::Builder::new().name("overload".into()).spawn(move || {
            for connection in connections {
                let _ = respond(connection);
            }
        });
        if let Err(error) = &spawned {
            log::error!("no thread for the overload responder: {error}");
        }
        OverloadResponder { queue: spawned.is_ok().then_some(sender) }
    }

    /// Queues the connection for its answer; returns at once.
    pub(crate) fn reject(&self, connection: TcpStream) {
        if let Some(queue) = &self.queue {
            let _ = queue.try_send(connection);
        }
    }
}

/// Answers, then reads the request as far as it has come: a close with unread bytes is a reset, which could
/// destroy the answer on its way (RFC 9112 §9.6).
fn respond(mut connection: TcpStream) -> io::Result<()> {
    connection.set_write_timeout(Some(WRITE_TIMEOUT))?;
    connection.set_read_timeout(Some(READ_TIMEOUT))?;
    connection.write_all(ANSWER)?;
    connection.shutdown(Shutdown::Write)?;
    let mut discarded = [0; DISCARD_BUFFER_BYTES];
    for _ in 0..MAX_READS {
        if connection.read(&mut discarded)? == 0 {
            break;
        }
    }
    Ok(())
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
