//! Writing to a client at the pace at which it reads, within limits.

use std::io::{self, ErrorKind, Write};
use std::time::Instant;

use thiserror::Error;

use crate::limits::{PROGRESS_BYTES, RESPONSE_TIMEOUT, WRITE_TIMEOUT};
use crate::shared::Shared;
use crate::slot::{Slot, Wait};
use crate::socket::{limit_unsent, reset_on_close, send_now};

/// Bytes that the system may keep unsent for a client that reads slowly: it wakes the thread when half of them are
/// sent, each time the client has made progress.
const MAX_UNSENT_BYTES: u32 = 2 * PROGRESS_BYTES as u32;

/// The connection can no longer be read from or written to.
#[derive(Debug, Error)]
pub(crate) enum Disconnected {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("closed for another connection while it sent a body")]
    EvictedSender,
    #[error("closed for another connection before its request was read")]
    EvictedNewcomer,
    #[error("closed for another connection while it read a response")]
    EvictedReader,
    #[error("the client took too long to read the response")]
    ResponseTimeout,
}

/// Writes all bytes. While the client is waited for, `held` bytes are kept in memory, and the connection may
/// be closed for another one.
pub(crate) fn deliver(shared: &Shared, slot: &Slot, bytes: &[u8], held: usize) -> Result<(), Disconnected> {
    let taken = send_now(&slot.stream, bytes)?;
    if taken == bytes.len() {
        return Ok(());
    }
    let registry = &shared.registry;
    registry.begin_wait(slot, Wait::Reader);
    registry.hold(slot, held);
    let written = write_slowly(shared, slot, &bytes[taken..]);
    let is_kept = registry.set_busy(slot);
    if written.is_err() || !is_kept {
        reset_on_close(&slot.stream);
    }
    if is_kept { written } else { Err(Disconnected::EvictedReader) }
}

/// Writes at the pace of a client that reads, see [`WRITE_TIMEOUT`] and [`RESPONSE_TIMEOUT`].
fn write_slowly(shared: &Shared, slot: &Slot, mut rest: &[u8]) -> Result<(), Disconnected> {
    let mut stream = &slot.stream;
    limit_unsent(stream, MAX_UNSENT_BYTES);
    let began = Instant::now();
    let (mut last_taken_at, mut progress) = (began, 0);
    while !rest.is_empty() {
        // It returns after [`PROGRESS_INTERVAL`](crate::limits::PROGRESS_INTERVAL) with the number of bytes that were taken
        // until then.
        match stream.write(rest) {
            Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
            Ok(taken) => {
                rest = &rest[taken..];
                last_taken_at = Instant::now();
                progress += taken;
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock | ErrorKind::TimedOut if last_taken_at.elapsed() < WRITE_TIMEOUT => {}
                _ => return Err(error.into()),
            },
        }
        if progress >= PROGRESS_BYTES {
            shared.registry.set_progress(slot, Wait::Reader);
            progress = 0;
        }
        if !rest.is_empty() && began.elapsed() >= RESPONSE_TIMEOUT {
            return Err(Disconnected::ResponseTimeout);
        }
    }
    Ok(())
}
