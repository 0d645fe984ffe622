//! A response that goes on for as long as its client listens, such as server-sent events.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::delivery::{Disconnected, deliver};
use crate::shared::Shared;
use crate::slot::{Slot, Wait};
use crate::socket::receive_now;

/// The reads of one look for the client's end: one that sends without a pause does not keep the thread.
const MAX_DROPPED_READS: usize = 16;

/// The socket that [`rouille::Upgrade::build`] gets. It is open from the head of the response on.
///
/// Each write is sent at once and whole, or fails: with the limits of a response, when the connection was closed for another
/// one, or when the server stops. A read never waits: `Ok(0)` when the stream has to end, since the client has left, the
/// connection was closed for another one or the server stops; else [`ErrorKind::WouldBlock`]. What the client sends is
/// dropped.
pub(crate) struct StreamSocket {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    /// The bytes of the stream so far.
    written: Arc<AtomicU64>,
}

impl StreamSocket {
    /// The socket of a connection that sends no more response, and the count of the bytes that the stream takes.
    pub(crate) fn open(shared: &Arc<Shared>, slot: &Arc<Slot>) -> (StreamSocket, Arc<AtomicU64>) {
        shared.registry.begin_wait(slot, Wait::Stream);
        let written = Arc::new(AtomicU64::new(0));
        let (shared, slot, counted) = (Arc::clone(shared), Arc::clone(slot), Arc::clone(&written));
        (StreamSocket { shared, slot, written: counted }, written)
    }

    fn has_to_end(&self) -> bool {
        self.shared.is_stopping() || self.slot.is_evicted()
    }
}

impl Read for StreamSocket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.has_to_end() || buffer.is_empty() {
            return Ok(0);
        }
        for _ in 0..MAX_DROPPED_READS {
            match receive_now(&self.slot.stream, buffer) {
                Ok(0) => return Ok(0),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Ok(0),
            }
        }
        Err(ErrorKind::WouldBlock.into())
    }
}

impl Write for StreamSocket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_to_end() || !self.shared.registry.set_busy(&self.slot) {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        deliver(&self.shared, &self.slot, bytes, bytes.len()).map_err(|error| match error {
            Disconnected::Io(error) => error,
            other => io::Error::new(ErrorKind::ConnectionAborted, other),
        })?;
        self.shared.registry.begin_wait(&self.slot, Wait::Stream);
        self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
